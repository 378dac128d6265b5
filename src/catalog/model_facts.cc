#include "catalog/model_facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>

#include "base/text.h"

namespace penstock::catalog {

namespace {

using json::Value;
using Paths = std::span<const std::string_view>;

constexpr std::uint64_t kMostTokens = 100'000'000;  // as in the configuration

// The first that is there counts.
constexpr auto kWindow = std::to_array<std::string_view>({
    "loaded_context_length",  // LM Studio: what it is loaded with
    "max_input_tokens",       // Anthropic, LiteLLM
    "inputTokenLimit",        // Gemini
    "max_model_len",          // vLLM
    "context_length",         // OpenRouter, Together, Kimi, Fireworks, NanoGPT
    "context_window",         // Groq, Vercel
    "max_context_length",     // Mistral, LM Studio
    "context_size",
    "max_prompt_length",
    "meta.n_ctx",        // llama.cpp: what it was started with, in newer versions
    "meta.n_ctx_train",  // and what the model was trained for
    "metadata.context_length",
    "limits.max_context_length",
    "limit.context",
});
constexpr auto kMaxOutput = std::to_array<std::string_view>({
    "outputTokenLimit",                    // Gemini
    "top_provider.max_completion_tokens",  // OpenRouter
    "max_completion_tokens",               // Groq
    "max_output_tokens",
    "max_output_length",
    "max_output",
    "max_tokens",  // Anthropic, Vercel
    "limits.max_completion_tokens",
    "limit.output",
});

std::optional<std::uint64_t> tokens(const Value& value) {
  const auto number =
      value.is_string() ? parse_unsigned(value.text()).transform([](auto n) { return static_cast<std::int64_t>(n); }) : value.integer();
  if (!number || *number <= 0 || static_cast<std::uint64_t>(*number) > kMostTokens) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::uint64_t first_tokens(const Value& row, Paths paths) {
  for (const auto path : paths)
    if (const auto value = find_path(row, path))
      if (const auto count = tokens(*value)) return *count;
  return 0;
}

/// A list of words has this one; nothing when it is no list.
std::optional<bool> lists(const std::optional<Value>& list, std::string_view word) {
  if (!list || !list->is_array()) return std::nullopt;
  for (const auto item : list->elements())
    if (item.equals(word)) return true;
  return false;
}

std::optional<bool> flag(const Value& row, std::string_view path) {
  const auto value = find_path(row, path);
  return value ? value->boolean() : std::nullopt;
}

// Prices.

std::optional<double> decimal(const Value& value) {
  if (!value.is_string()) return value.number();
  const std::string text = value.text();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Negative and absurd ones say "it depends" (OpenRouter's own router has -1).
std::optional<double> first_price(const Value& prices, Paths paths) {
  for (const auto path : paths)
    if (const auto value = find_path(prices, path))
      if (const auto number = decimal(*value)) return *number >= 0 && *number < 1e6 ? number : std::nullopt;
  return std::nullopt;
}

constexpr auto kInput = std::to_array<std::string_view>({"prompt", "input", "input_tokens"});
constexpr auto kOutput = std::to_array<std::string_view>({"completion", "output", "output_tokens"});
constexpr auto kCacheRead = std::to_array<std::string_view>({"input_cache_read", "input_cache_reads", "cache_read", "cached_input"});
constexpr auto kCacheWrite = std::to_array<std::string_view>({"input_cache_write", "input_cache_writes", "cache_write"});

std::int64_t units(double price, double per) { return static_cast<std::int64_t>(price * per + 0.5); }

/// No model costs less than this per million tokens, and none costs so much per token: so the dearest price of a row tells its unit.
constexpr double kPerTokenBelow = 0.001;
constexpr double kUnitsPerMillion = 1e6, kUnitsPerToken = 1e12;  // catalog::Price, of a dollar

Price from_table(const Value& table) {
  const auto input = first_price(table, kInput), output = first_price(table, kOutput);
  if (!input || !output) return {};
  const double read = first_price(table, kCacheRead).value_or(*input), write = first_price(table, kCacheWrite).value_or(*input);
  const double per = std::max({*input, *output, read, write}) < kPerTokenBelow ? kUnitsPerToken : kUnitsPerMillion;
  return {units(*input, per), units(*output, per), units(read, per), units(write, per), true};
}

/// xAI's: US cents per 100 million tokens.
Price from_cents(const Value& row) {
  constexpr double kUnitsPerCent = 100;
  constexpr auto kPrompt = std::to_array<std::string_view>({"prompt_text_token_price"});
  constexpr auto kCompletion = std::to_array<std::string_view>({"completion_text_token_price"});
  constexpr auto kCached = std::to_array<std::string_view>({"cached_prompt_text_token_price"});
  const auto input = first_price(row, kPrompt), output = first_price(row, kCompletion);
  if (!input || !output) return {};
  const auto in = units(*input, kUnitsPerCent);
  return {in, units(*output, kUnitsPerCent), units(first_price(row, kCached).value_or(*input), kUnitsPerCent), in, true};
}

// Kinds.

constexpr auto kOtherTypes =
    std::to_array<std::string_view>({"embedding", "embeddings", "image", "audio", "video", "rerank", "reranker", "reranking", "moderation",
                                     "transcription", "transcribe", "speech", "tts", "realtime"});
constexpr auto kOtherIds =
    std::to_array<std::string_view>({"embed", "whisper", "tts-", "-tts", "dall-e", "moderation", "gpt-image", "-audio", "-realtime",
                                     "-transcribe", "sora-", "davinci-", "babbage-", "-guard", "rerank"});

/// What the row itself says of it.
std::optional<bool> says_chat(const Value& row) {
  if (flag(row, "active") == false || flag(row, "archived") == true) return false;
  if (const auto type = row.find("type"))
    if (std::ranges::any_of(kOtherTypes, [&](auto word) { return type->equals(word); })) return false;
  for (const auto* path : {"architecture.output_modalities", "output_modalities"})
    if (const auto text = lists(find_path(row, path), "text")) return text;
  if (const auto generates = lists(row.find("supportedGenerationMethods"), "generateContent")) return generates;
  if (const auto chats = flag(row, "capabilities.completion_chat")) return chats;
  if (lists(row.find("capabilities"), "embedding") == true) return lists(row.find("capabilities"), "completion");
  return std::nullopt;
}

}  // namespace

std::optional<Value> find_path(const Value& value, std::string_view path) {
  const auto dot = path.find('.');
  const auto found = value.find(path.substr(0, dot));
  return !found || dot == std::string_view::npos ? found : find_path(*found, path.substr(dot + 1));
}

std::uint64_t window_of(const Value& row) {
  if (const auto loaded = row.find("loaded_instances"))  // LM Studio, its newer list
    for (const auto instance : loaded->elements())
      if (const auto length = find_path(instance, "config.context_length"))
        if (const auto count = tokens(*length)) return *count;
  return first_tokens(row, kWindow);
}

std::uint64_t max_output_of(const Value& row) { return first_tokens(row, kMaxOutput); }

Price price_of(const Value& row) {
  for (const auto* path : {"pricing", "metadata.pricing"})
    if (const auto table = find_path(row, path); table && table->is_object())
      if (const auto price = from_table(*table); price.known) return price;
  return from_cents(row);
}

std::optional<bool> sees_images(const Value& row) {
  for (const auto* path : {"architecture.input_modalities", "input_modalities"})
    if (const auto images = lists(find_path(row, path), "image")) return images;
  for (const auto* path : {"capabilities.vision", "capabilities.image_input.supported", "supports_image_in", "supports_vision"})
    if (const auto said = flag(row, path)) return said;
  // Ollama and llama.cpp name what a model can do.
  if (const auto words = row.find("capabilities"); lists(words, "completion") == true)
    return lists(words, "vision") == true || lists(words, "multimodal") == true;
  const auto type = row.find("type");  // LM Studio
  if (type && type->equals("vlm")) return true;
  if (type && type->equals("llm")) return false;
  return std::nullopt;
}

bool can_chat(const Value& row, std::string_view id) {
  if (const auto said = says_chat(row)) return *said;
  return std::ranges::none_of(kOtherIds, [&](auto part) { return contains_ignoring_case(id, part); });
}

bool is_loaded(const Value& row) {
  if (const auto state = row.find("state"); state && state->equals("loaded")) return true;
  const auto loaded = row.find("loaded_instances");
  return loaded && loaded->is_array() && !loaded->is_empty();
}

}  // namespace penstock::catalog
