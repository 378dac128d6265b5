#include "dialect/anthropic_usage.h"

namespace penstock::dialect {

namespace {

constexpr std::int64_t kMost = 1'000'000'000'000'000;  // tokens; what is larger is a mistake, and would not add up

void replace(std::uint64_t& count, json::Value holder, std::string_view key) {
  const auto value = holder.find(key);
  const auto number = value ? value->integer() : std::nullopt;
  if (number && *number > 0 && *number < kMost) count = static_cast<std::uint64_t>(*number);
}

}  // namespace

void merge_anthropic_usage(json::Value holder, llm::Usage& usage) {
  const auto counts = holder.find("usage");
  if (!counts || !counts->is_object()) return;
  usage.known = true;
  replace(usage.input, *counts, "input_tokens");
  replace(usage.output, *counts, "output_tokens");
  replace(usage.cache_read, *counts, "cache_read_input_tokens");
  replace(usage.cache_write, *counts, "cache_creation_input_tokens");
  if (const auto details = counts->find("output_tokens_details")) replace(usage.thinking, *details, "thinking_tokens");
}

}  // namespace penstock::dialect
