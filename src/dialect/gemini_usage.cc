#include "dialect/gemini_usage.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace penstock::dialect {

std::optional<llm::Usage> read_gemini_usage(json::Value metadata, bool cached_in_prompt) {
  const auto count = [&](std::string_view name) -> std::uint64_t {
    const auto value = metadata.find(name);
    const auto number = value ? value->number() : std::nullopt;
    return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
  };
  const auto prompt = count("promptTokenCount"), candidates = count("candidatesTokenCount"), total = count("totalTokenCount");
  llm::Usage out;
  out.cache_read = count("cachedContentTokenCount");
  out.thinking = count("thoughtsTokenCount");
  const auto input = prompt + count("toolUsePromptTokenCount");
  out.input = cached_in_prompt ? input - std::min(input, out.cache_read) : input;
  // The total tells who counts thoughts among the candidates' tokens, and those that stand nowhere else.
  const bool inside = out.thinking != 0 && total == input + candidates;
  out.output = inside ? candidates : candidates + out.thinking;
  if (candidates == 0 && total > input + out.thinking) out.output = total - input;
  out.known = out.prompt() != 0 || out.output != 0;
  return out.known ? std::optional(out) : std::nullopt;
}

}  // namespace penstock::dialect
