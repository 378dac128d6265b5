// What is known of one request while it is served. Each group has one writing stage; later stages only read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/snapshot.h"
#include "llm/facts.h"
#include "llm/usage.h"
#include "net/task.h"

namespace penstock::gateway {

enum class Outcome : unsigned char { done, refused, client_left, provider_failed };
std::string_view name(Outcome outcome);

/// Which API operation a request asks for.
enum class Operation : unsigned char { messages, count_tokens, other };

struct Record {
  // gateway: at the beginning
  net::TimePoint started;
  std::string request_id;  // ours: req_ and 24 hex digits; the provider's replaces it when there is one
  Operation operation = Operation::other;
  dialect::Api client = dialect::Api::anthropic;  // what it speaks
  std::string method, path;
  std::string path_target;   // NAME of /to/NAME/…
  bool claude_code = false;  // the client says that it is
  std::string session;       // x-claude-code-session-id, else from metadata (inspect)

  // inspect
  llm::Facts facts;

  // route
  policy::Plan plan;
  const Upstream* upstream = nullptr;
  const UpstreamModel* model = nullptr;  // null: a model that the catalogue does not know
  std::string model_id;                  // what the provider is asked for

  // adapt
  std::string dropped;  // fields of the client's that the provider's dialect has no place for, joined with commas

  // attempt
  unsigned attempts = 0;
  std::string provider_request_id;
  credentials::TokenPtr token;  // of a login, as sent last; null with a key
  /// What was shown to the provider.
  [[nodiscard]] const Secret& credential() const { return token ? token->access : upstream->key; }

  // relay, respond
  llm::Usage usage;
  std::string stop_reason;
  net::TimePoint first_byte{};  // of the answer, to the client
  std::string error;            // what went wrong, for the log
  Outcome outcome = Outcome::refused;
};

}  // namespace penstock::gateway
