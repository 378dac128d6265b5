#include "dialect/anthropic_request.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "dialect/claude_code_marks.h"
#include "dialect/signature.h"
#include "dialect/web_search.h"

namespace penstock::dialect {

namespace {

/// Fields whose second appearance would make us and the provider see different requests.
constexpr std::array<std::string_view, 11> kDeciding{"model",         "stream",      "messages",          "system",
                                                     "tools",         "tool_choice", "max_tokens",        "thinking",
                                                     "output_config", "metadata",    "context_management"};
constexpr std::size_t kMaxSession = 128;
/// The prompt of a subagent stands in one of them.
constexpr std::uint32_t kFirstTurns = 2;

Error fault(std::string_view path, std::string_view what) {
  return client_error(ErrorKind::invalid_request, std::string(path) + ": " + std::string(what));
}

llm::Thinking thinking_of(std::string_view type) {
  if (type == "disabled") return llm::Thinking::disabled;
  if (type == "enabled") return llm::Thinking::enabled;
  if (type == "adaptive") return llm::Thinking::adaptive;
  if (type == "between_tools") return llm::Thinking::between_tools;
  return llm::Thinking::other;
}

/// One walk over one request.
class Inspection {
 public:
  explicit Inspection(Endpoint endpoint) : endpoint_(endpoint) {}

  Result<llm::Facts> run(const json::Document& document) {
    const auto root = document.root();
    if (!root.is_object()) return fail(client_error(ErrorKind::invalid_request, "the request body must be a JSON object"));
    body_ = document.text();
    facts_.body_bytes = body_.size();
    for (const auto& [key, value] : root.members()) {
      if (!key.has_valid_escapes())  // a provider may read it otherwise than we do
        return fail(client_error(ErrorKind::invalid_request,
                                 "the key at byte " + std::to_string(key.begin()) + " has an escape that JSON does not have"));
      const auto name = key.text(key_);
      TRY_STATUS(once(name, key));
      TRY_STATUS(top(name, value));
    }
    if (!has("model")) return fail(fault("model", "field required"));
    if (!has("messages") && endpoint_ == Endpoint::messages) return fail(fault("messages", "field required"));
    return std::move(facts_);
  }

 private:
  [[nodiscard]] static unsigned bit(std::string_view name) {
    return 1U << static_cast<unsigned>(std::ranges::find(kDeciding, name) - kDeciding.begin());
  }
  [[nodiscard]] bool has(std::string_view name) const { return (seen_ & bit(name)) != 0; }

  Status once(std::string_view name, json::Value key) {
    const auto which = bit(name);
    if (which == 1U << kDeciding.size()) return {};
    if ((seen_ & which) != 0) return fail(fault(name, "stands in the body twice, the second time at byte " + std::to_string(key.begin())));
    seen_ |= which;
    return {};
  }

  Status top(std::string_view name, json::Value value) {
    if (name == "model") return model(value);
    if (name == "messages") return messages(value);
    if (name == "stream") return stream(value);
    if (name == "max_tokens") return max_tokens(value);
    if (name == "system") system(value);
    if (name == "tools") tools(value);
    if (name == "thinking") thinking(value);
    if (name == "output_config") output_config(value);
    if (name == "metadata") metadata(value);
    if (name == "cache_control") facts_.cache_control = true;
    return {};
  }

  Status model(json::Value value) {
    if (!value.is_string() || value.raw_text().empty()) return fail(fault("model", "expected the name of a model"));
    if (value.raw_text().size() > kMaxModelName * 6) return fail(fault("model", "the name is too long"));
    facts_.model = value.text();
    if (facts_.model.size() > kMaxModelName) return fail(fault("model", "the name is too long"));
    return {};
  }

  Status stream(json::Value value) {
    const auto wanted = value.boolean();
    if (!wanted) return fail(fault("stream", "expected true or false"));
    facts_.stream = *wanted;
    return {};
  }

  Status max_tokens(json::Value value) {
    const auto limit = value.integer();
    if (!limit || *limit < 0) return fail(fault("max_tokens", "expected an integer of 0 or more"));
    facts_.max_tokens = static_cast<std::uint64_t>(*limit);
    return {};
  }

  void system(json::Value value) {
    place_ = Place::system;
    if (value.is_string()) text(value.raw_text());
    blocks(value);
    place_ = Place::elsewhere;
  }

  Status messages(json::Value value) {
    if (!value.is_array()) return fail(fault("messages", "expected an array"));
    if (value.is_empty()) return fail(fault("messages", "at least one message is required"));
    for (const auto& message : value.elements()) {
      if (facts_.messages == 0) facts_.first_turn = {message.begin(), message.end()};
      if (const auto problem = this->message(message); !problem.empty())
        return fail(client_error(ErrorKind::invalid_request, "messages." + std::to_string(facts_.messages) + std::string(problem)));
      ++facts_.messages;
    }
    return {};
  }

  /// What is wrong with a message, behind its path; or "".
  std::string_view message(json::Value value) {
    if (!value.is_object()) return ": expected an object";
    bool has_role = false;
    place_ = Place::user_turn;  // unless the role, which clients write first, says otherwise
    for (const auto& [key, inner] : value.members()) {
      const auto name = key.text(key_);
      if (name == "role") {
        if (!inner.is_string()) return ".role: expected a string";
        role(inner);
        has_role = true;
      } else if (name == "content") {
        if (!inner.is_string() && !inner.is_array()) return ".content: expected a string or an array of content blocks";
        if (inner.is_string()) text(inner.raw_text());
        if (!blocks(inner)) return ".content: a content block must be an object";
      }
    }
    place_ = Place::elsewhere;
    return has_role ? "" : ".role: field required";
  }

