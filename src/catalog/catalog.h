// The catalogue: what is known of providers and their models. Data, not code: data/providers.yaml and data/models.yaml, embedded in the
// binary; a user's providers.yaml/models.yaml in the configuration directory override rows by name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace penstock::catalog {

/// Integer nano-dollars per thousand tokens (1 US$ per million tokens = 1,000,000): every published price is a whole number of them.
/// A cache price that a row does not give is the input price.
struct Price {
  std::int64_t input = 0, output = 0, cache_read = 0, cache_write = 0;
  bool known = false;
};

/// One model of one provider.
struct Model {
  std::string id;                            // as the provider spells it
  std::string display_name;                  // for a person
  std::uint64_t window = 0, max_output = 0;  // tokens, 0: unknown
  Price price;
  bool vision = true;
  std::map<std::string, std::string> quirks;  // on top of the provider's
  std::string source, date;                   // where the row comes from, and when it was read
};

/// How a person logs in to a provider instead of pasting a key: the device flow of RFC 8628.
struct OAuth {
  std::string client_id;                            // public: that of the provider's own client
  std::string device_authorization_url, token_url;  // https, or http on this machine
  std::string scope;                                // empty: none is sent
  std::vector<std::string> host_env;                // environment variables with another scheme and host for both URLs; the first one set
  std::string credentials_file;                     // below HOME: where the provider's own client keeps its login; empty: not known
  bool operator==(const OAuth&) const = default;
};

/// One provider.
struct Provider {
  std::string name, display_name;
  std::string brand;                   // a colour, #rrggbb, by which a person tells it from others; empty: none
  std::string base_url;                // without a trailing slash or /v1
  std::string dialect;                 // anthropic | openai-chat | openai-responses | gemini
  std::string auth;                    // x-api-key | bearer | none | header
  std::string auth_header;             // with auth: header
  std::vector<std::string> env;        // environment variables that may hold the key, in order
  std::vector<std::string> key_files;  // older key-file names below HOME, e.g. ".DeepSeekAZ1.api.key"
  std::optional<OAuth> oauth;          // where a login is possible
  bool local = false;                  // needs no key; enabled only when configured
  bool aggregator = false;             // any model id is allowed behind the name
  bool count_tokens = false;           // serves /v1/messages/count_tokens
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> quirks;
  /// Quirks of every model whose id fits a pattern, listed or not; an aggregator has more models than rows. Listed models have them in
  /// their own quirks already.
  std::vector<std::pair<std::string, std::map<std::string, std::string>>> model_quirks;
  std::vector<Model> models;  // first one is the default
  std::string source, date;
  std::map<std::string, std::string> tiers;  // Claude Code's opus, sonnet and haiku -> a model's id; without one: the default model
  /// The model with this id, or null.
  [[nodiscard]] const Model* find(std::string_view id) const;
  /// What holds for the model `id`, known or not: the provider's quirks, then those of patterns, then the model's own.
  [[nodiscard]] std::map<std::string, std::string> quirks_of(std::string_view id) const;
};

/// All rows. Immutable after parse; shared between threads.
struct Catalog {
  std::vector<Provider> providers;
  [[nodiscard]] const Provider* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
};

/// Parses the two YAML texts; a fault names the row. Models of a provider without a row give a row that holds only them, for merge().
Result<Catalog> parse(std::string_view providers_yaml, std::string_view models_yaml);
/// The embedded catalogue. A faulty one is a bug and a test's business.
Result<Catalog> builtin();
/// A URL to which tokens may go: encrypted, or never off this machine.
bool is_token_url(std::string_view text);
/// Rows of `over` replace rows of the same name in `base`; models merge by id, so a row without base_url only adds models. New rows and
/// models come last.
Catalog merge(Catalog base, const Catalog& over);

}  // namespace penstock::catalog
