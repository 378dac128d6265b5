// One line a request. Lines are gathered and written together a few times a second: a write per request would cost as much as the request.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "gateway/record.h"
#include "net/deadline.h"

namespace penstock::gateway {

/// What the line says beside the record.
struct AccessNumbers {
  int status = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
};

/// A worker's log. Writes whole lines to a file descriptor that it does not own.
class AccessLog : public net::Deadline {
 public:
  static constexpr std::chrono::milliseconds kFlushAfter{200};
  static constexpr std::size_t kFlushAt = 32 * 1024;
  static constexpr std::size_t kMostHeld = 1024 * 1024;  // bytes, when nobody reads them

  AccessLog(net::Deadlines& deadlines, int descriptor) : deadlines_(deadlines), descriptor_(descriptor) {}
  ~AccessLog() override { flush(); }

  /// Adds the line of a finished request. No secret and no body is in a record.
  void add(const Record& record, const AccessNumbers& numbers, bool json);
  /// A head that was refused before it was a request.
  void add_refused(int status, std::string_view why, bool json);
  /// Writes what has gathered, as far as the reader takes it now.
  void flush();

 private:
  void expired() override { flush(); }
  void begin_line();
  void end_line();
  net::Deadlines& deadlines_;
  int descriptor_;
  std::string lines_;
  std::size_t flush_at_ = kFlushAt;
  std::time_t second_ = 0;
  std::string second_text_;  // "2026-11-20T10:00:00", made once a second
};

/// Appends the line of a record, without its time. Pure, for tests.
void log_fields(std::string& out, const Record& record, const AccessNumbers& numbers, bool json, net::TimePoint now);

}  // namespace penstock::gateway
