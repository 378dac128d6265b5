#include "dialect/openai_responses_request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/append.h"
#include "base/text.h"
#include "dialect/openai_responses_history_reader.h"
#include "dialect/openai_responses_tools.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Text;

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }

/// A field that the answer repeats, and what stands there when the request has none.
struct Repeated {
  std::string_view name, otherwise;
};
constexpr auto kRepeated = std::to_array<Repeated>({
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"prompt_cache_key", "null"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"safety_identifier", "null"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"top_p", "null"},
    {"user", "null"},
});

/// Reads one body.
class Reader {
 public:
  explicit Reader(ResponsesEcho& echo) : echo_(echo), tool_reader_(request_, echo.tools) {}

  Result<llm::Request> read(Value root) {
    for (const auto [key, value] : root.members()) {
      std::string scratch;
      TRY_STATUS(read_field(key.text(scratch), value));
    }
    // Whatever their order in the body: calls bear the names of tools, and a choice is made among all of them.
    if (tools_) TRY_STATUS(tool_reader_.read(*tools_, "tools"));
    if (input_) TRY_STATUS(read_openai_responses_item_tools(*input_, tool_reader_));
    if (tool_choice_) tool_reader_.choose(*tool_choice_);
    if (input_) TRY_STATUS(read_openai_responses_history(*input_, echo_.tools, request_));
    if (!safety_identifier_.empty()) request_.user = safety_identifier_;
    repeat(root);
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
        {"input", &Reader::input},
        {"instructions", &Reader::instructions},
        {"tools", &Reader::tools},
        {"tool_choice", &Reader::tool_choice},
        {"parallel_tool_calls", &Reader::parallel},
        {"max_output_tokens", &Reader::max_output_tokens},
        {"temperature", &Reader::temperature},
        {"top_p", &Reader::top_p},
        {"reasoning", &Reader::reasoning},
        {"text", &Reader::text},
        {"stream", &Reader::stream},
        {"stream_options", &Reader::skip},
        {"store", &Reader::skip},    // nothing is kept, whatever it says
        {"include", &Reader::skip},  // what there is of it is always there
        {"metadata", &Reader::skip},
        {"truncation", &Reader::truncation},
        {"background", &Reader::background},
        {"previous_response_id", &Reader::previous},
        {"conversation", &Reader::stored},
        {"prompt", &Reader::stored},
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

  void repeat(Value root) {
    echo_.fields.clear();
    for (const auto& [name, otherwise] : kRepeated) {
      const auto given = root.find(name);
      append(echo_.fields, ",\"", name, "\":", given && !given->is_null() ? on_one_line(given->raw()) : std::string(otherwise));
    }
  }

  Status skip(Value) { return {}; }

  // --- what is asked

  Status input(Value value) { return input_ = value, Status{}; }

  Status instructions(Value value) {
    if (!value.is_string()) return fail(client_error(ErrorKind::invalid_request, "instructions: expected a string"));
    if (!value.raw_text().empty()) request_.system.push_back({llm::TextPart{{value.raw_text()}}});
    return {};
  }

  Status previous(Value value) {
    return fail(
        client_error(ErrorKind::invalid_request,
                     fmt::format("Previous response with id '{}' not found. Responses are not stored here: send the whole conversation "
                                 "in `input`.",
                                 valid_utf8(value.text()))));
  }

  Status stored(Value) {
    return fail(client_error(ErrorKind::invalid_request,
                             "input: conversations and prompts are not stored here; send the whole conversation in `input`"));
  }

  Status background(Value value) {
    if (!value.boolean().value_or(false)) return {};
    return fail(client_error(ErrorKind::invalid_request, "background: responses are not stored here, so none can be fetched later"));
  }

  Status truncation(Value value) {
    if (!value.equals("disabled")) drop("truncation");
    return {};
  }

  // --- tools

  Status tools(Value list) { return tools_ = list, Status{}; }
  Status tool_choice(Value value) { return tool_choice_ = value, Status{}; }
  Status parallel(Value value) { return request_.tool_choice.parallel = value.boolean(), Status{}; }

  // --- the answer's length and shape

  Status max_output_tokens(Value value) {
    const auto number = value.integer();
    if (number && *number >= 0) request_.max_tokens = static_cast<std::uint64_t>(*number);
    return {};
  }
  Status temperature(Value value) { return request_.temperature = value.number(), Status{}; }
  Status top_p(Value value) { return request_.top_p = value.number(), Status{}; }
  Status stream(Value value) { return request_.stream = value.boolean().value_or(false), Status{}; }

  Status text(Value value) {
    if (const auto format = value.find("format")) read_format(*format);
    if (const auto verbosity = value.find("verbosity"); verbosity && !verbosity->is_null()) drop("text.verbosity");
    return {};
  }

  void read_format(Value value) {
    auto& format = request_.format;
    const auto type = value.find("type");
    if (!type || type->equals("text")) return;
    format.kind = llm::AnswerFormat::Kind::json_object;
    const auto schema = value.find("schema");
    if (!type->equals("json_schema") || !schema || !schema->is_object()) return;
    format.kind = llm::AnswerFormat::Kind::json_schema;
    format.schema = {schema->raw()};
    format.name = text_of(value.find("name"));
    if (const auto strict = value.find("strict")) format.strict = strict->boolean();
  }

  /// A summary is given in any case: the client may leave it aside.
  Status reasoning(Value value) {
    using Mode = llm::Reasoning::Mode;
    const auto effort = value.find("effort");
    if (!effort || !effort->is_string()) return {};
    request_.reasoning.effort = effort->text();
    request_.reasoning.mode = request_.reasoning.effort == "none" ? Mode::off : Mode::adaptive;
    return {};
  }

  // --- who asks

  Status user(Value value) { return request_.user = text_of(value), Status{}; }
  Status safety_identifier(Value value) { return safety_identifier_ = text_of(value), Status{}; }
  Status prompt_cache_key(Value value) { return request_.session = text_of(value), Status{}; }
  Status service_tier(Value value) { return request_.service_tier = text_of(value), Status{}; }

  llm::Request request_;
  ResponsesEcho& echo_;
  ResponsesToolReader tool_reader_;
  std::optional<Value> input_, tools_, tool_choice_;
  Text safety_identifier_;
};

}  // namespace

Result<llm::Request> read_openai_responses_request(const json::Document& body, ResponsesEcho* echo) {
  TRY_STATUS(body.check_escapes());
  ResponsesEcho unheard;
  return Reader(echo == nullptr ? unheard : *echo).read(body.root());
}

}  // namespace penstock::dialect
