#include "dialect/responses_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "dialect/answer_fields.h"
#include "dialect/error_text.h"
#include "dialect/responses_usage.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::StopReason;

ResponsesBlocks::Index index_in(Value event, std::string_view key) {
  const auto value = event.find(key);
  return value ? value->integer() : std::nullopt;
}

OutputName item_in(Value event) { return {index_in(event, "output_index"), text_in(event, "item_id")}; }

bool is_failure(std::optional<Value> error) { return error && ((error->is_object() && !error->is_empty()) || !text_in(error).empty()); }

/// Codes that speak of what was asked: asking again does not help (ResponseError of OpenAI's SDK).
bool blames_request(std::string_view code) { return code == "invalid_prompt" || code.contains("image") || code.contains("policy"); }

}  // namespace

/// An event's name, and who takes it.
struct ResponsesAnswer::Row {
  std::string_view name;
  void (ResponsesAnswer::*take)(Value event);
};

/// Null for an event that says nothing which others do not. Those that come most often are first.
const ResponsesAnswer::Row* ResponsesAnswer::row_of(std::string_view name) {
  static constexpr Row kRows[] = {
      {"response.output_text.delta", &ResponsesAnswer::on_text},
      {"response.function_call_arguments.delta", &ResponsesAnswer::on_arguments},
      {"response.reasoning_summary_text.delta", &ResponsesAnswer::on_summary},
      {"response.reasoning_text.delta", &ResponsesAnswer::on_thought},
      {"response.output_item.added", &ResponsesAnswer::on_item_added},
      {"response.output_item.done", &ResponsesAnswer::on_item_done},
      {"response.output_text.done", &ResponsesAnswer::on_text_done},
      {"response.output_text.annotation.added", &ResponsesAnswer::on_annotation},
      {"response.function_call_arguments.done", &ResponsesAnswer::on_arguments_done},
      {"response.refusal.delta", &ResponsesAnswer::on_refusal},
      {"response.refusal.done", &ResponsesAnswer::on_refusal_done},
      {"response.created", &ResponsesAnswer::on_begin},
      {"response.in_progress", &ResponsesAnswer::on_begin},
      {"response.completed", &ResponsesAnswer::on_completed},
      {"response.done", &ResponsesAnswer::on_completed},  // the realtime API's word, which some servers use here
      {"response.incomplete", &ResponsesAnswer::on_incomplete},
      {"response.failed", &ResponsesAnswer::on_failed},
      {"response.cancelled", &ResponsesAnswer::on_failed},
      {"error", &ResponsesAnswer::on_error},
  };
  const auto* const row = std::ranges::find(kRows, name, &Row::name);
  return row == std::end(kRows) ? nullptr : row;
}

void ResponsesAnswer::take(Value event, std::string_view name) {
  if (ended_) return;
  const auto type = text_in(event, "type");
  if (const auto* const row = row_of(type.empty() ? name : type)) {
    (this->*row->take)(event);
    if (blocks_.too_large()) fail(502, "api_error", std::string(kTooLarge));
    return;
  }
  // No event: the answer itself, or an error.
  if (type.empty() && (event.find("output") || event.find("error") || read_error(event.raw(), "application/json").failed))
    take_whole(event);
}

void ResponsesAnswer::take_whole(Value response) {
  if (ended_) return;
  const auto output = response.find("output");
  if (is_failure(response.find("error")) && !output) return fail(response.raw());
  if (output && output->is_array()) return finish(response, {});
  if (read_error(response.raw(), "application/json").failed) return fail(response.raw());
  fail(502, "api_error", "the provider sent no answer");
}

// --- pieces

