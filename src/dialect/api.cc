#include "dialect/api.h"

#include <algorithm>
#include <array>

namespace penstock::dialect {

namespace {

constexpr std::array<std::string_view, 4> kWords{"anthropic", "openai-chat", "openai-responses", "gemini"};

}  // namespace

std::optional<Api> parse_api(std::string_view word) {
  const auto* at = std::ranges::find(kWords, word);
  return at == kWords.end() ? std::nullopt : std::optional(static_cast<Api>(at - kWords.begin()));
}

std::string_view name(Api api) { return kWords[static_cast<std::size_t>(api)]; }

}  // namespace penstock::dialect
