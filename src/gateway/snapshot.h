// What the gateway knows of its configuration, compiled once and never changed. A reload makes a new one; a request keeps the one that it
// began with. Each worker has a reference of its own, so that nothing is counted across threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "credentials/refresher.h"
#include "dialect/quirks.h"
#include "dialect/signature.h"
#include "dialect/translation.h"
#include "gateway/search_backend.h"
#include "gateway/standing.h"
#include "net/connect.h"
#include "policy/course.h"
#include "policy/judgement.h"
#include "policy/pool.h"
#include "policy/router.h"

namespace penstock::gateway {

/// How a provider wants its credential.
enum class AuthScheme : unsigned char { x_api_key, bearer, header, none };

/// One of a provider's credentials.
struct Credential {
  Secret key;
  std::shared_ptr<credentials::TokenSource> token_source;  // instead of `key`: a login that is refreshed
  std::string source;                                      // where it was found
  unsigned weight = 1;                                     // with Rotation::weighted
  std::shared_ptr<Standing> standing;                      // never null once a snapshot is built
  std::uint64_t id = 0;                                    // the same in every gateway that has this credential
};

/// One model of a provider, as far as requests need it.
struct UpstreamModel {
  std::string id, display_name;
  std::uint64_t window = 0, max_output = 0;  // tokens, 0: unknown
  bool vision = true;
  catalog::Price price;
  dialect::Quirks quirks;    // of a provider with Anthropic's dialect
  dialect::ChatQuirks chat;  // of one with any other dialect
  std::string listed;        // the day on which the provider's own list told of it; empty: a row or the configuration does
};

/// A request that is made now and then (health_checks.h), and what it tells.
struct HealthCheck {
  std::string path;  // below the provider's base_url
  std::chrono::milliseconds every{0};
  std::shared_ptr<Standing> standing;  // rests while the provider is unwell; never null
};

/// One provider, ready for use.
struct Upstream {
  std::string name, display_name;
  std::string brand;    // its colour, #rrggbb; empty: none is known
  std::string dialect;  // as configured
  dialect::Api api = dialect::Api::anthropic;
  net::Origin origin;
  std::string host;          // the Host field's value
  std::string path;          // what stands before /v1/messages: "" or "/anthropic"
  std::string api_path;      // of OpenAI's dialects, whole: "/v1/chat/completions"; empty for others
  std::string base_url;      // for people
  bool transparent = false;  // Anthropic itself: nothing changes but the model name
  bool aggregator = false;
  bool local = false;
  bool counts_tokens = false;  // serves /v1/messages/count_tokens
  bool passthrough = false;    // the client's own credential passes
  bool visible = true;         // listed in /v1/models and /health

