#include "dialect/responses_usage.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace penstock::dialect {

namespace {

std::uint64_t count(std::optional<json::Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  const auto number = value ? value->number() : std::nullopt;
  return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
}

}  // namespace

std::optional<llm::Usage> read_responses_usage(json::Value usage, bool cached_in_input) {
  if (!usage.is_object()) return std::nullopt;
  const auto of_input = usage.find("input_tokens_details"), of_output = usage.find("output_tokens_details");
  const auto input = count(usage, "input_tokens"), output = count(usage, "output_tokens"), total = count(usage, "total_tokens");
  llm::Usage out;
  out.cache_read = count(of_input, "cached_tokens");
  out.cache_write = count(of_input, "cache_write_tokens");
  const auto cached = out.cache_read + out.cache_write;
  out.input = cached_in_input ? input - std::min(input, cached) : input;
  out.output = output;
  out.thinking = count(of_output, "reasoning_tokens");
  // Reasoning that output_tokens leaves out shows in the total.
  const auto told = (cached_in_input ? input : input + cached) + output;
  if (out.thinking != 0 && total > told && total - told == out.thinking) out.output += out.thinking;
  out.known = out.prompt() != 0 || out.output != 0;
  return out.known ? std::optional(out) : std::nullopt;
}

}  // namespace penstock::dialect
