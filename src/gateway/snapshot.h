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
#include "net/connect.h"
#include "policy/router.h"

namespace penstock::gateway {

/// How a provider wants its credential.
enum class AuthScheme : unsigned char { x_api_key, bearer, header, none };

/// One model of a provider, as far as requests need it.
struct UpstreamModel {
  std::string id, display_name;
  std::uint64_t window = 0, max_output = 0;  // tokens, 0: unknown
  bool vision = true;
  catalog::Price price;
  dialect::Quirks quirks;    // of a provider with Anthropic's dialect
  dialect::ChatQuirks chat;  // of one with Chat Completions
};

/// One provider, ready for use.
struct Upstream {
  std::string name, display_name;
  std::string brand;                                          // its colour, #rrggbb; empty: none is known
  std::string dialect;                                        // as configured
  std::optional<dialect::Api> api = dialect::Api::anthropic;  // nothing: this version does not speak it
  net::Origin origin;
  std::string host;          // the Host field's value
  std::string path;          // what stands before /v1/messages: "" or "/anthropic"
  std::string chat_path;     // of Chat Completions, whole: "/v1/chat/completions"
  std::string base_url;      // for people
  bool transparent = false;  // Anthropic itself: nothing changes but the model name
  bool aggregator = false;
  bool local = false;
  bool counts_tokens = false;  // serves /v1/messages/count_tokens
  bool passthrough = false;    // the client's own credential passes
  bool visible = true;         // listed in /v1/models and /health

  AuthScheme auth = AuthScheme::x_api_key;
  std::string auth_header;  // with AuthScheme::header
  Secret key;
  std::string key_source;                                  // where the key was found; empty without one
  std::shared_ptr<credentials::TokenSource> token_source;  // instead of `key`, when the credential is a login that is refreshed
  std::string login;                                       // what `penstock login` takes for this provider; empty: it has no login
  std::string credential_beta;                             // an anthropic-beta that goes with the credential
  std::string key_variable;                                // the environment variable that usually holds it
  [[nodiscard]] bool has_credential() const { return auth == AuthScheme::none || passthrough || !key.empty() || token_source; }

  dialect::Quirks quirks;  // for models that the catalogue does not know, unless a pattern fits
  std::vector<std::pair<std::string, dialect::Quirks>>
      pattern_quirks;        // by glob over model ids, first match: `anthropic/*` of an aggregator
  dialect::ChatQuirks chat;  // the same for Chat Completions
  std::vector<std::pair<std::string, dialect::ChatQuirks>> pattern_chat;
  std::vector<UpstreamModel> models;
  std::map<std::string, std::string> tiers;    // opus, sonnet, haiku -> a model's id; the first model where nothing is said
  std::map<std::string, std::string> headers;  // extra fields of each request, names in lower case
  std::chrono::milliseconds connect_timeout{10'000}, first_byte_timeout{300'000}, idle_timeout{300'000}, total_timeout{0};  // total 0: none

  [[nodiscard]] const UpstreamModel* find(std::string_view model) const {
    for (const auto& one : models)
      if (one.id == model) return &one;
    return nullptr;
  }
  /// The model's id for a tier (opus, sonnet, haiku; any other word is the default); empty when no model is known.
  [[nodiscard]] std::string tier(const std::string& word) const {
    if (const auto found = tiers.find(word); found != tiers.end()) return found->second;
    return models.empty() ? "" : models.front().id;
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
      keyless;  // providers of the catalogue that are off for want of a key -> the variable to set
  policy::Router router{{}, {}, {}, {}};
  std::shared_ptr<const dialect::SignatureCodec> signatures;
  unsigned max_inflight = 1024;
  /// Silence after which a stream gets a ping. Claude Code shows "Waiting for API response" after 20 s (wire-reference 2.3).
  std::chrono::milliseconds ping_after{15'000};
  std::size_t max_body = 64UL << 20;
  config::AnswersModel answers_model = config::AnswersModel::automatic;  // which name of the model an answer carries
  bool json_log = false;
  bool debug = false;  // log.level debug: answers say more of what was done to the request

  [[nodiscard]] bool open() const { return tokens.empty(); }
  [[nodiscard]] const Upstream* find(std::string_view provider) const {
    const auto found = by_name.find(provider);
    return found == by_name.end() ? nullptr : found->second;
  }
};

}  // namespace penstock::gateway
