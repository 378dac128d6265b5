// The two parsers of source.h; both end in yaml-cpp, because YAML's flow style is JSON with a few liberties.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <map>
#include <sstream>

#include "base/text.h"
#include "importing/source.h"

namespace penstock::importing {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxValues = 200'000;  // aliases of aliases grow without end
constexpr const char* kTooLarge = "the file is nested too deeply, or its aliases make it too large";

Value null_value() {
  Value value;
  value.kind = Value::Kind::null;
  return value;
}

std::size_t count_values(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items) count += count_values(item);
  return count;
}

std::size_t depth_of(const Value& value) {
  std::size_t depth = 0;
  for (const Value& item : value.items) depth = std::max(depth, depth_of(item));
  return depth + 1;
}

/// Builds the tree from the parser's events. What is too large is dropped and remembered as a fault.
class Builder : public YAML::EventHandler {
 public:
  Value root = null_value();
  std::string fault;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { add(null_value(), anchor); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    const Value& copy = anchors_[anchor];
    count_ += count_values(copy);
    if (open_.size() + depth_of(copy) > kMaxDepth) fault = kTooLarge;
    add(fault.empty() ? copy : null_value(), 0);
  }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, const std::string& text) override {
    Value value;
    value.kind = Value::Kind::scalar;
    value.text = text;
    add(std::move(value), anchor);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Value::Kind::list, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Value::Kind::map, anchor);
  }
  void OnMapEnd() override {
    merge_keys(open_.back().value);
    close();
  }

 private:
  struct Open {
    Value value;
    YAML::anchor_t anchor;
    bool has_key = false;  // of a map: a key waits for its value
    std::string key;
  };

  void open(Value::Kind kind, YAML::anchor_t anchor) {
    Open one{{}, anchor};
    one.value.kind = kind;
    open_.push_back(std::move(one));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.value), done.anchor);
  }

  void add(Value value, YAML::anchor_t anchor) {
    if (++count_ > kMaxValues || open_.size() > kMaxDepth) fault = kTooLarge;
    if (!fault.empty()) value = null_value();
    if (anchor != 0) anchors_[anchor] = value;
    if (open_.empty()) {
      root = std::move(value);
    } else if (open_.back().value.is_list()) {
      open_.back().value.items.push_back(std::move(value));
    } else {
      add_to_map(open_.back(), std::move(value));
    }
  }

  /// Of a key that is given twice the later value counts, as in every tool that is imported.
  static void add_to_map(Open& map, Value value) {
    if (!map.has_key) {
      map.has_key = true;
      map.key = value.text;
      return;
    }
    map.has_key = false;
    if (Value& earlier = map.value[map.key]; earlier.kind != Value::Kind::absent) {
      earlier = std::move(value);
      return;
    }
    map.value.keys.push_back(std::move(map.key));
    map.value.items.push_back(std::move(value));
  }

  /// YAML's `<<: *base`: keys that the map itself has stay.
  static void merge_keys(Value& map) {
    const auto at = std::ranges::find(map.keys, "<<");
    if (at == map.keys.end()) return;
    const auto index = at - map.keys.begin();
    Value base = std::move(map.items[static_cast<std::size_t>(index)]);
    map.keys.erase(at);
    map.items.erase(map.items.begin() + index);
    for (Value* one : base.elements())
      for (std::size_t i = 0; i < one->keys.size(); ++i)
        if (map[one->keys[i]].kind == Value::Kind::absent) {
          map.keys.push_back(one->keys[i]);
          map.items.push_back(one->items[i]);
        }
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::size_t count_ = 0;
};

/// Turns JSON5, token by token, into the JSON that YAML's flow style also accepts.
class Json5 {
 public:
  Json5(std::string_view text, Comments comments) : text_(text), comments_(comments) {}

  std::string rewrite() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool begins(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  void step() {
    const char c = text_[at_];
    if (comments_ == Comments::slashes ? begins("//") : c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (comments_ == Comments::slashes && begins("/*")) {
      const auto end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
      out_ += ' ';
    } else if (c == '"' || c == '\'') {
      rewrite_string(c);
    } else if (c == ':') {  // YAML wants the colon right behind the key, and a space behind the colon
      while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\n' || out_.back() == '\t' || out_.back() == '\r')) out_.pop_back();
      out_ += ": ";
      ++at_;
    } else {
      out_ += c == '\t' ? ' ' : c;
      ++at_;
    }
  }

  void rewrite_string(char quote) {
    out_ += '"';
    for (++at_; at_ < text_.size() && text_[at_] != quote;) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        rewrite_escape();
      } else {
        add_char(text_[at_++]);
      }
    }
    ++at_;
    out_ += '"';
  }

  void rewrite_escape() {
    constexpr std::string_view kNamed = "bfnrtv0", kMeanings("\b\f\n\r\t\v\0", 7);
    const char c = text_[at_++];
    if (const auto index = kNamed.find(c); index != std::string_view::npos) {
      add_char(kMeanings[index]);
    } else if (c == 'u') {
      add_code_point();
    } else if (c != '\n') {  // a backslash at a line's end joins the lines
      add_char(c);
    }
  }

  unsigned hex4() {
    unsigned value = 0;
    for (int i = 0; i < 4 && at_ < text_.size(); ++i, ++at_) {
      const char c = lower(text_[at_]);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) break;
      value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
  }

  void add_code_point() {
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xdc00 && begins("\\u")) {
      at_ += 2;
      const unsigned low = hex4();
      code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) return add_char(static_cast<char>(code));
    const auto tail = [&](unsigned shift) { out_ += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x800) {
      out_ += static_cast<char>(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
      out_ += static_cast<char>(0xe0 | (code >> 12));
      tail(6);
    } else {
      out_ += static_cast<char>(0xf0 | (code >> 18));
      tail(12);
      tail(6);
    }
    tail(0);
  }

  void add_char(char c) {
    if (c == '"' || c == '\\' || (static_cast<unsigned char>(c) < 0x20)) {
      out_ += json_escape(std::string_view(&c, 1));
    } else {
      out_ += c;
    }
  }

  std::string_view text_;
  Comments comments_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  TRY_STATUS(check_text(text));
  Builder builder;
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& fault) {
    const auto line = fault.mark.is_null() ? std::string() : "line " + std::to_string(fault.mark.line + 1) + ": ";
    return fail(config_error(line + "not valid: " + valid_utf8(fault.msg)));
  } catch (const std::exception& fault) {
    return fail(config_error(std::string("cannot be parsed: ") + fault.what()));
  }
  if (!builder.fault.empty()) return fail(config_error(builder.fault));
  name_paths(builder.root);
  return std::move(builder.root);
}

Result<Value> parse_json5(std::string_view text, Comments comments) {
  TRY_STATUS(check_text(text));
  return parse_yaml(Json5(text, comments).rewrite());
}

}  // namespace penstock::importing
