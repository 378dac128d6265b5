#include "dialect/openai_errors.h"

#include <algorithm>
#include <array>

#include "base/append.h"
#include "base/text.h"

namespace penstock::dialect {

namespace {

/// What OpenAI says for Anthropic's statuses.
struct Row {
  int status, openai;
  std::string_view type, code;
};
constexpr auto kRows = std::to_array<Row>({
    {400, 400, "invalid_request_error", ""},
    {401, 401, "authentication_error", "invalid_api_key"},
    {402, 429, "insufficient_quota", "insufficient_quota"},
    {403, 403, "permission_error", ""},
    {404, 404, "invalid_request_error", ""},
    {408, 408, "timeout_error", ""},
    {409, 409, "invalid_request_error", ""},
    {413, 413, "invalid_request_error", "request_too_large"},
    {429, 429, "rate_limit_error", "rate_limit_exceeded"},
    {504, 504, "timeout_error", ""},
    {529, 503, "server_error", "server_overloaded"},
});

Row row_of(int status) {
  const auto* const found = std::ranges::find(kRows, status, &Row::status);
  if (found != kRows.end()) return *found;
  const bool clients = status >= 400 && status < 500;
  return {status, status, clients ? "invalid_request_error" : "server_error", ""};
}

constexpr std::string_view kTooLong = "prompt is too long";

/// overflow.h writes `prompt is too long: N tokens > M maximum`. OpenAI's clients look for the code, and some for these words.
std::string overflow_words(std::string_view message) {
  constexpr std::string_view kBetween = " tokens > ", kEnd = " maximum";
  std::string_view rest = message.substr(std::min(kTooLong.size() + 2, message.size()));
  const auto between = rest.find(kBetween), end = rest.find(kEnd);
  if (between != std::string_view::npos && end != std::string_view::npos && end > between) {
    const auto limit = rest.substr(between + kBetween.size(), end - between - kBetween.size());
    return "This model's maximum context length is " + std::string(limit) + " tokens. However, your messages resulted in " +
           std::string(rest.substr(0, between)) + " tokens. Please reduce the length of the messages.";
  }
  return "This model's maximum context length is exceeded. Please reduce the length of the messages. (" + std::string(message) + ")";
}

bool is_overflow(const ClientError& error) {
  return error.status == 400 && (error.message.starts_with(kTooLong) || error.message.contains("exceed context limit"));
}

/// The field that a message of ours begins with: `messages.3.content.0.image_url: …`.
std::string param_of(std::string_view message) {
  constexpr auto kFields =
      std::to_array<std::string_view>({"messages", "model", "tools", "functions", "stream", "n", "max_tokens", "max_completion_tokens",
                                       "tool_choice", "response_format", "input", "instructions", "background", "max_output_tokens"});
  const auto path = message.substr(0, std::min(message.find(": "), message.size()));
  if (path.size() == message.size() || path.contains(' ')) return {};
  const auto first = path.substr(0, path.find('.'));
  return std::ranges::find(kFields, first) != kFields.end() ? std::string(path) : std::string();
}

std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : json_quote(text); }

}  // namespace

OpenAiError openai_error(const ClientError& error) {
  const auto row = row_of(error.status);
  OpenAiError out{row.openai, std::string(row.type), std::string(row.code), {}, valid_utf8(error.message)};
  if (is_overflow(error)) {
    out.code = "context_length_exceeded";
    out.param = "messages";
    out.message = overflow_words(out.message);
  } else if (error.status == 404 && contains_ignoring_case(error.message, "model")) {
    out.code = "model_not_found";
    out.param = "model";
  } else if (error.status == 400 && error.message.starts_with("Previous response with id ")) {
    out.code = "previous_response_not_found";
    out.param = "previous_response_id";
  } else if (error.status == 400) {
    out.param = param_of(error.message);
  }
  return out;
}

std::string openai_error_body(const ClientError& error) {
  const auto said = openai_error(error);
  std::string out;
  append(out, R"({"error":{"message":)", json_quote(said.message), R"(,"type":)", json_quote(said.type), R"(,"param":)",
         quoted_or_null(said.param), R"(,"code":)", quoted_or_null(said.code), "}}");
  return out;
}

std::string openai_response_error(const ClientError& error) {
  const auto said = openai_error(error);
  return R"({"code":)" + json_quote(said.code.empty() ? "server_error" : said.code) + R"(,"message":)" + json_quote(said.message) + "}";
}

std::string openai_responses_error_event(const ClientError& error, std::string_view response, std::uint64_t sequence) {
  const auto said = openai_error(error);
  std::string made, out;
  if (response.empty())
    append(made, R"({"id":"resp_failed","object":"response","created_at":0,"status":"failed","error":)", openai_response_error(error),
           R"(,"incomplete_details":null,"output":[],"usage":null})");
  const std::string body = openai_error_body(error);  // {"error":{…}}
  append(out, "event: error\ndata: {\"type\":\"error\",\"sequence_number\":", sequence, R"(,"code":)", quoted_or_null(said.code),
         R"(,"message":)", json_quote(said.message), R"(,"param":)", quoted_or_null(said.param), ',', std::string_view(body).substr(1),
         "\n\n");
  append(out, "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":", sequence + 1, R"(,"response":)",
         response.empty() ? std::string_view(made) : response, "}\n\n");
  return out;
}

std::string openai_error_event(const ClientError& error) { return "data: " + openai_error_body(error) + "\n\n"; }

}  // namespace penstock::dialect
