// What load measures and how it is printed: percentiles, CPU time of the watched processes, one JSON line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace penstock::bench {

// Nanoseconds on a core of every thread of the process. /proc/PID/stat counts in ticks of 10 ms; schedstat does not.
inline std::uint64_t cpu_ns(int pid) {
  std::uint64_t sum = 0;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    std::uint64_t running = 0;
    std::ifstream(task.path() / "schedstat") >> running;
    sum += running;
  }
  return sum;
}

// The processes whose CPU time load reads at both ends of its measured window, under a name each ("proxy", "upstream").
struct Watched {
  std::map<std::string, std::vector<int>> pids;

  [[nodiscard]] std::map<std::string, std::uint64_t> read() const {
    std::map<std::string, std::uint64_t> sums;
    for (const auto& [name, list] : pids) {
      for (const int pid : list) sums[name] += cpu_ns(pid);
    }
    return sums;
  }
};

// Samples in nanoseconds, printed as microseconds.
class Samples {
 public:
  void add(std::uint64_t ns) { values_.push_back(ns); }
  void clear() { values_.clear(); }

  // {"n":..,"p50":..,"p90":..,"p99":..,"max":..}
  [[nodiscard]] std::string json() {
    std::ranges::sort(values_);
    std::string out = "{\"n\":" + std::to_string(values_.size());
    for (const auto& [name, share] : {std::pair{"p50", 50U}, std::pair{"p90", 90U}, std::pair{"p99", 99U}, std::pair{"max", 100U}}) {
      out += std::string(",\"") + name + "\":" + (values_.empty() ? "null" : micros(at(share)));
    }
    return out + "}";
  }

 private:
  [[nodiscard]] std::uint64_t at(std::size_t percent) const {
    return values_[std::min(values_.size() - 1, values_.size() * percent / 100)];
  }

  static std::string micros(std::uint64_t ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", static_cast<double>(ns) / 1000.0);
    return text;
  }

  std::vector<std::uint64_t> values_;
};

// Everything counted between the start and the end of the measured window; errors are counted always.
struct Tally {
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::map<std::string, std::uint64_t> cpu_begin;
  std::map<std::string, std::uint64_t> cpu_end;
  Samples latency;      // first byte of the request to last byte of the answer
  Samples first_event;  // first byte of the request to the first event of the stream
  Samples delay;        // the provider's write of a paced event to its arrival here

  void restart(std::uint64_t now, const Watched& watched) {
    requests = events = bytes = 0;
    latency.clear();
    first_event.clear();
    delay.clear();
    begin = now;
    cpu_begin = watched.read();
  }

  void fail(std::string_view what) {
    if (errors++ == 0) first_error = what.substr(0, 300);
  }

  void print() {
    std::printf("{\"requests\":%ju,\"events\":%ju,\"bytes\":%ju,\"errors\":%ju,\"seconds\":%.6f", static_cast<std::uintmax_t>(requests),
                static_cast<std::uintmax_t>(events), static_cast<std::uintmax_t>(bytes), static_cast<std::uintmax_t>(errors),
                static_cast<double>(end - begin) / 1e9);
    std::printf(",\"latency_us\":%s,\"first_event_us\":%s,\"delay_us\":%s,\"cpu_s\":{", latency.json().c_str(), first_event.json().c_str(),
                delay.json().c_str());
    const char* comma = "";
    for (const auto& [name, before] : cpu_begin) {
      std::printf("%s\"%s\":%.6f", comma, name.c_str(), static_cast<double>(cpu_end[name] - before) / 1e9);
      comma = ",";
    }
    std::printf("},\"first_error\":\"%s\"}\n", printable(first_error).c_str());
    std::fflush(stdout);
  }

  static std::string printable(std::string text) {
    std::ranges::replace_if(text, [](char c) { return c == '"' || c == '\\' || c < ' ' || c > '~'; }, ' ');
    return text;
  }
};

}  // namespace penstock::bench
