#include "net/worker.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace penstock::net {

Worker::~Worker() {
  stop();
  // The timer needs the context, the coroutines need the buffers and deadlines: hence this order.
  deadlines_.close();
  context_.reset();
}

void Worker::run() {
  thread_ = std::thread([this] {
    const auto keep_running = asio::make_work_guard(*context_);
    context_->run();
  });
}

void Worker::stop() {
  context_->stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<unsigned> cores_of_quota(std::string_view cpu_max) {
  const auto parts = split(cpu_max, ' ');
  if (parts.size() != 2) return std::nullopt;
  const auto quota = parse_unsigned(parts[0]);
  const auto period = parse_unsigned(parts[1]);
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<unsigned>(std::clamp<std::uint64_t>((*quota + *period - 1) / *period, 1, 1024));
}

namespace {

std::optional<unsigned> cgroup_cores() {
  std::ifstream own("/proc/self/cgroup");
  std::string line;
  while (std::getline(own, line)) {
    if (!line.starts_with("0::")) continue;
    for (const std::string& folder : {"/sys/fs/cgroup" + line.substr(3), std::string("/sys/fs/cgroup")}) {
      std::ifstream file(folder + "/cpu.max");
      std::stringstream text;
      text << file.rdbuf();
      if (const auto cores = cores_of_quota(trim(text.str()))) return cores;
    }
  }
  return std::nullopt;
}

}  // namespace

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  if (const auto quota = cgroup_cores()) cores = std::min(cores, *quota);
  return cores;
}

}  // namespace penstock::net