  AuthScheme auth = AuthScheme::x_api_key;
  std::string auth_header;                                 // with AuthScheme::header
  Secret key;                                              // the first of `credentials`, for those who show or check it
  std::string key_source;                                  // where the key was found; empty without one
  std::shared_ptr<credentials::TokenSource> token_source;  // instead of `key`, when the credential is a login that is refreshed
  std::vector<Credential> credentials;                     // never empty once built; an empty one where none is needed or none is there
  policy::Rotation rotation = policy::Rotation::round_robin;
  policy::Rests rests;                                 // of a credential that was refused
  unsigned max_inflight = 0, credential_inflight = 0;  // requests at the same time to one model, and with one credential; 0: no limit
  unsigned queue_length = 32;                          // how many may wait for a place, on all workers
  std::chrono::milliseconds queue_wait{5'000};         // how long one may
  [[nodiscard]] bool limited() const { return max_inflight != 0 || credential_inflight != 0; }
  std::optional<HealthCheck> check;
  std::string login;            // what `penstock login` takes for this provider; empty: it has no login
  std::string credential_beta;  // an anthropic-beta that goes with the credential
  std::string key_variable;     // the environment variable that usually holds it
  /// A key or a login of our own.
  [[nodiscard]] bool has_key() const { return !key.empty() || token_source || (!credentials.empty() && !credentials.front().key.empty()); }
  [[nodiscard]] bool has_credential() const { return auth == AuthScheme::none || passthrough || has_key(); }

  /// Somebody can pay: we, or the client, whose own credential Anthropic takes where there is none of ours.
  [[nodiscard]] bool may_serve() const { return has_credential() || transparent; }

  dialect::Quirks quirks;  // for models that the catalogue does not know, unless a pattern fits
  std::vector<std::pair<std::string, dialect::Quirks>>
      pattern_quirks;        // by glob over model ids, first match: `anthropic/*` of an aggregator
  dialect::ChatQuirks chat;  // the same for the other dialects
  std::vector<std::pair<std::string, dialect::ChatQuirks>> pattern_chat;
  std::vector<UpstreamModel> models;           // those that only the provider's own list has come last
  std::string default_model;                   // which of these stands for the provider when there are no others; empty: none
  std::map<std::string, std::string> tiers;    // opus, sonnet, haiku -> a model's id; the first model where nothing is said
  std::map<std::string, std::string> headers;  // extra fields of each request, names in lower case
  std::chrono::milliseconds connect_timeout{10'000}, first_byte_timeout{300'000}, idle_timeout{300'000}, total_timeout{0};  // total 0: none

  /// The same provider where it speaks other dialects: address, way of showing the key, and quirks differ, the rest is the same.
  std::vector<Upstream> others;
  /// The endpoint that speaks the client's dialect, so that bytes can pass as they are; this one where none does.
  [[nodiscard]] const Upstream& speaking(dialect::Api client) const {
    if (api == client) return *this;
    for (const auto& other : others)
      if (other.api == client) return other;
    return *this;
  }

  [[nodiscard]] const UpstreamModel* find(std::string_view model) const {
    for (const auto& one : models)
      if (one.id == model) return &one;
    return nullptr;
  }
  /// The model's id for a tier (opus, sonnet, haiku; any other word is the default); empty when no model is known.
  [[nodiscard]] std::string tier(const std::string& word) const {
    if (const auto found = tiers.find(word); found != tiers.end()) return found->second;
    return models.empty() || !models.front().listed.empty() ? default_model : models.front().id;
  }
  [[nodiscard]] const dialect::Quirks& quirks_for(std::string_view model) const {
    if (const UpstreamModel* known = find(model)) return known->quirks;
    for (const auto& [pattern, fitting] : pattern_quirks)
      if (matches_glob(pattern, model)) return fitting;
    return quirks;
  }
  [[nodiscard]] const dialect::ChatQuirks& chat_for(std::string_view model) const {
    if (const UpstreamModel* known = find(model)) return known->chat;
    for (const auto& [pattern, fitting] : pattern_chat)
      if (matches_glob(pattern, model)) return fitting;
    return chat;
  }
};

/// Everything that a request needs to know.
struct Snapshot {
  std::vector<Secret> tokens;      // client tokens; none: open, which only a loopback listener may be
  std::vector<std::string> hosts;  // Host names that are ours when we are open, lower case, without ports
  std::vector<Upstream> upstreams;
  std::unordered_map<std::string_view, const Upstream*> by_name;
  std::map<std::string, std::string, std::less<>>
      keyless;  // providers of the catalogue that are off for want of a key, and that alone -> the variable to set
  policy::Router router{{}, {}, {}, {}};
  std::shared_ptr<const dialect::SignatureCodec> signatures;
  std::optional<SearchBackend> search;  // where the web is searched for providers that cannot; nothing: not configured, or at fault
  std::string search_fault;             // why it cannot be used, though it is configured
  bool affinity = true;                 // sessions stay where they are
  policy::Backoff retry;
  std::chrono::milliseconds deadline{600'000};  // of a request: no attempt begins after it
  unsigned max_inflight = 1024;
  bool any_limited = false;  // some provider has limits of its own
  bool any_checked = false;  // some provider has health checks
  /// Silence after which a stream gets a ping. Claude Code shows "Waiting for API response" after 20 s (wire-reference 2.3).
  std::chrono::milliseconds ping_after{15'000};
  std::size_t max_body = 64UL << 20;
  config::AnswersModel answers_model = config::AnswersModel::automatic;  // which name of the model an answer carries
  bool share_background = false;                                         // equal background requests under way get one answer
  /// Silence after which a background request goes to a second target too; none: never.
  std::optional<std::chrono::milliseconds> hedge_background;
  bool json_log = false;
  bool debug = false;  // log.level debug: answers say more of what was done to the request

  [[nodiscard]] bool open() const { return tokens.empty(); }
  [[nodiscard]] const Upstream* find(std::string_view provider) const {
    const auto found = by_name.find(provider);
    return found == by_name.end() ? nullptr : found->second;
  }
};

}  // namespace penstock::gateway
