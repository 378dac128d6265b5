// Any text as a configuration file: never a crash, never an exception, and each fault is one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "config/effective.h"
#include "config/load.h"

namespace {

/// One variable with a value, one that is empty; no file of this machine is within reach of `~`.
std::optional<std::string> variable(const std::string& name) {
  if (name == "A") return "value";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const penstock::config::LoadContext context{variable, {"anthropic", "deepseek", "zai"}};
  const auto config = penstock::config::parse(text, "fuzz.yaml", context);
  if (config) {
    static_cast<void>(penstock::config::effective(*config));
    return 0;
  }
  for (const auto& fault : config.error()) {
    // A fault has a sentence, and a place inside the text or none at all.
    if (fault.message.empty() || fault.line < 0 || fault.column < 0) std::abort();
    if (penstock::config::to_text(fault).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
