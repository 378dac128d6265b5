// Any text as another tool's configuration: never a crash, every note names a field, and what comes out is a configuration without faults.
// The first byte says which tool's it is, and whether literal keys are written; a cc-mirror variant's two files are parted by a zero byte.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.h"
#include "importing/import.h"

namespace {

namespace importing = penstock::importing;

/// Every variable is set, to something that fits most places.
std::optional<std::string> variable(const std::string&) { return "http://127.0.0.1:9"; }

const penstock::catalog::Catalog& catalog() {
  static const auto rows = *penstock::catalog::parse(R"(
anthropic: { base_url: https://api.anthropic.com, auth: x-api-key, env: [ANTHROPIC_API_KEY] }
deepseek: { base_url: https://api.deepseek.com/anthropic, auth: x-api-key, env: [DEEPSEEK_API_KEY] }
zai: { base_url: https://api.z.ai/api/anthropic, auth: bearer, env: [ZAI_API_KEY] }
openrouter: { base_url: https://openrouter.ai/api, auth: bearer, aggregator: true, env: [OPENROUTER_API_KEY] }
ollama: { base_url: "http://localhost:11434", auth: none, local: true, aggregator: true }
)",
                                                     "deepseek:\n  - { id: deepseek-chat }\n");
  return rows;
}

/// What a variable stands for is not known here, so nothing is promised for a file that holds one in an unusual place.
bool has_reference(std::string_view text) { return text.contains('$') || text.contains("os.environ/"); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto tool = static_cast<importing::Tool>(data[0] % 4);
  importing::Source source{"fuzz", std::string(text), {}};
  if (const auto zero = text.find('\0'); tool == importing::Tool::cc_mirror && zero != std::string_view::npos)
    source = {"fuzz", std::string(text.substr(0, zero)), std::string(text.substr(zero + 1))};
  const auto imported = importing::import_source(tool, source, catalog(), {(data[0] & 4U) != 0});
  if (!imported) {
    if (imported.error().message.empty()) std::abort();
    return 0;
  }
  for (const auto& note : imported->notes)
    if (note.fate != importing::Fate::carried && note.why.empty()) std::abort();
  static_cast<void>(importing::to_text(imported->notes));
  static_cast<void>(importing::to_json(imported->notes));
  const auto config = penstock::config::parse(imported->yaml, "fuzz.yaml", {variable, catalog().names()});
  if (!config && !has_reference(text)) {
    std::fprintf(stderr, "%s\n%s\n", penstock::config::to_text(config.error().front()).c_str(), imported->yaml.c_str());
    std::abort();
  }
  return 0;
}
