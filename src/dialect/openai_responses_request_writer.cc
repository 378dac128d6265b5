#include "dialect/openai_responses_request_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/digest.h"
#include "dialect/efforts.h"
#include "dialect/function_tools.h"
#include "dialect/openai_chat_tools.h"
#include "dialect/responses_input.h"
#include "dialect/responses_tools.h"
#include "dialect/sampling.h"

namespace penstock::dialect {

namespace {

constexpr std::size_t kLongestCacheKey = 64;  // OpenAI's limit
constexpr std::uint64_t kFewestTokens = 16;   // OpenAI refuses a max_output_tokens below it
constexpr std::string_view kSummary = R"("summary":"auto")";

/// Anthropic's and OpenAI's words for it. `auto` is what every provider does unasked.
constexpr std::array<std::string_view, 6> kTiers{"default", "flex", "scale", "priority", "fast", "ultrafast"};

/// The effort to name; nothing: the model's own.
std::optional<EffortLevel> effort_of(const WantedThinking& wanted, const ChatQuirks& quirks) {
  if (wanted.thinks) return wanted.level ? quirks.efforts.nearest(*wanted.level) : std::nullopt;
  if (quirks.thinking_off == ChatQuirks::ThinkingOff::omit) return std::nullopt;
  const bool off = quirks.thinking_off == ChatQuirks::ThinkingOff::say && quirks.efforts.has(EffortLevel::none);
  return off ? EffortLevel::none : quirks.efforts.nearest(EffortLevel::none);
}

/// Writes one body, field by field. Each function appends its members with a comma before them.
class RequestWriter {
 public:
  RequestWriter(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped)
      : request_(request),
        options_(options),
        quirks_(*options.quirks),
        dropped_(dropped),
        reasons_(quirks_.reasoning != ChatQuirks::Reasoning::none),
        wanted_(wanted_thinking(request.reasoning)),
        effort_(effort_of(wanted_, quirks_)) {}

  std::string write() {
    out_.reserve(room_for(request_));
    append(out_, R"({"model":)", json_quote(options_.model), R"(,"store":false)");
    append_instructions(request_.system, options_.long_texts, out_);
    append_responses_input(request_, options_, format_instruction(request_.format, quirks_), dropped_, out_);
    const bool thinks = wanted_.thinks || quirks_.thinking_off != ChatQuirks::ThinkingOff::say;
    const bool searches = append_responses_tools(request_, options_, thinks, dropped_, out_);
    append_max_tokens();
    append_sampling();
    append_reasoning();
    append_include(searches);
    append_text_format(request_.format, quirks_, out_);
    append_user();
    append_service_tier();
    if (request_.stream) out_ += R"(,"stream":true)";
    if (!quirks_.extra.empty()) append(out_, ',', quirks_.extra);
    return std::move(out_ += '}');
  }

 private:
  void append_max_tokens() {
    if (!request_.max_tokens) return;
    const auto most = options_.max_output == 0 ? *request_.max_tokens : std::min(*request_.max_tokens, options_.max_output);
    append(out_, R"(,"max_output_tokens":)", std::max(most, kFewestTokens));
  }

  void append_sampling() {
    const auto goes = [&](Keep keep, std::string_view name) {
      if (keep == Keep::strip) note_dropped(dropped_, name);
      return keep == Keep::keep;
    };
    if (request_.temperature && goes(quirks_.temperature, "temperature")) {
      out_ += R"(,"temperature":)";
      append_number(out_, clamped(*request_.temperature, quirks_.temperature_range));
    }
    if (request_.top_p && goes(quirks_.top_p, "top_p")) {
      out_ += R"(,"top_p":)";
      append_number(out_, *request_.top_p);
    }
    if (request_.top_k && goes(quirks_.top_k, "top_k")) append(out_, R"(,"top_k":)", *request_.top_k);
    if (!request_.stop.empty()) note_dropped(dropped_, "stop_sequences");  // this API has none
  }

  void append_reasoning() {
    if (!reasons_) return;
    const bool off = effort_ == EffortLevel::none;
    const std::string_view more = !quirks_.thinking_fields.empty() ? std::string_view(quirks_.thinking_fields) : off ? "" : kSummary;
    out_ += R"(,"reasoning":{)";
    if (effort_) append(out_, R"("effort":")", word_of(*effort_), '"');
    append(out_, effort_ && !more.empty() ? "," : "", more, '}');
  }

  /// Sealed reasoning is refused by models that have none.
  void append_include(bool searches) {
    if (!reasons_ && !searches) return;
    append(out_, R"(,"include":[)", reasons_ ? R"("reasoning.encrypted_content")" : "", reasons_ && searches ? "," : "",
           searches ? R"("web_search_call.action.sources")" : "", ']');
  }

  /// Who the user is, as a hash: a provider needs to tell users apart, not to know them.
  void append_user() {
    if (!request_.user.empty() && !quirks_.user.empty())
      append(out_, ",\"", quirks_.user, "\":\"", sha256_hex(unescape(request_.user.written)), '"');
    if (request_.session.empty() || quirks_.cache_key.empty()) return;
    const auto key = request_.session.written;
    append(out_, ",\"", quirks_.cache_key, "\":\"", key.size() <= kLongestCacheKey ? std::string(key) : sha256_hex(key), '"');
  }

  void append_service_tier() {
    const auto asked = request_.service_tier.written;
    if (asked.empty() || asked == "auto") return;
    const std::string_view tier = asked == "standard_only" ? "default" : asked;
    if (std::ranges::find(kTiers, tier) == kTiers.end()) return note_dropped(dropped_, "service_tier");
    append(out_, R"(,"service_tier":")", tier, '"');
  }

  const llm::Request& request_;
  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  bool reasons_;  // the model is one that reasons
  WantedThinking wanted_;
  std::optional<EffortLevel> effort_;
  std::string out_;
};

}  // namespace

std::string write_openai_responses_request(const llm::Request& request, const OpenAiChatOptions& options,
                                           std::vector<std::string>& dropped) {
  return RequestWriter(request, options, dropped).write();
}

}  // namespace penstock::dialect