void ResponsesAnswer::on_item_added(Value event) {
  if (const auto item = event.find("item"); item && item->is_object()) blocks_.begin(*item, index_in(event, "output_index"));
}
void ResponsesAnswer::on_item_done(Value event) {
  if (const auto item = event.find("item"); item && item->is_object()) blocks_.end(*item, index_in(event, "output_index"));
}
void ResponsesAnswer::on_text(Value event) {
  blocks_.text(item_in(event), index_in(event, "content_index"), text_in(event, "delta"), false);
}
void ResponsesAnswer::on_text_done(Value event) {
  blocks_.text(item_in(event), index_in(event, "content_index"), text_in(event, "text"), true);
}
void ResponsesAnswer::on_refusal(Value event) {
  blocks_.refusal(item_in(event), index_in(event, "content_index"), text_in(event, "delta"), false);
}
void ResponsesAnswer::on_refusal_done(Value event) {
  blocks_.refusal(item_in(event), index_in(event, "content_index"), text_in(event, "refusal"), true);
}
void ResponsesAnswer::on_annotation(Value event) {
  if (const auto one = present(event, "annotation")) blocks_.annotation(item_in(event), index_in(event, "content_index"), *one);
}
void ResponsesAnswer::on_summary(Value event) {
  blocks_.thought(item_in(event), index_in(event, "summary_index"), text_in(event, "delta"), true);
}
void ResponsesAnswer::on_thought(Value event) {
  blocks_.thought(item_in(event), index_in(event, "content_index"), text_in(event, "delta"), false);
}
void ResponsesAnswer::on_arguments(Value event) { blocks_.arguments(item_in(event), text_in(event, "delta"), false); }
void ResponsesAnswer::on_arguments_done(Value event) {
  blocks_.call_name(item_in(event), text_in(event, "name"));
  blocks_.arguments(item_in(event), text_in(event, "arguments"), true);
}

// --- the answer as a whole

void ResponsesAnswer::on_begin(Value event) {
  if (const auto response = event.find("response")) begin(*response);
}
void ResponsesAnswer::on_completed(Value event) { finish(event.find("response").value_or(event), "completed"); }
void ResponsesAnswer::on_incomplete(Value event) { finish(event.find("response").value_or(event), "incomplete"); }
void ResponsesAnswer::on_failed(Value event) { finish(event.find("response").value_or(event), "failed"); }
void ResponsesAnswer::on_error(Value event) { fail(event.raw()); }

void ResponsesAnswer::begin(Value response) {
  if (!std::exchange(begun_, true)) out_.take(llm::Begin{{text_in(response, "id")}, {text_in(response, "model")}});
}

/// `word`: what the event says of the end; the answer's own status counts before it.
void ResponsesAnswer::finish(Value response, std::string_view word) {
  begin(response);
  if (const auto usage = present(response, "usage"))
    if (const auto counted = read_responses_usage(*usage, options_.cached_in_prompt)) out_.take(llm::Count{*counted});
  const auto error = present(response, "error");
  if (is_failure(error)) return fail_with(error);
  if (const auto output = present(response, "output")) blocks_.end_all(*output);
  if (blocks_.too_large()) return fail(502, "api_error", std::string(kTooLarge));
  const auto said = text_in(response, "status");
  const bool ends = said == "completed" || said == "incomplete" || said == "failed" || said == "cancelled";
  const auto status = ends || word.empty() ? said : word;
  if (status.empty() || status == "completed") return end(StopReason::end_turn);
  if (status == "failed") return fail_with({});
  if (status != "incomplete") return fail(502, "api_error", "the provider left its answer " + valid_utf8(status));
  const auto details = present(response, "incomplete_details");
  end(details && text_in(*details, "reason") == "content_filter" ? StopReason::refusal : StopReason::max_tokens);
}

void ResponsesAnswer::fail_with(std::optional<Value> error) {
  if (!error) return fail(500, "api_error", "the provider's answer failed, and it does not say why");
  const auto code = error->is_object() ? text_in(*error, "code") : std::string_view();
  if (!blames_request(code)) return fail(R"({"error":)" + std::string(error->raw()) + "}");
  fail(400, "invalid_request_error", bounded_text(error->find("message").value_or(*error).text()));
}

void ResponsesAnswer::fail(std::string_view body) {
  if (ended_) return;
  const auto error =
      translate({.status = 200, .body = body, .content_type = "application/json", .retry_after = {}, .should_retry = {}}, options_.errors);
  ended_ = true;
  out_.take(llm::Failed{error.status, error.type, error.message, error.should_retry});
}

void ResponsesAnswer::fail(int status, std::string type, std::string message) {
  if (ended_) return;
  ended_ = true;
  out_.take(llm::Failed{status, std::move(type), std::move(message)});
}

void ResponsesAnswer::done() {
  if (ended_) return;
  if (blocks_.empty()) return fail(502, "api_error", "the provider sent no answer");
  end(StopReason::none);
}

void ResponsesAnswer::end(StopReason reason) {
  if (!blocks_.finish()) return fail(502, "api_error", "the provider called a tool without naming it");
  ended_ = true;
  out_.take(llm::End{blocks_.refused() ? StopReason::refusal : reason, {}});
}

}  // namespace penstock::dialect