  void role(json::Value word) {
    if (word.equals("assistant")) place_ = Place::elsewhere;
    if (!word.equals("system")) return;
    ++facts_.system_turns;
    place_ = Place::system_turn;
  }

  /// A text that is not the model's: it may hold more than words.
  void text(std::string_view written) {
    if (place_ == Place::elsewhere) return;
    const bool reminder = place_ == Place::user_turn && is_reminder(written);
    if (place_ == Place::system) facts_.subagent |= names_subagent(written);
    if (place_ == Place::system_turn || reminder) facts_.plan_mode = find_plan_mode(written).value_or(facts_.plan_mode);
    // A reminder may quote a user's notes on how to write the tag.
    if (place_ == Place::system || (place_ == Place::user_turn && !reminder && facts_.messages < kFirstTurns)) tag(written);
  }

  /// The system prompt's counts before a turn's.
  void tag(std::string_view written) {
    if (!facts_.subagent_tag.empty() && (!facts_.tag_in_turn || place_ != Place::system)) return;
    const auto found = find_subagent_tag(written);
    if (!found) return;
    const auto at = static_cast<std::size_t>(written.data() - body_.data());
    facts_.subagent_tag = {at + found->begin, at + found->end};
    facts_.subagent_model = found->model;
    facts_.tag_in_turn = place_ != Place::system;
  }

  /// False when one of the blocks is no object.
  bool blocks(json::Value list) {
    for (const auto& block : list.elements())
      if (!this->block(block)) return false;
    return true;
  }

  bool block(json::Value value) {
    if (!value.is_object()) return false;
    std::string_view type, signature, words;
    json::Value content;
    bool has_content = false;
    for (const auto& [key, inner] : value.members()) {
      const auto name = key.text(key_);
      if (name == "type") type = inner.text(type_);
      if (name == "signature" || name == "data") signature = inner.is_string() ? inner.raw_text() : "";
      if (name == "encrypted_content" && inner.is_string()) facts_.tagged_blocks += inner.raw_text().starts_with(kOwnSearchText);
      if (name == "cache_control") facts_.cache_control = true;
      if (name == "text" && inner.is_string()) words = inner.raw_text();
      if (name == "content" && inner.is_array()) {
        content = inner;
        has_content = true;
      }
    }
    count(type, signature);
    if (type == "text") text(words);
    if (has_content) result(content);
    return true;
  }

  /// A tool's words are neither the user's nor Claude Code's.
  void result(json::Value content) {
    const auto place = std::exchange(place_, Place::elsewhere);
    blocks(content);
    place_ = place;
  }

  void count(std::string_view type, std::string_view signature) {
    facts_.images += type == "image";
    facts_.documents += type == "document";
    if (type != "thinking" && type != "redacted_thinking") return;
    ++facts_.thinking_blocks;
    facts_.tagged_blocks += signature.starts_with(kTagPrefix);
  }

  void tools(json::Value list) {
    for (const auto& tool : list.elements()) {
      ++facts_.tools;
      for (const auto& [key, value] : tool.members()) {
        const auto name = key.text(key_);
        if (name == "cache_control") facts_.cache_control = true;
        if (name != "type" || !value.is_string() || value.equals("custom")) continue;
        ++facts_.server_tools;
        facts_.web_search |= value.raw_text().starts_with("web_search");
      }
    }
  }

  void thinking(json::Value value) {
    if (const auto type = value.find("type")) facts_.thinking = thinking_of(type->text(type_));
    const auto budget = value.find("budget_tokens");
    facts_.thinking_budget = static_cast<std::uint64_t>(std::max<std::int64_t>(0, budget ? budget->integer().value_or(0) : 0));
  }

  void output_config(json::Value value) {
    if (const auto effort = value.find("effort")) facts_.effort = effort->text(type_);
  }

  void metadata(json::Value value) {
    if (const auto user = value.find("user_id")) facts_.session = session_of(user->text(type_));
  }

  enum class Place : std::uint8_t { system, user_turn, system_turn, elsewhere };

  Endpoint endpoint_;
  llm::Facts facts_;
  std::string_view body_;
  Place place_ = Place::elsewhere;  // of the text that is looked at
  unsigned seen_ = 0;               // a bit for each of kDeciding
  std::string key_, type_;
};

/// The longest beginning of `text` that can be an id.
std::string_view leading_id(std::string_view text) {
  constexpr std::string_view kFit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  return text.substr(0, std::min(text.find_first_not_of(kFit), text.size()));
}

}  // namespace

std::string session_of(std::string_view user_id) {
  constexpr std::string_view kKey = "\"session_id\"", kOldKey = "_session_";
  if (const auto at = user_id.find(kKey); at != std::string_view::npos) {
    user_id.remove_prefix(at + kKey.size());
    const auto opening = user_id.find('"');
    if (opening == std::string_view::npos || trim(user_id.substr(0, opening)) != ":") return {};
    user_id.remove_prefix(opening + 1);
    const auto id = leading_id(user_id);
    return user_id.substr(id.size()).starts_with('"') && id.size() <= kMaxSession ? std::string(id) : std::string();
  }
  const auto at = user_id.rfind(kOldKey);
  if (at == std::string_view::npos) return {};
  const auto rest = user_id.substr(at + kOldKey.size());
  const auto id = leading_id(rest);
  return id.size() == rest.size() && id.size() <= kMaxSession ? std::string(id) : std::string();
}

Result<llm::Facts> inspect(const json::Document& document, Endpoint endpoint) { return Inspection(endpoint).run(document); }

}  // namespace penstock::dialect
