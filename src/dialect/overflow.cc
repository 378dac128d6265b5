#include "dialect/overflow.h"

#include <algorithm>
#include <span>
#include <vector>

#include "base/text.h"

namespace penstock::dialect {

namespace {

/// One wording: both parts must occur, case aside.
struct Wording {
  std::string_view part, other_part;
  bool has_numbers = true;  // false: numbers in the text are something else (codes, an excess)
};

// wire-reference 3.10, the provider beside its words.
constexpr Wording kWordings[] = {
    {"prompt is too long", {}},                            // Anthropic, Fireworks
    {"capability_rejected: prompt_too_long", {}, false},   // Anthropic's own gateway
    {"input is too long for requested model", {}, false},  // Bedrock
    {"exceeds the context window", {}},                    // OpenAI
    {"maximum context length", {}},                        // OpenAI (older), vLLM, DeepSeek, OpenRouter, SGLang, Mistral
    {"context length is only", {}},                        // vLLM
    {"maximum model length", {}},                          // vLLM
    {"contextwindowexceeded", {}},                         // LiteLLM
    {"context window exceeded", {}},                       // LiteLLM
    {"input token count", "exceeds the maximum"},          // Google
    {"input token count", "supports up to"},               // Google, Vertex
    {"maximum prompt length is", {}},                      // xAI
    {"reduce the length of the messages", {}},             // Groq
    {"maximum allowed input length", {}},                  // OpenRouter
    {"longer than the model's context length", {}},        // Together, SGLang
    {"exceeds the available context size", {}},            // llama.cpp
    {"greater than the context length", {}},               // LM Studio
    {"loaded with context length of", {}},                 // LM Studio
    {"exceeds the limit of", "prompt token"},              // Copilot
    {"exceeds the limit of", "input token"},
    {"context window exceeds limit", {}, false},                  // MiniMax, with its code 2013
    {"exceeded model token limit", {}},                           // Kimi
    {"too large for model with", {}},                             // Mistral
    {"prompt exceeds max length", {}, false},                     // Z.ai
    {"prompt too long; exceeded max context length", {}, false},  // Ollama tells the excess
    {"prompt too long", {}, false},                               // Z.ai
    {"range of input length should be", {}},                      // DashScope
};

constexpr std::string_view kCodes[] = {
    "context_length_exceeded",        // OpenAI, OpenRouter, Groq
    "exceed_context_size_error",      // llama.cpp
    "model_context_window_exceeded",  // Z.ai
    "1261",                           // Z.ai
    "request_too_large",              // under another status than 413
};

constexpr std::string_view kThrottling[] = {"rate limit", "rate_limit", "ratelimit",         "per minute", "per second", "per day",
                                            "throttl",    "quota",      "too many requests", "(tpm)",      "please wait"};

// Smaller numbers are codes or list positions, greater ones ids.
constexpr std::uint64_t kLeastTokens = 1000, kMostTokens = 100'000'000;

/// Starts at a digit; reads 131072, 131,072 and 131_072 and moves past it. Nothing for a part of a word, a version or an id.
class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : text_(text) {}

  /// The number at `at`, which is then behind it.
  std::optional<std::uint64_t> read(std::size_t& at) const {
    const std::size_t begin = at;
    std::string digits;
    while (is_digit(at) || (at > begin && is_separator(at))) {
      if (is_digit(at)) digits += text_[at];
      ++at;
    }
    const bool whole = !is_wordy(begin, -1) && !is_wordy(at, 0) && !(byte(at) == '.' && is_digit(at + 1));
    return whole ? parse_unsigned(digits) : std::nullopt;
  }
  [[nodiscard]] bool is_digit(std::size_t at) const { return byte(at) >= '0' && byte(at) <= '9'; }

