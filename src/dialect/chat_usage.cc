#include "dialect/chat_usage.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace penstock::dialect {

namespace {

std::uint64_t count(std::optional<json::Value> value) {
  const auto number = value ? value->number() : std::nullopt;  // some write 12.0
  return number && *number > 0 && *number < 1e15 ? static_cast<std::uint64_t>(*number) : 0;
}

/// The first count that is there, in an object that may not be.
std::uint64_t first_count(std::optional<json::Value> object, std::initializer_list<std::string_view> names) {
  if (!object) return 0;
  for (const auto name : names)
    if (const auto found = count(object->find(name)); found != 0) return found;
  return 0;
}

}  // namespace

std::optional<llm::Usage> read_chat_usage(json::Value usage, bool cached_in_prompt) {
  if (!usage.is_object()) return std::nullopt;
  const auto of_prompt = usage.find("prompt_tokens_details"), of_output = usage.find("completion_tokens_details");
  const auto prompt = first_count(usage, {"prompt_tokens", "input_tokens"}),
             output = first_count(usage, {"completion_tokens", "output_tokens"});
  llm::Usage out;
  out.cache_read = first_count(of_prompt, {"cached_tokens"});
  if (out.cache_read == 0) out.cache_read = first_count(usage, {"prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens"});
  out.cache_write = first_count(of_prompt, {"cache_write_tokens", "cache_creation_tokens"});
  if (out.cache_write == 0) out.cache_write = first_count(usage, {"cache_creation_input_tokens"});
  const auto cached = out.cache_read + out.cache_write;
  out.input = cached_in_prompt ? prompt - std::min(prompt, cached) : prompt;
  out.output = output;
  out.thinking = first_count(of_output, {"reasoning_tokens"});
  if (out.thinking == 0) out.thinking = first_count(usage, {"reasoning_tokens"});
  // Reasoning that completion_tokens leaves out shows in the total.
  const auto total = first_count(usage, {"total_tokens"}), told = (cached_in_prompt ? prompt : prompt + cached) + output;
  if (total > told && (out.thinking == 0 || total - told == out.thinking)) out.output = output + (total - told);
  out.known = out.prompt() != 0 || out.output != 0;
  return out.known ? std::optional(out) : std::nullopt;
}

}  // namespace penstock::dialect
