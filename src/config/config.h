// What a user's configuration file says, as plain values. Filled by load.h; read by app/, policy/ and gateway/.
// The meaning of each key is in fields.cc (the table from which validation and docs/configuration.md come).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "llm/request_kind.h"

namespace penstock::config {

using Milliseconds = std::chrono::milliseconds;

/// Where to listen. `host` is a numeric address or a name such as `localhost`; port 0 lets the kernel choose.
struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 4100;
  bool operator==(const ListenAddress&) const = default;
};

struct TlsFiles {
  std::string cert;  // PEM chain
  std::string key;   // PEM key, not readable by others
};

struct Server {
  std::vector<ListenAddress> listen{ListenAddress{}};
  std::optional<TlsFiles> tls;
  unsigned workers = 0;  // 0: one per core that we may use
  unsigned max_inflight = 1024;
  std::size_t max_body = 64ULL << 20;  // bytes
  Milliseconds drain{30'000};
  std::vector<std::string> hosts;  // further Host names that are ours (a reverse proxy's name); only checked when open
};

/// How long to wait for a provider; see design.md: never a total that cuts a healthy stream.
struct Timeouts {
  std::optional<Milliseconds> connect, first_byte, idle, total;
};

struct Price {  // US dollars per million tokens, as written; the cache prices default to the input price. catalog turns them into integers
  double input = 0, output = 0, cache_read = 0, cache_write = 0;
};

/// One model of a provider that the configuration spells out, or overrides.
struct ProviderModel {
  std::string id;
  std::string display_name;
  std::optional<std::uint64_t> window, max_output;  // tokens
  std::optional<Price> price;
  std::optional<bool> vision;
  std::map<std::string, std::string> quirks;
};

enum class CredentialMode : std::uint8_t { rotate, passthrough };

struct PoolKey {
  Secret key;
  unsigned weight = 1;  // with rotation: weighted
};

struct Credentials {
  CredentialMode mode = CredentialMode::rotate;
  std::vector<PoolKey> pool;
  std::string rotation = "round_robin";  // a word that policy::parse_rotation knows
  Milliseconds cooldown{60'000};
  unsigned max_inflight = 0;  // requests at the same time with one key; 0: no limit
};

/// What waits where a limit of requests at the same time is reached.
struct Queue {
  unsigned length = 32;
  Milliseconds wait{5'000};
};

/// A request that is made now and then, to see whether a provider lives.
struct HealthCheck {
  std::string path;  // of a GET below base_url, with a leading slash
  Milliseconds every{30'000};
};

/// One entry under `providers`. Empty members mean: as the catalogue says.
struct Provider {
  std::string name;     // the key in the file
  std::string catalog;  // the catalogue row it stands on; the name itself when there is such a row; empty otherwise
  std::string base_url, dialect, auth, auth_header;  // auth: x-api-key | bearer | none | header (then auth_header)
  std::optional<Secret> api_key;                     // never empty when set
  std::vector<std::string> unset_variables;          // variables that the file names for keys and that have no value
  Credentials credentials;
  bool has_credentials = false;  // the file has `credentials`
  std::vector<ProviderModel> models;
  std::map<std::string, std::string> quirks;  // scalar values as text, lists joined with ","
  std::map<std::string, std::string> headers;
  Timeouts timeouts;
  std::string ca_file;               // PEM with a private CA
  std::optional<std::string> proxy;  // http://host:port; "none" switches HTTPS_PROXY off for this provider
  std::optional<bool> count_tokens;  // has POST /v1/messages/count_tokens
  bool enabled = true;
  unsigned max_inflight = 0;  // requests at the same time to one model; 0: no limit
  Queue queue;
  std::optional<HealthCheck> health_check;
};

struct Target {
  std::string provider, model;  // `model` may hold one `*` that the pattern's star fills
  unsigned weight = 1;
};

/// How the next one of several targets is chosen.
enum class Balance : std::uint8_t { ordered, weighted, round_robin, least_busy, fastest, cheapest };

/// One line of `models`: what a client may ask for. Exactly one of name and match is set.
struct ModelRule {
  std::string name;   // exact
  std::string match;  // glob
  std::vector<Target> to;
  Balance balance = Balance::ordered;
  std::string display_name;
};

/// One line of `routes`: where requests of a kind go.
struct KindRoute {
  llm::RequestKind kind = llm::RequestKind::background;
  std::vector<std::string> to;      // in order of preference: names of `models`, or provider/model
  std::uint64_t over = 200'000;     // with long_context: input tokens from which on
  std::vector<std::string> models;  // globs of the names asked for that it concerns; none: every name
};

/// What is tried next, by what was asked for: that name, the name or pattern of a rule, provider/model, or `*` for all others. The values
/// are names of `models`, or provider/model.
struct Fallbacks {
  using Chains = std::vector<std::pair<std::string, std::vector<std::string>>>;
  Chains on_error, on_context_overflow, on_refusal;
};

/// Trying again, before an answer has begun.
struct Retry {
  unsigned attempts = 2;  // for each target, the first included
  Milliseconds backoff{500}, max_backoff{8'000};
  Milliseconds deadline{600'000};  // of the whole request: no attempt begins after it
};

/// When a target that fails is left alone.
struct Cooldown {
  unsigned failures = 3;  // in a row
  Milliseconds rest{30'000};
};

enum class Affinity : std::uint8_t { session, none };

/// A named set-up for `penstock run`, or a variant's file. Models are what a client may ask for: `provider/model-id`, or a name of
/// `models`.
struct Profile {
  std::string name;
  std::string provider;  // stands for its models where `models` is silent; empty: main must be given
  std::string main, opus, sonnet, haiku, subagent;
  std::map<std::string, std::string> env;
  std::vector<std::string> args;     // before the user's own
  std::string append_system_prompt;  // a file
  std::string config_dir;            // CLAUDE_CONFIG_DIR; empty: one of its own in the state folder
  std::string claude_version;        // X.Y.Z, latest or stable; empty: the `claude` of PATH
  std::string theme;                 // `brand` (the provider's colours), or a theme that Claude Code knows; empty: as it is
  bool status_line = false;          // Claude Code shows `penstock statusline`
  std::string claude_channel;        // latest or stable: where `penstock variant update` gets the next claude_version; empty: it stays
  std::string command;               // the script that `penstock variant` made for it; empty: none
};

/// Where `penstock keys set` puts a key, and where one is looked for besides the environment.
enum class CredentialStore : std::uint8_t { files, keyring };

enum class SearchKind : std::uint8_t { searxng, brave };

/// The gateway's own web search.
struct WebSearch {
  std::string url;  // no slash at its end; empty: there is none
  SearchKind kind = SearchKind::searxng;
  std::optional<Secret> api_key;             // never empty when set
  std::vector<std::string> unset_variables;  // variables that the file names for the key and that have no value
  unsigned max_results = 8;
};

enum class AnswersModel : std::uint8_t { automatic, provider, asked };
enum class LogFormat : std::uint8_t { text, json };

struct Log {
  std::string level = "info";  // debug | info | warn | error
  LogFormat format = LogFormat::text;
};

/// The whole file. A default-constructed Config is what runs with no file at all.
struct Config {
  std::string path;    // the file it came from; empty without one
  bool blank = false;  // the file says nothing at all
  Server server;
  std::vector<Secret> auth_tokens;
  std::vector<Provider> providers;
  std::vector<ModelRule> models;
  std::string default_model;
  std::vector<KindRoute> routes;  // in the order of the file: the first that fits decides
  Fallbacks fallbacks;
  Retry retry;
  Cooldown cooldown;
  Affinity affinity = Affinity::session;
  std::optional<Milliseconds> hedge_background;  // silence after which a background request is sent to the next target too; none: never
  bool share_background = false;                 // equal background requests under way share one answer
  AnswersModel answers_model = AnswersModel::automatic;
  std::vector<std::string> picker{"*"};
  Log log;
  std::vector<Profile> profiles;
  CredentialStore credential_store = CredentialStore::files;
  WebSearch web_search;
  /// Files of profiles that are at fault, by the profile's name: the faults, a line each. Their profiles are not among `profiles`.
  std::map<std::string, std::string> left_out;
  std::vector<std::string> warnings;  // on what is valid but hardly meant, each with its place in the file
};

}  // namespace penstock::config
