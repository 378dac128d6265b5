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

/// Quirks of every model whose id fits a pattern; where several fit, the later one wins word by word.
using ModelQuirks = std::vector<std::pair<std::string, std::map<std::string, std::string>>>;

/// Where a provider speaks one API, and how it differs there.
struct Endpoint {
  std::string dialect;      // anthropic | openai-chat | openai-responses | gemini
  std::string base_url;     // without a trailing slash or /v1
  std::string auth;         // x-api-key | bearer | none | header
  std::string auth_header;  // with auth: header
  /// Chosen by a configuration that names the dialect, never because a client speaks it: translating serves that client better, or the
  /// same key is not good there.
  bool opt_in = false;
  std::map<std::string, std::string> quirks;
  ModelQuirks model_quirks;
  std::string source, date;
  /// What the patterns say of the model `id`.
  [[nodiscard]] std::map<std::string, std::string> quirks_by_pattern(std::string_view id) const;
  /// Where nothing says how the credential is shown: as the API's own vendor takes it.
  void take_usual_auth();
};

/// One provider.
struct Provider {
  std::string name, display_name;
  std::string brand;     // a colour, #rrggbb, by which a person tells it from others; empty: none
  std::string base_url;  // this and the next three: of the main API, as in Endpoint
  std::string dialect;
  std::string auth;
  std::string auth_header;
  std::vector<std::string> env;        // environment variables that may hold the key, in order
  std::vector<std::string> key_files;  // older key-file names below HOME, e.g. ".DeepSeekAZ1.api.key"
  std::optional<OAuth> oauth;          // where a login is possible
  bool local = false;                  // needs no key; enabled only when configured
  bool aggregator = false;             // any model id is allowed behind the name
  bool count_tokens = false;           // serves /v1/messages/count_tokens
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> quirks;  // of the main API, as are those of models
  /// By pattern, for models that are listed or not; an aggregator has more models than rows. Listed models have them in their own quirks
  /// already.
  ModelQuirks model_quirks;
  std::vector<Endpoint> apis;  // what it speaks besides, one for each dialect
  std::vector<Model> models;   // first one is the default
  std::string source, date;
  std::map<std::string, std::string> tiers;  // Claude Code's opus, sonnet and haiku -> a model's id; without one: the default model
  std::string models_path;                   // where the host has its list of models, query included; empty: below base_url, as usual
  /// The model with this id, or null.
  [[nodiscard]] const Model* find(std::string_view id) const;
  /// What holds for the model `id`, known or not: the provider's quirks, then those of patterns, then the model's own.
  [[nodiscard]] std::map<std::string, std::string> quirks_of(std::string_view id) const;
  /// The main API as an endpoint.
  [[nodiscard]] Endpoint main_api() const;
  /// The endpoint beside the main one that speaks `dialect`, or null.
  [[nodiscard]] const Endpoint* find_api(std::string_view dialect) const;
  /// What it speaks, the main dialect first.
  [[nodiscard]] std::vector<std::string> dialects() const;
};

/// What a provider said of its models when it was asked (`penstock models --refresh`). It fills what rows and configuration leave open, and
/// adds models that they do not know.
struct ProviderList {
  std::string provider;    // as the configuration names it
  std::string base_url;    // of the server that was asked: for another one, the list says nothing
  std::int64_t asked = 0;  // seconds since 1970
  std::vector<Model> models;
};

/// All rows, and the lists beside them. Immutable after it is loaded; shared between threads.
struct Catalog {
  std::vector<Provider> providers;
  std::vector<ProviderList> lists;   // one a provider
  std::vector<std::string> remarks;  // on lists that could not be read
  [[nodiscard]] const Provider* find(std::string_view name) const;
  /// The list of the provider that the configuration knows by that name and that is reached there; null without one.
  [[nodiscard]] const ProviderList* list_of(std::string_view name, std::string_view base_url) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// What each provider speaks, by name.
  [[nodiscard]] std::map<std::string, std::vector<std::string>> dialects() const;
};

/// Parses the two YAML texts; a fault names the row. Models of a provider without a row give a row that holds only them, for merge().
Result<Catalog> parse(std::string_view providers_yaml, std::string_view models_yaml);
/// The embedded catalogue. A faulty one is a bug and a test's business.
Result<Catalog> builtin();
/// A URL to which tokens may go: encrypted, or never off this machine.
bool is_token_url(std::string_view text);
/// Rows of `over` replace rows of the same name in `base`, with their endpoints: a key must not go to a host that its row does not name.
/// A row without base_url only adds: its endpoints merge by dialect. Models merge by id in any case. New rows and models come last.
Catalog merge(Catalog base, const Catalog& over);

}  // namespace penstock::catalog
