// What the facts of OpenAI's two APIs have in common (openai_chat_facts.h, openai_responses_facts.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

/// `path: what`, the client's fault.
[[nodiscard]] Error field_fault(std::string_view path, std::string_view what);

/// Watches the keys of a body: a field that decides something must not stand there twice, or we and the provider would see different
/// requests, and no key may be written with an escape that JSON does not have, which a provider may read otherwise than we do.
class DecidingFields {
 public:
  /// At most 64 names; they outlive this.
  explicit DecidingFields(std::span<const std::string_view> names) : names_(names) {}
  /// To be called with each key and its text.
  Status see(std::string_view name, json::Value key);

 private:
  std::span<const std::string_view> names_;
  std::uint64_t seen_ = 0;  // a bit for each name
};

Status read_model_name(json::Value value, llm::Facts& facts);
Status read_stream_flag(json::Value value, llm::Facts& facts);
Status read_token_limit(std::string_view name, json::Value value, std::optional<std::uint64_t>& limit);
/// `none` turns thinking off, every other word on.
void note_effort(std::string word, llm::Facts& facts);
/// A session's name as a log line may carry it: as it is where it fits, else a hash of it.
[[nodiscard]] std::string session_name(const std::string& key);

}  // namespace penstock::dialect
