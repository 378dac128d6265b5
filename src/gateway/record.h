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
  std::string path_target;            // NAME of /to/NAME/…
  bool claude_code = false;           // the client says that it is
  std::string session;                // x-claude-code-session-id, else from metadata (inspect)
  std::string session_header, agent;  // x-claude-code-session-id and x-claude-code-agent-id, as they came

  // inspect
  llm::Facts facts;

  // route
  policy::Plan plan;
  const Upstream* upstream = nullptr;
  const UpstreamModel* model = nullptr;  // null: a model that the catalogue does not know
  std::string model_id;                  // what the provider is asked for

  // aim: for each attempt
  const Credential* chosen = nullptr;         // null until the first attempt
  bool passthrough = false;                   // the client's own credential goes along
  const dialect::Quirks* quirks = nullptr;    // of the target, with what it was repaired with
  const dialect::ChatQuirks* chat = nullptr;  // the same for the other dialects
  std::string_view why;                       // what came before: a word of policy::Why, hedged or shared; empty: the plan's first target

  // adapt
  std::string dropped;  // fields of the client's that the provider's dialect has no place for, joined with commas

  // attempt
  unsigned attempts = 0;
  policy::Stage stage = policy::Stage::connect;  // how far the attempt has come
  policy::Limits limits;                         // as the last answer's head tells
  std::string provider_request_id;
  credentials::TokenPtr token;  // of a login, as sent last; null with a key
  /// What was shown to the provider.
  [[nodiscard]] const Secret& credential() const { return token ? token->access : chosen ? chosen->key : upstream->key; }

  // relay, respond
  llm::Usage usage;
  std::string stop_reason;
  net::TimePoint first_byte{};  // of the answer, to the client
  std::string error;            // what went wrong, for the log
  Outcome outcome = Outcome::refused;
};

}  // namespace penstock::gateway
