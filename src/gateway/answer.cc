#include "gateway/answer.h"

#include <fmt/format.h>

#include "base/append.h"
#include "dialect/answer_writer.h"
#include "dialect/openai_errors.h"
#include "gateway/shared_answers.h"
#include "wire/sse.h"

namespace penstock::gateway {

std::string Answer::fields(std::string_view more) const {
  std::string lines;
  lines.reserve(256 + more.size());
  append(lines, "request-id: ", record_.provider_request_id.empty() ? record_.request_id : record_.provider_request_id, "\r\n");
  if (record_.upstream) {
    append(lines, "x-penstock-provider: ", record_.upstream->name, "\r\nx-penstock-model: ", record_.model_id,
           "\r\nx-penstock-attempts: ", record_.attempts, "\r\nx-penstock-route: ", record_.plan.rule);
    if (!record_.why.empty()) append(lines, " (", record_.why, ")");
    lines += "\r\n";
  }
  if (debug_ && !record_.dropped.empty()) append(lines, "x-penstock-dropped: ", record_.dropped, "\r\n");
  lines += more;
  return lines;
}

void Answer::sent() {
  last_sent_ = net::Clock::now();
  if (record_.first_byte == net::TimePoint{}) record_.first_byte = last_sent_;
}

net::Task<Status> Answer::whole(int status, std::string_view more, std::string_view body) {
  sent();
  if (copy_) copy_->whole(status, more, body);
  const std::string lines = fields(more);
  co_return co_await exchange_.send(status, lines, body);
}

net::Task<Status> Answer::begin(std::string_view more, std::string_view first) {
  if (copy_) copy_->begin(more, first);
  return begin_stream(more, first);
}

net::Task<Status> Answer::begin_stream(std::string_view more, std::string_view first) {
  sent();
  if (begun()) co_return co_await exchange_.send_stream(first);
  const std::string lines =
      fields("content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n" + std::string(more));
  co_return co_await exchange_.begin_stream(200, lines, first);
}

net::Task<Status> Answer::more(std::string_view events) {
  sent();
  if (copy_) copy_->more(events);
  return exchange_.send_stream(events);
}

net::Task<Status> Answer::end(std::string_view last) {
  if (copy_) copy_->end(last);
  return exchange_.end_stream(last);
}

net::Task<Status> Answer::ping() { return begin_stream({}, dialect::ping_of(record_.client)); }

std::string Answer::error_event(const dialect::ClientError& error) const {
  const std::string& id = record_.provider_request_id.empty() ? record_.request_id : record_.provider_request_id;
  if (record_.client == dialect::Api::openai_responses) return dialect::openai_responses_error_event(error);
  return record_.client == dialect::Api::openai_chat ? dialect::openai_error_event(error) : dialect::error_event(error, id);
}

net::Task<> Answer::error(const dialect::ClientError& error) {
  if (record_.error.empty()) record_.error = error.message;
  const std::string& id = record_.provider_request_id.empty() ? record_.request_id : record_.provider_request_id;
  const bool openai = record_.client != dialect::Api::anthropic;
  Status sent;
  if (begun()) {
    const std::string event = error_event(error);
    sent = co_await exchange_.end_stream(event);
  } else {
    std::string more = "content-type: application/json\r\n";
    if (error.retry_after) more += fmt::format("retry-after: {}\r\n", *error.retry_after);
    if (error.should_retry) more += fmt::format("x-should-retry: {}\r\n", *error.should_retry ? "true" : "false");
    const std::string body = openai ? dialect::openai_error_body(error) : dialect::error_body(error, id);
    const int status = openai ? dialect::openai_error(error).status : error.status;
    sent = co_await whole(status, more, body);
  }
  if (!sent) record_.outcome = Outcome::client_left;
}

}  // namespace penstock::gateway
