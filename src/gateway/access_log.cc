#include "gateway/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace penstock::gateway {

namespace {

constexpr std::size_t kMaxText = 200;  // bytes of one value: names and errors come from outside

/// "name=value" or ,"name":"value"; values from outside are quoted and shortened.
class Fields {
 public:
  explicit Fields(bool json) : json_(json) {}
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    const std::string shown = valid_utf8(value.substr(0, kMaxText));
    const bool plain = !json_ && shown.find_first_of(" \"=\\\r\n\t") == std::string::npos;
    out_ += plain ? shown : json_quote(shown);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void milliseconds(std::string_view name, net::Clock::duration value) {
    begin(name);
    const double ms = std::chrono::duration<double, std::milli>(value).count();
    fmt::format_to(std::back_inserter(out_), "{:.1f}{}", ms, json_ ? "" : "ms");
  }
  std::string take() { return std::move(out_); }

 private:
  void begin(std::string_view name) {
    if (json_)
      fmt::format_to(std::back_inserter(out_), ",\"{}\":", name);
    else
      fmt::format_to(std::back_inserter(out_), " {}=", name);
  }
  bool json_;
  std::string out_;
};

}  // namespace

std::string log_fields(const Record& record, const AccessNumbers& numbers, bool json, net::TimePoint now) {
  Fields fields(json);
  fields.text("id", record.request_id);
  fields.number("status", static_cast<std::uint64_t>(numbers.status));
  fields.text("outcome", name(record.outcome));
  fields.text("method", record.method);
  fields.text("path", record.path);
  fields.text("session", record.session);
  fields.text("asked", record.facts.model);
  if (record.upstream) fields.text("target", record.upstream->name + "/" + record.model_id);
  if (record.attempts > 1) fields.number("attempts", record.attempts);
  if (record.usage.known) {
    fields.number("in", record.usage.input);
    fields.number("cache_read", record.usage.cache_read);
    fields.number("cache_write", record.usage.cache_write);
    fields.number("out", record.usage.output);
  }
  fields.text("stop", record.stop_reason);
  if (record.first_byte != net::TimePoint{}) fields.milliseconds("first", record.first_byte - record.started);
  fields.milliseconds("total", now - record.started);
  fields.number("bytes_in", numbers.bytes_in);
  fields.number("bytes_out", numbers.bytes_out);
  fields.text("provider_id", record.provider_request_id);
  fields.text("error", record.error);
  return fields.take();
}

void AccessLog::begin_line() {
  const auto now = std::chrono::system_clock::now();
  const auto second = std::chrono::system_clock::to_time_t(now);
  if (second != second_) {
    second_ = second;
    second_text_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(second));
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  fmt::format_to(std::back_inserter(lines_), "{}.{:03}Z", second_text_, ms);
}

void AccessLog::end_line() {
  lines_ += '\n';
  if (lines_.size() >= kFlushAt) return flush();
  if (at() == net::kNever) deadlines_.set(*this, net::Clock::now() + kFlushAfter);
}

void AccessLog::add(const Record& record, const AccessNumbers& numbers, bool json) {
  if (json) lines_ += R"({"time":")";
  begin_line();
  if (json) lines_ += '"';
  lines_ += log_fields(record, numbers, json, net::Clock::now());
  if (json) lines_ += '}';
  end_line();
}

void AccessLog::add_refused(int status, std::string_view why, bool json) {
  Record record;
  record.started = net::Clock::now();
  record.error = why;
  add(record, {status, 0, 0}, json);
}

void AccessLog::flush() {
  unlink();
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const auto count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;  // a log that cannot be written must not stop the requests
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  lines_.clear();
}

}  // namespace penstock::gateway
