#include "dialect/gemini_request_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/append.h"
#include "base/text.h"
#include "dialect/chat_parts.h"
#include "dialect/function_tools.h"
#include "dialect/gemini_contents.h"
#include "dialect/gemini_tools.h"
#include "dialect/openai_chat_tools.h"
#include "dialect/prompt_text.h"
#include "dialect/sampling.h"

namespace penstock::dialect {

namespace {

constexpr std::uint64_t kMostStops = 5;  // generationConfig.stopSequences
/// Budgets that every model of the 2.5 series takes: Flash-Lite begins at 512, Flash ends at 24,576, Pro lies around both.
constexpr std::uint64_t kLeastBudget = 512, kMostBudget = 24'576;
/// Dynamic thinking, in thinkingBudget.
constexpr std::int64_t kModelDecides = -1;

std::int64_t budget_of(EffortLevel level) {
  constexpr std::array<std::int64_t, 7> kBudgets{0, 512, 4'096, 8'192, 16'384, 24'576, 24'576};
  return kBudgets[static_cast<std::size_t>(level)];
}

/// What `thinkingConfig` says. Either a level (Gemini 3 and newer) or a budget (2.5): both together are refused.
struct Thinking {
  bool says = true, thinks = false;
  std::optional<EffortLevel> level;
  std::optional<std::int64_t> budget;
};

/// The provider's models take levels where the quirk `efforts` names some.
Thinking thinking_of(const llm::Reasoning& reasoning, const ChatQuirks& quirks) {
  using Off = ChatQuirks::ThinkingOff;
  const bool by_level = !quirks.efforts.empty();
  const auto wanted = wanted_thinking(reasoning);
  if (wanted.thinks && by_level) return {true, true, wanted.level ? quirks.efforts.nearest(*wanted.level) : std::nullopt, {}};
  if (wanted.thinks) {
    const bool counted = reasoning.mode == llm::Reasoning::Mode::budget && reasoning.effort.empty() && reasoning.budget != 0;
    if (counted) return {true, true, {}, static_cast<std::int64_t>(std::clamp(reasoning.budget, kLeastBudget, kMostBudget))};
    return {true, true, {}, wanted.level ? budget_of(*wanted.level) : kModelDecides};
  }
  if (quirks.thinking_off == Off::omit) return {.says = false};
  // No level turns it off: the lowest is the nearest to that.
  if (by_level) return {true, false, quirks.efforts.nearest(EffortLevel::none), {}};
  return {true, false, {}, quirks.thinking_off == Off::say ? 0 : static_cast<std::int64_t>(kLeastBudget)};
}

class RequestWriter {
 public:
  RequestWriter(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped)
      : request_(request), options_(options), quirks_(*options.quirks), dropped_(dropped) {}

  std::string write() {
    out_.reserve(room_for(request_));
    out_ += '{';
    append_gemini_contents(request_, options_, dropped_, out_);
    append_system();
    const auto thinking =
        quirks_.reasoning == ChatQuirks::Reasoning::none ? Thinking{.says = false} : thinking_of(request_.reasoning, quirks_);
    const bool functions = append_gemini_tools(request_, options_, thinking.thinks, dropped_, out_);
    append_config(thinking, functions);
    if (!request_.service_tier.empty()) note_dropped(dropped_, "service_tier");
    if (!quirks_.extra.empty()) append(out_, ',', quirks_.extra);
    return std::move(out_ += '}');
  }

 private:
  void append_system() {
    const auto begin = out_.size();
    out_ += R"(,"systemInstruction":{"parts":[)";
    const auto add = [&](std::string_view text) {
      if (text.empty()) return;
      append(out_, out_.back() == '[' ? "" : ",", R"({"text":")");
      append_text(out_, text, options_.long_texts);
      out_ += "\"}";
    };
    for (const auto& part : request_.system)
      if (const auto* text = std::get_if<llm::TextPart>(&part.is)) add(without_attribution(text->text.written));
    add(format_instruction(request_.format, quirks_));
    if (out_.back() == '[') return out_.resize(begin);
    out_ += "]}";
  }

  // --- generationConfig

  void append_config(const Thinking& thinking, bool functions) {
    const auto begin = out_.size();
    out_ += R"(,"generationConfig":{)";
    append_limits();
    append_sampling();
    append_gemini_format(request_.format, quirks_, functions, out_);
    if (thinking.says) append_thinking(thinking);
    if (out_.back() == '{') return out_.resize(begin);
    out_ += '}';
  }

  /// Begins a member.
  std::string& name(std::string_view member) {
    append(out_, out_.back() == '{' ? "\"" : ",\"", member, "\":");
    return out_;
  }

  void append_limits() {
    if (request_.max_tokens) {
      const auto most = options_.max_output == 0 ? *request_.max_tokens : std::min(*request_.max_tokens, options_.max_output);
      append(name("maxOutputTokens"), most);
    }
    const auto count = std::min({request_.stop.size(), quirks_.max_stop_sequences, kMostStops});
    if (count < request_.stop.size()) note_dropped(dropped_, "stop_sequences");
    if (count == 0) return;
    name("stopSequences") += '[';
    for (std::size_t i = 0; i < count; ++i) append(out_, i == 0 ? "\"" : ",\"", request_.stop[i].written, '"');
    out_ += ']';
  }

  void append_sampling() {
    const auto goes = [&](Keep keep, std::string_view field) {
      if (keep == Keep::strip) note_dropped(dropped_, field);
      return keep == Keep::keep;
    };
    if (request_.temperature && goes(quirks_.temperature, "temperature"))
      append_number(name("temperature"), clamped(*request_.temperature, quirks_.temperature_range));
    if (request_.top_p && goes(quirks_.top_p, "top_p")) append_number(name("topP"), *request_.top_p);
    if (request_.top_k && goes(quirks_.top_k, "top_k")) append(name("topK"), *request_.top_k);
  }

  void append_thinking(const Thinking& thinking) {
    name("thinkingConfig") += '{';
    if (thinking.thinks) append(name("includeThoughts"), "true");
    if (thinking.level) append(name("thinkingLevel"), '"', word_of(*thinking.level), '"');
    if (thinking.budget) append(name("thinkingBudget"), *thinking.budget);
    out_ += '}';
  }

  const llm::Request& request_;
  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string out_;
};

/// v1, v1beta, v1alpha, v2beta3.
bool is_version(std::string_view segment) {
  const auto skip_digits = [&] {
    const auto digits = std::min(segment.find_first_not_of("0123456789"), segment.size());
    segment.remove_prefix(digits);
    return digits != 0;
  };
  if (!segment.starts_with('v')) return false;
  segment.remove_prefix(1);
  if (!skip_digits()) return false;
  for (const std::string_view stage : {"alpha", "beta"})
    if (segment.starts_with(stage)) segment.remove_prefix(stage.size());
  skip_digits();
  return segment.empty();
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~").contains(c);
    if (plain)
      out += c;
    else
      append(out, '%', kDigits[byte >> 4U], kDigits[byte & 15U]);
  }
}

}  // namespace

std::string write_gemini_request(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped) {
  return RequestWriter(request, options, dropped).write();
}

std::string gemini_path(std::string_view base_path, std::string_view model, bool stream) {
  while (base_path.ends_with('/')) base_path.remove_suffix(1);
  std::string out(base_path);
  if (!is_version(base_path.substr(base_path.rfind('/') + 1))) out += "/v1beta";
  const bool tuned = model.starts_with("tunedModels/");
  if (tuned || model.starts_with("models/")) model.remove_prefix(model.find('/') + 1);
  out += tuned ? "/tunedModels/" : "/models/";
  append_percent_encoded(out, model);
  return out += stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
}

}  // namespace penstock::dialect
