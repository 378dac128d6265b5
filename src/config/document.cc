#include "config/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace penstock::config {

namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::string_view kQuoteHint = R"(; put quotes around a value that starts with "*" or "&")";

/// Characters that end an unquoted YAML word inside [ ] or { }, and the control character that stands for each of them inside ${…}
/// while YAML is parsed. Control characters are refused in the file itself, so that the way back is unambiguous.
constexpr std::string_view kSpecial = "{},[]?#";

bool is_stand_in(char c) { return c >= 1 && static_cast<std::size_t>(c) <= kSpecial.size(); }

/// The text with every character of kSpecial inside a one-line ${…} replaced by its stand-in; same length, so positions stay true.
std::string hide_references(std::string_view text) {
  std::string out(text);
  for (auto start = out.find("${"); start != std::string::npos; start = out.find("${", start + 2)) {
    const auto end = out.find_first_of("}\n", start);
    if (end == std::string::npos || out[end] != '}') continue;
    for (auto i = start + 1; i <= end; ++i)
      if (const auto index = kSpecial.find(out[i]); index != std::string_view::npos) out[i] = static_cast<char>(index + 1);
  }
  return out;
}

std::string show_references(std::string text) {
  for (char& c : text)
    if (is_stand_in(c)) c = kSpecial[static_cast<std::size_t>(c) - 1];
  return text;
}

Position position_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return {static_cast<int>(std::ranges::count(before, '\n')) + 1, static_cast<int>(column)};
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

/// What makes the text unfit for YAML before its grammar is looked at.
bool is_plain_text(std::string_view text, Report& report) {
  if (text.size() > kMaxBytes) {
    report.add({}, "the file is larger than 1 MiB");
    return false;
  }
  if (const auto bad = std::ranges::find_if(text, is_control); bad != text.end()) {
    report.add(position_of(text, static_cast<std::size_t>(bad - text.begin())), "a control character; remove it");
    return false;
  }
  const std::string valid = valid_utf8(text);
  if (valid == text) return true;
  const auto bad = std::ranges::mismatch(text, valid).in1;
  report.add(position_of(text, static_cast<std::size_t>(bad - text.begin())), "not UTF-8; save the file as UTF-8");
  return false;
}

Position position_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// Builds the tree from the parser's events. Never throws: a fault is noted, and the tree stays well formed.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Report& report) : report_(report) {}
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    note_anchor(mark, anchor);
    add(leaf(mark, Node::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report_.add(position_of(mark), "aliases (*name) are not supported" + std::string(kQuoteHint));
    add(leaf(mark, Node::Kind::null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    note_anchor(mark, anchor);
    note_tag(mark, tag);
    Node node = leaf(mark, Node::Kind::scalar);
    node.text = show_references(value);
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override {
    drop_duplicates(open_.back());
    close();
  }

 private:
  static Node leaf(const YAML::Mark& mark, Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.at = position_of(mark);
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    note_anchor(mark, anchor);
    note_tag(mark, tag);
    if (open_.size() == kMaxDepth) report_.add(position_of(mark), "nested too deeply");
    open_.push_back(leaf(mark, kind));
  }

  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    // Beyond the depth that any key needs, content is dropped; the fault is noted already.
    if (open_.size() >= kMaxDepth) node = Node{};
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (parent.is_map() && parent.keys.size() == parent.items.size()) {
      if (!node.is_scalar()) report_.add(node.at, "a key must be a word");
      parent.keys.push_back({std::move(node.text), node.at});
    } else {
      parent.items.push_back(std::move(node));
    }
  }

  void drop_duplicates(Node& map) {
    std::map<std::string_view, int> lines;
    Node kept;
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const auto [first, fresh] = lines.emplace(map.keys[i].text, map.keys[i].at.line);
      if (!fresh) {
        report_.add(map.keys[i].at, "key " + json_quote(map.keys[i].text) + " is already given in line " + std::to_string(first->second));
        map.keys[i].at.line = 0;
      }
    }
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      if (map.keys[i].at.line == 0) continue;
      kept.keys.push_back(map.keys[i]);
      kept.items.push_back(std::move(map.items[i]));
    }
    map.keys = std::move(kept.keys);
    map.items = std::move(kept.items);
  }

  void note_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) report_.add(position_of(mark), "anchors (&name) are not supported" + std::string(kQuoteHint));
  }
  void note_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      report_.add(position_of(mark),
                  "tags (" + json_escape(tag) + R"() are not supported; put quotes around a value that starts with "!")");
  }

  Report& report_;
  Node root_;
  std::vector<Node> open_;
};

std::string syntax_message(const YAML::Exception& fault) {
  std::string message = "not valid YAML: " + fault.msg;
  if (fault.msg.starts_with("the referenced anchor is not defined")) message += kQuoteHint;
  return message;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].text == key) return items[i].kind == Kind::null ? nullptr : &items[i];
  return nullptr;
}

bool Node::lacks(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].text == key) return items[i].kind == Kind::null && !items[i].rejected;
  return true;
}

bool Node::has_items(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr) return !lacks(key);
  return node->is_scalar() || !node->items.empty();
}

Position Node::place_of(std::string_view key) const {
  for (const Key& candidate : keys)
    if (candidate.text == key) return candidate.at;
  return at;
}

const Node* Node::scalar(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && node->is_scalar() ? node : nullptr;
}

std::vector<const Node*> Node::list(std::string_view key) const {
  std::vector<const Node*> nodes;
  const Node* node = find(key);
  if (node == nullptr) return nodes;
  if (!node->is_list()) return {node};
  for (const Node& item : node->items)
    if (item.kind != Kind::null) nodes.push_back(&item);
  return nodes;
}

Node read_yaml(std::string_view text, Report& report) {
  if (!is_plain_text(text, report)) return {};
  Builder builder(report);
  std::istringstream stream(hide_references(text));
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    Node root = builder.take();
    Report ignored;
    Builder rest(ignored);
    if (parser.HandleNextDocument(rest)) report.add(rest.take().at, "a second YAML document; one file holds one configuration");
    return root;
  } catch (const YAML::Exception& fault) {
    report.add(fault.mark.is_null() ? Position{} : position_of(fault.mark), syntax_message(fault));
  } catch (const std::exception& fault) {
    report.add({}, std::string("cannot be parsed: ") + fault.what());
  }
  return {};
}

}  // namespace penstock::config
