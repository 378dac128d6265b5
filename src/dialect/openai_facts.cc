#include "dialect/openai_facts.h"

#include <algorithm>

#include "dialect/anthropic_request.h"
#include "dialect/digest.h"

namespace penstock::dialect {

Error field_fault(std::string_view path, std::string_view what) {
  return client_error(ErrorKind::invalid_request, std::string(path) + ": " + std::string(what));
}

Status DecidingFields::see(std::string_view name, json::Value key) {
  if (!key.has_valid_escapes())
    return fail(client_error(ErrorKind::invalid_request,
                             "the key at byte " + std::to_string(key.begin()) + " has an escape that JSON does not have"));
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return {};
  const auto bit = std::uint64_t{1} << static_cast<unsigned>(found - names_.begin());
  if ((seen_ & bit) != 0)
    return fail(field_fault(name, "stands in the body twice, the second time at byte " + std::to_string(key.begin())));
  seen_ |= bit;
  return {};
}

Status read_model_name(json::Value value, llm::Facts& facts) {
  if (!value.is_string() || value.raw_text().empty()) return fail(field_fault("model", "expected the name of a model"));
  if (value.raw_text().size() > kMaxModelName * 6) return fail(field_fault("model", "the name is too long"));
  facts.model = value.text();
  if (facts.model.size() > kMaxModelName) return fail(field_fault("model", "the name is too long"));
  return {};
}

Status read_stream_flag(json::Value value, llm::Facts& facts) {
  const auto wanted = value.boolean();
  if (!wanted) return fail(field_fault("stream", "expected true or false"));
  facts.stream = *wanted;
  return {};
}

Status read_token_limit(std::string_view name, json::Value value, std::optional<std::uint64_t>& limit) {
  const auto number = value.integer();
  if (!number || *number < 0) return fail(field_fault(name, "expected an integer of 0 or more"));
  limit = static_cast<std::uint64_t>(*number);
  return {};
}

void note_effort(std::string word, llm::Facts& facts) {
  facts.thinking = word == "none" ? llm::Thinking::disabled : llm::Thinking::adaptive;
  facts.effort = std::move(word);
}

std::string session_name(const std::string& key) {
  constexpr std::string_view kFit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  constexpr std::size_t kMostBytes = 128;
  if (auto session = session_of(key); !session.empty()) return session;
  const bool fits = key.size() <= kMostBytes && key.find_first_not_of(kFit) == std::string::npos;
  return fits ? key : sha256_hex(key).substr(0, 32);
}

}  // namespace penstock::dialect
