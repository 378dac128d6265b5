#include "gateway/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/append.h"
#include "base/text.h"

namespace penstock::gateway {

namespace {

constexpr std::size_t kMaxText = 200;  // bytes of one value: names and errors come from outside

/// Fit to stand unquoted in a line of words, and in JSON: printable ASCII without quotes, equals signs and backslashes.
bool is_plain(std::string_view text) {
  bool odd = false;
  for (const char c : text) odd |= c <= ' ' || c == 0x7f || c == '"' || c == '=' || c == '\\';  // without a way out: several at once
  return !odd;
}

/// "name=value" or ,"name":"value"; values from outside are quoted and shortened.
class Fields {
 public:
  Fields(std::string& out, bool json) : out_(out), json_(json) {}
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    value = value.substr(0, kMaxText);
    if (!is_plain(value))
      out_ += json_quote(valid_utf8(value));
    else if (json_)
      append(out_, '"', value, '"');
    else
      out_ += value;
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    append(out_, value);
  }
  void milliseconds(std::string_view name, net::Clock::duration value) {
    begin(name);
    append_tenths(out_, std::chrono::duration<double, std::milli>(value).count());
    if (!json_) out_ += "ms";
  }

 private:
  void begin(std::string_view name) {
    if (json_)
      append(out_, ",\"", name, "\":");
    else
      append(out_, ' ', name, '=');
  }
  std::string& out_;
  bool json_;
};

}  // namespace

void log_fields(std::string& out, const Record& record, const AccessNumbers& numbers, bool json, net::TimePoint now) {
  Fields fields(out, json);
  fields.text("id", record.request_id);
  fields.number("status", static_cast<std::uint64_t>(numbers.status));
  fields.text("outcome", name(record.outcome));
  fields.text("method", record.method);
  fields.text("path", record.path);
  fields.text("session", record.session);
  fields.text("asked", record.facts.model);
  if (record.upstream) {
    fields.text("provider", record.upstream->name);
    fields.text("model", record.model_id);
  }
  if (record.attempts > 1) fields.number("attempts", record.attempts);
  fields.text("why", record.why);
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
  fields.text("dropped", record.dropped);
  fields.text("provider_id", record.provider_request_id);
  fields.text("error", record.error);
}

void AccessLog::begin_line() {
  const auto now = std::chrono::system_clock::now();
  const auto second = std::chrono::system_clock::to_time_t(now);
  if (second != second_) {
    second_ = second;
    second_text_ = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(second));
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  append(lines_, second_text_, '.', static_cast<char>('0' + ms / 100), static_cast<char>('0' + ms / 10 % 10),
         static_cast<char>('0' + ms % 10), 'Z');
}

void AccessLog::end_line() {
  lines_ += '\n';
  if (lines_.size() >= flush_at_) {
    flush();
    flush_at_ = lines_.size() + kFlushAt;  // when nobody reads, not at every line
    return;
  }
  if (at() == net::kNever) deadlines_.set(*this, net::Clock::now() + kFlushAfter);
}

void AccessLog::add(const Record& record, const AccessNumbers& numbers, bool json) {
  if (json) lines_ += R"({"time":")";
  begin_line();
  if (json) lines_ += '"';
  log_fields(lines_, record, numbers, json, net::Clock::now());
  if (json) lines_ += '}';
  end_line();
}

void AccessLog::add_refused(int status, std::string_view why, bool json) {
  Record record;
  record.started = net::Clock::now();
  record.error = why;
  add(record, {status, 0, 0}, json);
}

namespace {

bool takes_more(int descriptor) {
  pollfd wanted{descriptor, POLLOUT, 0};
  return ::poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0;
}

/// Whole lines, at most as many bytes as a pipe takes in one piece: lines of several workers must not mix.
std::string_view next_lines(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text;
  const auto end = text.substr(0, PIPE_BUF).rfind('\n');
  return text.substr(0, end == std::string_view::npos ? text.find('\n') + 1 : end + 1);
}

}  // namespace

void AccessLog::flush() {
  unlink();
  std::string_view rest = lines_;
  // A reader that does not read must not stop the requests: what it leaves waits, and is dropped when it grows too long.
  while (!rest.empty() && takes_more(descriptor_)) {
    const auto piece = next_lines(rest);
    const auto count = ::write(descriptor_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  lines_.erase(0, lines_.size() - rest.size());
  if (lines_.size() > kMostHeld) {
    const auto lost = std::ranges::count(lines_, '\n');
    lines_.clear();
    append(lines_, "the log's reader is too slow: ", lost, " lines were dropped\n");
  }
  if (!lines_.empty()) deadlines_.set(*this, net::Clock::now() + kFlushAfter);
}

}  // namespace penstock::gateway
