#include "app/process_proof.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/text.h"

namespace penstock::app {

namespace {

/// The words of a field of /proc/PID/status.
std::vector<std::string> status_field(int pid, std::string_view name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    std::vector<std::string> words;
    for (const auto word : split(line.substr(name.size() + 1), '\t')) words.emplace_back(word);
    return words;
  }
  return {};
}

/// Of its program. A program with capabilities of its own (for a port below 1024) does not show it; then the name must do.
bool is_penstock(int pid) {
  const auto link = fmt::format("/proc/{}/exe", pid);
  struct stat theirs{}, own{};
  if (::stat(link.c_str(), &theirs) == 0 && ::stat("/proc/self/exe", &own) == 0 && theirs.st_dev == own.st_dev &&
      theirs.st_ino == own.st_ino)
    return true;
  std::error_code error;
  const auto path = std::filesystem::read_symlink(link, error).filename().string();
  if (error) return status_field(pid, "Name") == std::vector<std::string>{"penstock"};
  return path == "penstock" || path == "penstock (deleted)";  // an update has put another in its place
}

}  // namespace

std::string why_no_gateway(int pid, int named) {
  const auto name = status_field(pid, "Name"), users = status_field(pid, "Uid"), numbers = status_field(pid, "NSpid");
  const auto called = name.empty() ? std::string("it") : printable(name.front());
  if (users.size() < 2 || users[1] != std::to_string(::geteuid())) return called + " runs as another user";
  if (!is_penstock(pid)) return called + " is no Penstock";
  // The last number is the process's own count, if it runs in a container.
  if (named != 0 && numbers.empty() ? named != pid : named != 0 && numbers.back() != std::to_string(named))
    return called + " is not the process that the file names";
  return "";
}

}  // namespace penstock::app
