#include "app/process_handle.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace penstock::app {

std::optional<ProcessHandle> ProcessHandle::open(int pid) {
  const long handle = ::syscall(SYS_pidfd_open, pid, 0U);
  if (handle < 0) return std::nullopt;
  return ProcessHandle(static_cast<int>(handle));
}

bool ProcessHandle::signal(int number) const { return ::syscall(SYS_pidfd_send_signal, handle_.get(), number, nullptr, 0U) == 0; }

bool ProcessHandle::wait_for_end(std::chrono::milliseconds patience) const {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + patience;
  for (;;) {
    pollfd wanted{handle_.get(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int came = ::poll(&wanted, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX)));
    if (came >= 0 || errno != EINTR) return came > 0;
  }
}

}  // namespace penstock::app
