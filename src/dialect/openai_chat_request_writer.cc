#include "dialect/openai_chat_request_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/chat_reasoning.h"
#include "dialect/chat_search.h"
#include "dialect/digest.h"
#include "dialect/function_tools.h"
#include "dialect/openai_chat_messages.h"
#include "dialect/openai_chat_tools.h"
#include "dialect/sampling.h"

namespace penstock::dialect {

namespace {

constexpr std::size_t kLongestCacheKey = 64;  // OpenAI's limit

/// Writes one body, field by field. Each function appends its members with a comma before them.
class RequestWriter {
 public:
  RequestWriter(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped)
      : request_(request), options_(options), quirks_(*options.quirks), dropped_(dropped) {}

  std::string write() {
    out_.reserve(room_for(request_));
    append(out_, R"({"model":)", json_quote(options_.model), R"(,"messages":)");
    append_chat_messages(request_, options_, format_instruction(request_.format, quirks_), dropped_, out_);
    const auto tools_at = out_.size();
    // What is said about thinking decides what may be said about tools.
    const bool thinks = append_chat_reasoning(request_.reasoning, quirks_, out_);
    const auto reasoning = out_.substr(tools_at);
    out_.resize(tools_at);
    append_chat_tools(request_, options_, thinks, dropped_, out_);
    append_chat_search(request_, quirks_, out_);
    append_max_tokens();
    append_sampling();
    append_stop();
    out_ += reasoning;
    append_format(request_.format, quirks_, out_);
    append_user();
    append_stream();
    if (!quirks_.extra.empty()) append(out_, ',', quirks_.extra);
    return std::move(out_ += '}');
  }

 private:
  void append_max_tokens() {
    if (!request_.max_tokens) return;
    const auto most = options_.max_output == 0 ? *request_.max_tokens : std::min(*request_.max_tokens, options_.max_output);
    const bool newer = quirks_.max_tokens == ChatQuirks::MaxTokens::max_completion_tokens;
    append(out_, newer ? R"(,"max_completion_tokens":)" : R"(,"max_tokens":)", most);
  }

  void append_sampling() {
    const auto add = [&](std::string_view name, double value) {
      append(out_, ",\"", name, "\":");
      append_number(out_, value);
    };
    const auto goes = [&](Keep keep, std::string_view name) {
      if (keep == Keep::strip) note_dropped(dropped_, name);
      return keep == Keep::keep;
    };
    if (request_.temperature && goes(quirks_.temperature, "temperature"))
      add("temperature", clamped(*request_.temperature, quirks_.temperature_range));
    if (request_.top_p && goes(quirks_.top_p, "top_p")) add("top_p", *request_.top_p);
    if (request_.top_k && goes(quirks_.top_k, "top_k")) append(out_, R"(,"top_k":)", *request_.top_k);
  }

  void append_stop() {
    const auto count = std::min<std::uint64_t>(request_.stop.size(), quirks_.max_stop_sequences);
    if (count < request_.stop.size()) note_dropped(dropped_, "stop_sequences");
    if (count == 0) return;
    out_ += R"(,"stop":[)";
    for (std::size_t i = 0; i < count; ++i) append(out_, i == 0 ? "\"" : ",\"", request_.stop[i].written, '"');
    out_ += ']';
  }

  /// Who the user is, as a hash: a provider needs to tell users apart, not to know them.
  void append_user() {
    if (!request_.user.empty() && !quirks_.user.empty())
      append(out_, ",\"", quirks_.user, "\":\"", sha256_hex(unescape(request_.user.written)), '"');
    if (request_.session.empty() || quirks_.cache_key.empty()) return;
    const auto key = request_.session.written;
    append(out_, ",\"", quirks_.cache_key, "\":\"", key.size() <= kLongestCacheKey ? std::string(key) : sha256_hex(key), '"');
  }

  void append_stream() {
    if (!request_.service_tier.empty()) note_dropped(dropped_, "service_tier");
    if (!request_.stream) return;
    out_ += R"(,"stream":true)";
    if (quirks_.stream_usage) out_ += R"(,"stream_options":{"include_usage":true})";
  }

  const llm::Request& request_;
  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string out_;
};

}  // namespace

std::string write_openai_chat_request(const llm::Request& request, const OpenAiChatOptions& options, std::vector<std::string>& dropped) {
  return RequestWriter(request, options, dropped).write();
}

}  // namespace penstock::dialect
