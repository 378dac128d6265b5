#include "launch/own_program.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "base/text.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kName = "penstock";

/// The file that the shell would start for the bare name; empty when there is none.
fs::path found_in(const std::string& path_variable) {
  for (const auto folder : split(path_variable, ':')) {
    const fs::path file = fs::path(folder) / kName;
    std::error_code error;
    if (fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

}  // namespace

std::string own_program(const config::Environment& environment) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error || !fs::exists(self, error)) return std::string(kName);  // replaced while it runs: PATH is the better guess
  const fs::path found = found_in(environment("PATH").value_or(""));
  return !found.empty() && fs::equivalent(found, self, error) ? std::string(kName) : self.string();
}

}  // namespace penstock::launch