 private:
  [[nodiscard]] char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  /// A comma or underscore before exactly three more digits.
  [[nodiscard]] bool is_separator(std::size_t at) const {
    return (byte(at) == ',' || byte(at) == '_') && is_digit(at + 1) && is_digit(at + 2) && is_digit(at + 3) && !is_digit(at + 4);
  }
  [[nodiscard]] bool is_wordy(std::size_t at, int shift) const {
    if (shift < 0 && at == 0) return false;
    const char c = byte(shift < 0 ? at - 1 : at);
    return (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || (shift < 0 && c == '.');
  }
  std::string_view text_;
};

/// All numbers of the text that may count tokens.
std::vector<std::uint64_t> token_counts(std::string_view text) {
  const NumberReader reader(text);
  std::vector<std::uint64_t> counts;
  for (std::size_t at = 0; at < text.size();) {
    if (!reader.is_digit(at)) {
      ++at;
      continue;
    }
    const auto number = reader.read(at);
    if (number && *number >= kLeastTokens && *number <= kMostTokens) counts.push_back(*number);
  }
  return counts;
}

/// The number right before each of `phrases`, summed; none when none is there.
std::optional<std::uint64_t> sum_before(std::string_view text, std::span<const std::string_view> phrases) {
  std::optional<std::uint64_t> sum;
  for (const auto phrase : phrases) {
    const auto at = text.find(phrase);
    if (at == std::string_view::npos) continue;
    auto begin = at;
    while (begin > 0 && (NumberReader(text).is_digit(begin - 1) || text[begin - 1] == ',')) --begin;
    while (begin < at && text[begin] == ',') ++begin;
    if (const auto number = begin < at ? NumberReader(text).read(begin) : std::nullopt) sum = sum.value_or(0) + *number;
  }
  return sum;
}

/// The number right behind the first of `phrases` that has one.
std::optional<std::uint64_t> number_after(std::string_view text, std::span<const std::string_view> phrases) {
  for (const auto phrase : phrases) {
    auto at = text.find(phrase);
    if (at == std::string_view::npos) continue;
    at += phrase.size();
    if (NumberReader(text).is_digit(at))
      if (const auto number = NumberReader(text).read(at)) return number;
  }
  return std::nullopt;
}

// What vLLM, DeepSeek, OpenAI, OpenRouter and SGLang say of the parts of a request; in lower case.
constexpr std::string_view kInputPhrases[] = {" in the messages", " in your prompt", " in the prompt", " of text input",
                                              " of tool input",   " of image input", " input tokens",  " tokens from the input messages"};
constexpr std::string_view kOutputPhrases[] = {" in the completion", " for the completion", " in the output", " output tokens",
                                               " tokens for the completion"};
constexpr std::string_view kOutputBefore[] = {"is too large: "};
constexpr std::string_view kLimitBefore[] = {
    "maximum context length is ", "maximum context length of ",          "context length is only ",
    "maximum context length: ",   "loaded with context length of only ", "loaded with context length of "};

Overflow read_counts(std::string_view lowered) {
  Overflow found;
  found.limit = number_after(lowered, kLimitBefore);
  found.prompt = sum_before(lowered, kInputPhrases);
  found.output = sum_before(lowered, kOutputPhrases);
  if (!found.output) found.output = number_after(lowered, kOutputBefore);
  if (found.limit && found.prompt) return found;
  // No such words: of two counts the greater is the prompt and the smaller the window, or it would have fitted. A lone one is the window.
  found.output.reset();
  const auto counts = token_counts(lowered);
  if (counts.empty()) return found;
  const auto [least, most] = std::ranges::minmax(counts);
  if (!found.limit) found.limit = least;
  if (most > *found.limit) found.prompt = most;
  return found;
}

bool is_composite(std::string_view lowered) {
  return lowered.contains("input length and") && lowered.contains("max_tokens") && lowered.contains("exceed context limit");
}

const Wording* find_wording(std::string_view lowered) {
  const auto found = std::ranges::find_if(
      kWordings, [&](const Wording& wording) { return lowered.contains(wording.part) && lowered.contains(wording.other_part); });
  return found == std::end(kWordings) ? nullptr : &*found;
}

bool is_overflow_code(std::string_view code) { return std::ranges::find(kCodes, code) != std::end(kCodes); }

}  // namespace

bool speaks_of_throttling(std::string_view message) {
  const std::string lowered = to_lower(message);
  return std::ranges::any_of(kThrottling, [&](std::string_view word) { return lowered.contains(word); });
}

std::optional<Overflow> find_overflow(const ErrorText& text) {
  const std::string lowered = to_lower(text.message);
  if (is_composite(lowered)) return Overflow{.prompt = {}, .output = {}, .limit = {}, .as_written = true};
  const auto* wording = find_wording(lowered);
  const bool by_code = is_overflow_code(text.code) || is_overflow_code(text.type);
  if ((wording == nullptr && !by_code) || speaks_of_throttling(text.message)) return std::nullopt;
  Overflow found;
  if (wording == nullptr ? by_code : wording->has_numbers) found = read_counts(lowered);
  if (text.prompt_tokens) found.prompt = text.prompt_tokens;
  if (text.window) found.limit = text.window;
  return found;
}

std::string overflow_message(const Overflow& overflow, const ErrorText& text, std::uint64_t window, std::uint64_t estimated_prompt) {
  if (overflow.as_written) return text.message;
  const std::uint64_t limit = overflow.limit.value_or(window);
  std::uint64_t prompt = overflow.prompt.value_or(estimated_prompt);
  if (limit == 0) return text.message.empty() ? "prompt is too long" : "prompt is too long: " + text.message;
  if (overflow.prompt && overflow.output && prompt <= limit && prompt + *overflow.output > limit)
    return "input length and `max_tokens` exceed context limit: " + std::to_string(prompt) + " + " + std::to_string(*overflow.output) +
           " > " + std::to_string(limit) + ", decrease input length or `max_tokens` and try again";
  // An estimate may fall short of the window that the provider says is full; the client needs an excess to act upon.
  prompt = std::max(prompt, limit + 1);
  return "prompt is too long: " + std::to_string(prompt) + " tokens > " + std::to_string(limit) + " maximum";
}

}  // namespace penstock::dialect
