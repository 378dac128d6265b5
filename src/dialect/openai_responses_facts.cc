#include "dialect/openai_responses_facts.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "dialect/openai_facts.h"
#include "dialect/openai_responses_tools.h"
#include "dialect/responses_reasoning.h"

namespace penstock::dialect {

namespace {

/// Fields whose second appearance would make us and the provider see different requests.
constexpr std::array<std::string_view, 19> kDeciding{"model",
                                                     "stream",
                                                     "input",
                                                     "instructions",
                                                     "tools",
                                                     "tool_choice",
                                                     "parallel_tool_calls",
                                                     "max_output_tokens",
                                                     "text",
                                                     "reasoning",
                                                     "store",
                                                     "background",
                                                     "previous_response_id",
                                                     "conversation",
                                                     "prompt",
                                                     "include",
                                                     "prompt_cache_key",
                                                     "safety_identifier",
                                                     "user"};

/// Tools that are functions in another dress, which the client runs.
constexpr auto kClientTools = std::to_array<std::string_view>({"function", "custom", "local_shell", "tool_search"});

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
    if (!has_input_) return fail(field_fault("input", "field required"));
    facts_.session = session_name(session_.empty() ? user_ : session_);
    return std::move(facts_);
  }

 private:
  Status top(std::string_view name, json::Value value) {
    if (name == "model") return read_model_name(value, facts_);
    if (name == "stream") return read_stream_flag(value, facts_);
    if (name == "max_output_tokens") return read_token_limit(name, value, facts_.max_tokens);
    if (name == "input") return input(value);
    if (name == "tools") tools(value);
    if (name == "reasoning") reasoning(value);
    if (name == "prompt_cache_key") session_ = value.text();
    if (name == "user") user_ = value.text();
    has_input_ |= name == "previous_response_id" || name == "conversation" || name == "prompt";
    return {};
  }

  Status input(json::Value value) {
    has_input_ = true;
    if (value.is_string()) {
      facts_.first_turn = {value.begin(), value.end()};
      return facts_.messages = 1, Status{};
    }
    if (!value.is_array()) return fail(field_fault("input", "expected a string or a list of items"));
    for (const auto item : value.elements()) {
      if (!item.is_object()) return fail(field_fault("input." + std::to_string(facts_.messages), "expected an object"));
      this->item(item);
      if (!leading_ && facts_.first_turn.empty()) facts_.first_turn = {item.begin(), item.end()};
      ++facts_.messages;
    }
    return {};
  }

  void item(json::Value item) {
    for (const auto& [key, inner] : item.members()) {
      const auto name = key.text(key_);
      if (name == "role") role(inner);
      if (name == "content" || name == "output") parts(inner);
      if (name == "tools") tools(inner);  // additional_tools, tool_search_output
      if (name == "type") facts_.thinking_blocks += inner.equals("reasoning");
      if (name == "encrypted_content" && inner.is_string()) facts_.tagged_blocks += inner.raw_text().starts_with(kOwnReasoning);
    }
  }

  void role(json::Value word) {
    const bool system = word.equals("system") || word.equals("developer");
    facts_.system_turns += system && !leading_;
    leading_ = leading_ && system;
  }

  void parts(json::Value list) {
    for (const auto part : list.elements()) {
      const auto type = part.find("type");
      if (!type) continue;
      facts_.images += type->equals("input_image") || type->equals("computer_screenshot");
      facts_.documents += type->equals("input_file");
    }
  }

  void tools(json::Value list) {
    for (const auto tool : list.elements()) {
      const auto type = tool.find("type");
      const auto word = type ? type->text() : std::string("function");
      if (const auto inner = tool.find("tools"); inner && word == "namespace") {
        tools(*inner);
        continue;
      }
      ++facts_.tools;
      if (std::ranges::find(kClientTools, word) != kClientTools.end()) continue;
      ++facts_.server_tools;
      facts_.web_search |= is_live_web_search(tool);
    }
  }

  void reasoning(json::Value value) {
    if (const auto word = value.find("effort"); word && word->is_string()) note_effort(word->text(), facts_);
  }

  llm::Facts facts_;
  DecidingFields deciding_{kDeciding};
  bool leading_ = true, has_input_ = false;
  std::string key_, session_, user_;
};

}  // namespace

Result<llm::Facts> inspect_openai_responses(const json::Document& document) { return Inspection().run(document); }

}  // namespace penstock::dialect
