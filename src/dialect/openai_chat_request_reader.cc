#include "dialect/openai_chat_request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialect/openai_chat_history_reader.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Text;

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }

std::optional<std::uint64_t> count_of(Value value) {
  const auto number = value.integer();
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

bool is_type(Value value, std::string_view name) {
  const auto type = value.find("type");
  return type && type->equals(name);
}

/// Reads one body.
class Reader {
 public:
  Result<llm::Request> read(Value root) {
    request_.stream_usage = false;  // here the client has to ask for it
    for (const auto [key, value] : root.members()) {
      std::string scratch;
      TRY_STATUS(read_field(key.text(scratch), value));
    }
    if (max_completion_tokens_) request_.max_tokens = max_completion_tokens_;
    if (!safety_identifier_.empty()) request_.user = safety_identifier_;
    if (allowed_) keep_allowed(*allowed_);
    return std::move(request_);
  }

 private:
  using Read = Status (Reader::*)(Value);
  struct Field {
    std::string_view name;
    Read read;
  };

  Status read_field(std::string_view name, Value value) {
    static constexpr auto kFields = std::to_array<Field>({
        {"model", &Reader::skip},
        {"messages", &Reader::messages},
        {"tools", &Reader::tools},
        {"functions", &Reader::functions},
        {"tool_choice", &Reader::tool_choice},
        {"function_call", &Reader::function_call},
        {"parallel_tool_calls", &Reader::parallel},
        {"max_tokens", &Reader::max_tokens},
        {"max_completion_tokens", &Reader::max_completion_tokens},
        {"temperature", &Reader::temperature},
        {"top_p", &Reader::top_p},
        {"top_k", &Reader::top_k},
        {"n", &Reader::answers},
        {"stop", &Reader::stop},
        {"stream", &Reader::stream},
        {"stream_options", &Reader::stream_options},
        {"response_format", &Reader::response_format},
        {"reasoning_effort", &Reader::reasoning_effort},
        {"reasoning", &Reader::reasoning},
        {"user", &Reader::user},
        {"safety_identifier", &Reader::safety_identifier},
        {"prompt_cache_key", &Reader::prompt_cache_key},
        {"service_tier", &Reader::service_tier},
    });
    if (value.is_null()) return {};
    for (const auto& field : kFields)
      if (field.name == name) return (this->*field.read)(value);
    drop(name);
    return {};
  }

  void drop(std::string_view name) {
    if (std::ranges::find(request_.dropped, name) == request_.dropped.end()) request_.dropped.emplace_back(name);
  }

  Status skip(Value) { return {}; }
  Status messages(Value list) { return read_openai_chat_history(list, request_); }

  // --- tools

  Status tools(Value list) {
    std::size_t at = 0;
    for (const auto tool : list.elements()) {
      const auto path = fmt::format("tools.{}.function", at++);
      const auto function = tool.find("function");
      const auto type = tool.find("type");
      if (type && type->is_string() && !type->equals("function"))
        drop("tools." + type->text());
      else if (!function || !function->is_object())
        return fail(client_error(ErrorKind::invalid_request, path + ": field required"));
      else
        TRY_STATUS(add_function(*function, path, cache_mark_of(tool)));
    }
    return {};
  }

  /// The older form of `tools`.
  Status functions(Value list) {
    std::size_t at = 0;
    for (const auto function : list.elements()) TRY_STATUS(add_function(function, fmt::format("functions.{}", at++), llm::CacheMark::none));
    return {};
  }

  Status add_function(Value function, const std::string& path, llm::CacheMark cache) {
    llm::Tool tool;
    tool.name = text_of(function.find("name"));
    if (tool.name.empty()) return fail(client_error(ErrorKind::invalid_request, path + ".name: field required"));
    tool.description = text_of(function.find("description"));
    if (const auto schema = function.find("parameters"); schema && schema->is_object()) tool.schema = {schema->raw()};
    if (const auto strict = function.find("strict")) tool.strict = strict->boolean();
    tool.cache = cache;
    tool.raw = {function.raw()};
    request_.tools.push_back(tool);
    return {};
  }

  void choose(std::string_view word) {
    using Kind = llm::ToolChoice::Kind;
    request_.tool_choice.kind = word == "none" ? Kind::none : word == "required" ? Kind::any : Kind::automatic;
  }

  Status tool_choice(Value value) {
    if (value.is_string()) return choose(value.text()), Status{};
    if (is_type(value, "allowed_tools")) return allowed_tools(value), Status{};
    const auto function = value.find(is_type(value, "custom") ? "custom" : "function");
    return name_tool(function.value_or(value)), Status{};
  }

  Status function_call(Value value) {
    value.is_string() ? choose(value.text()) : name_tool(value);
    return {};
  }

  void name_tool(Value holder) {
    request_.tool_choice.name = text_of(holder.find("name"));
    if (!request_.tool_choice.name.empty()) request_.tool_choice.kind = llm::ToolChoice::Kind::named;
  }

  /// A choice among some of the tools; the others are as good as not there.
  void allowed_tools(Value value) {
    const auto inner = value.find("allowed_tools").value_or(value);
    const auto mode = inner.find("mode");
    choose(mode ? mode->text() : "auto");
    allowed_ = inner.find("tools");
  }

  void keep_allowed(Value list) {
    const auto is_allowed = [&](const llm::Tool& tool) {
      for (const auto entry : list.elements()) {
        const auto name = entry.find("function").value_or(entry).find("name");
        if (name && name->is_string() && name->raw_text() == tool.name.written) return true;
      }
      return false;
    };
    std::erase_if(request_.tools, [&](const llm::Tool& tool) { return !is_allowed(tool); });
  }

  Status parallel(Value value) { return request_.tool_choice.parallel = value.boolean(), Status{}; }

  // --- the answer's length and shape

  Status max_tokens(Value value) { return request_.max_tokens = count_of(value), Status{}; }
  Status max_completion_tokens(Value value) { return max_completion_tokens_ = count_of(value), Status{}; }
  Status temperature(Value value) { return request_.temperature = value.number(), Status{}; }
  Status top_p(Value value) { return request_.top_p = value.number(), Status{}; }
  Status top_k(Value value) { return request_.top_k = count_of(value), Status{}; }
  Status stream(Value value) { return request_.stream = value.boolean().value_or(false), Status{}; }

  Status answers(Value value) {
    if (value.integer() == 1) return {};
    return fail(client_error(ErrorKind::invalid_request, "n: only one answer at a time can be given; ask again for more"));
  }

  Status stop(Value value) {
    if (value.is_string()) request_.stop.push_back({value.raw_text()});
    for (const auto word : value.elements())
      if (word.is_string()) request_.stop.push_back({word.raw_text()});
    return {};
  }

  Status stream_options(Value value) {
    if (const auto wanted = value.find("include_usage")) request_.stream_usage = wanted->boolean().value_or(false);
    return {};
  }

  Status response_format(Value value) {
    auto& format = request_.format;
    if (is_type(value, "text")) return {};
    format.kind = llm::AnswerFormat::Kind::json_object;
    const auto given = value.find("json_schema");
    const auto schema = given ? given->find("schema") : std::nullopt;
    if (!is_type(value, "json_schema") || !schema || !schema->is_object()) return {};
    format.kind = llm::AnswerFormat::Kind::json_schema;
    format.schema = {schema->raw()};
    format.name = text_of(given->find("name"));
    if (const auto strict = given->find("strict")) format.strict = strict->boolean();
    return {};
  }

  // --- reasoning

  Status reasoning_effort(Value value) {
    using Mode = llm::Reasoning::Mode;
    request_.reasoning.effort = value.text();
    request_.reasoning.mode = request_.reasoning.effort == "none" ? Mode::off : Mode::adaptive;
    return {};
  }

  /// OpenRouter's form, which many clients send to any such API: {effort | max_tokens | enabled}.
  Status reasoning(Value value) {
    using Mode = llm::Reasoning::Mode;
    auto& reasoning = request_.reasoning;
    if (const auto effort = value.find("effort"); effort && effort->is_string()) return reasoning_effort(*effort);
    const auto budget = value.find("max_tokens");
    if (const auto tokens = budget ? count_of(*budget) : std::nullopt; tokens && *tokens > 0) {
      reasoning.mode = Mode::budget;
      reasoning.budget = *tokens;
    } else if (const auto enabled = value.find("enabled"); enabled && enabled->boolean()) {
      reasoning.mode = *enabled->boolean() ? Mode::adaptive : Mode::off;
    }
    return {};
  }

  // --- who asks

  Status user(Value value) { return request_.user = text_of(value), Status{}; }
  Status safety_identifier(Value value) { return safety_identifier_ = text_of(value), Status{}; }
  Status prompt_cache_key(Value value) { return request_.session = text_of(value), Status{}; }
  Status service_tier(Value value) { return request_.service_tier = text_of(value), Status{}; }

  llm::Request request_;
  std::optional<std::uint64_t> max_completion_tokens_;
  Text safety_identifier_;
  std::optional<Value> allowed_;
};

}  // namespace

Result<llm::Request> read_openai_chat_request(const json::Document& body) {
  TRY_STATUS(body.check_escapes());
  return Reader().read(body.root());
}

}  // namespace penstock::dialect
