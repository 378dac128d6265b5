#include "dialect/openai_chat_facts.h"

#include <array>
#include <string>
#include <string_view>

#include "dialect/openai_facts.h"
#include "dialect/signature.h"

namespace penstock::dialect {

namespace {

/// Fields whose second appearance would make us and the provider see different requests.
constexpr std::array<std::string_view, 15> kDeciding{"model",
                                                     "stream",
                                                     "messages",
                                                     "tools",
                                                     "functions",
                                                     "tool_choice",
                                                     "max_tokens",
                                                     "max_completion_tokens",
                                                     "n",
                                                     "stream_options",
                                                     "response_format",
                                                     "reasoning",
                                                     "reasoning_effort",
                                                     "prompt_cache_key",
                                                     "user"};

/// One walk over one request.
class Inspection {
 public:
  Result<llm::Facts> run(const json::Document& document) {
    const auto root = document.root();
    if (!root.is_object()) return fail(client_error(ErrorKind::invalid_request, "the request body must be a JSON object"));
    facts_.body_bytes = document.text().size();
    for (const auto& [key, value] : root.members()) {
      const auto name = key.text(key_);
      TRY_STATUS(deciding_.see(name, key));
      if (!value.is_null()) TRY_STATUS(top(name, value));
    }
    if (facts_.model.empty()) return fail(field_fault("model", "field required"));
    if (facts_.messages == 0) return fail(field_fault("messages", "field required"));
    facts_.session = session_name(session_.empty() ? user_ : session_);
    if (max_completion_tokens_) facts_.max_tokens = max_completion_tokens_;
    return std::move(facts_);
  }

 private:
  Status top(std::string_view name, json::Value value) {
    if (name == "model") return read_model_name(value, facts_);
    if (name == "messages") return messages(value);
    if (name == "stream") return read_stream_flag(value, facts_);
    if (name == "max_tokens") return read_token_limit(name, value, facts_.max_tokens);
    if (name == "max_completion_tokens") return read_token_limit(name, value, max_completion_tokens_);
    if (name == "tools" || name == "functions") tools(value);
    if (name == "web_search_options") facts_.web_search = true;
    if (name == "reasoning_effort") note_effort(value.text(), facts_);
    if (name == "reasoning") reasoning(value);
    if (name == "prompt_cache_key") session_ = value.text();
    if (name == "user") user_ = value.text();
    return {};
  }

  Status messages(json::Value list) {
    if (!list.is_array()) return fail(field_fault("messages", "expected an array"));
    if (list.is_empty()) return fail(field_fault("messages", "at least one message is required"));
    for (const auto& message : list.elements()) {
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
    for (const auto& [key, inner] : value.members()) {
      const auto name = key.text(key_);
      if (name == "role") {
        if (!inner.is_string()) return ".role: expected a string";
        has_role = true;
        role(inner);
      }
      if (name == "content" && !inner.is_null() && !inner.is_string() && !inner.is_array())
        return ".content: expected a string or a list of parts";
      if (name == "content") parts(inner);
      if (name == "cache_control") facts_.cache_control = true;
      if (name == "reasoning_content" || name == "reasoning") facts_.thinking_blocks += inner.is_string() && !inner.raw_text().empty();
      if (name == "reasoning_details") sealed(inner);
    }
    if (!leading_ && facts_.first_turn.empty()) facts_.first_turn = {value.begin(), value.end()};
    return has_role ? "" : ".role: field required";
  }

  void role(json::Value word) {
    const bool system = word.equals("system") || word.equals("developer");
    facts_.system_turns += system && !leading_;
    leading_ = leading_ && system;
  }

  void parts(json::Value list) {
    for (const auto& part : list.elements())
      for (const auto& [key, inner] : part.members()) {
        const auto name = key.text(part_key_);
        if (name == "cache_control") facts_.cache_control = true;
        if (name != "type") continue;
        facts_.images += inner.equals("image_url");
        facts_.documents += inner.equals("file");
      }
  }

  void sealed(json::Value list) {
    for (const auto& entry : list.elements())
      for (const auto* name : {"signature", "data"}) {
        const auto seal = entry.find(name);
        facts_.tagged_blocks += seal && seal->is_string() && seal->raw_text().starts_with(kTagPrefix);
      }
  }

  void tools(json::Value list) {
    for (const auto& tool : list.elements()) {
      ++facts_.tools;
      facts_.cache_control |= tool.find("cache_control").has_value();
      const auto type = tool.find("type");
      if (!type || !type->is_string() || type->equals("function") || type->equals("custom")) continue;
      ++facts_.server_tools;
      facts_.web_search |= type->raw_text().starts_with("web_search");
    }
  }

  void reasoning(json::Value value) {
    if (const auto word = value.find("effort"); word && word->is_string()) return note_effort(word->text(), facts_);
    const auto budget = value.find("max_tokens");
    if (const auto number = budget ? budget->integer().value_or(0) : 0; number > 0) {
      facts_.thinking = llm::Thinking::enabled;
      facts_.thinking_budget = static_cast<std::uint64_t>(number);
    } else if (const auto enabled = value.find("enabled"); enabled && enabled->boolean()) {
      facts_.thinking = *enabled->boolean() ? llm::Thinking::adaptive : llm::Thinking::disabled;
    }
  }

  llm::Facts facts_;
  DecidingFields deciding_{kDeciding};
  bool leading_ = true;
  std::optional<std::uint64_t> max_completion_tokens_;
  std::string key_, part_key_, session_, user_;
};

}  // namespace

Result<llm::Facts> inspect_openai_chat(const json::Document& document) { return Inspection().run(document); }

}  // namespace penstock::dialect
