// What all importers do alike: providers and their keys, model names, tokens, addresses. Marks the source's fields as it goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "importing/draft.h"
#include "importing/endpoint.h"
#include "importing/notes.h"
#include "importing/reference.h"
#include "importing/source.h"

namespace penstock::importing {

struct Options {
  bool with_keys = false;  // literal keys are written into the file, instead of a variable's name
};

/// The outcome of an import.
struct Imported {
  std::string yaml;
  std::vector<Note> notes;
};

class Composer {
 public:
  /// `catalog` must outlive the composer.
  Composer(const catalog::Catalog& catalog, Options options, Spelling spelling)
      : catalog_(catalog), options_(options), spelling_(spelling) {}

  Draft draft;

  [[nodiscard]] const catalog::Catalog& catalog() const { return catalog_; }
  /// The text in Penstock's spelling.
  [[nodiscard]] std::string spelled(std::string_view source) const { return to_text(source, spelling_).text; }
  [[nodiscard]] Result<Endpoint> endpoint(std::string_view url, std::string_view dialect, std::string_view hint) const;

  /// A new provider at `endpoint`, called `wanted` as far as the rules for names and the catalogue's own names allow.
  DraftProvider& add_provider(std::string_view wanted, const Endpoint& endpoint);
  /// The catalogue's row behind a provider, or null.
  [[nodiscard]] const catalog::Provider* row_of(const DraftProvider& provider) const;
  /// Makes `id` known to the provider, unless the catalogue knows it or takes any. False: no request can name such an id.
  bool add_model(DraftProvider& provider, const std::string& id);

  /// The key in `field`: a reference is kept; a literal key becomes a variable, unless keys are wanted. Marks the field.
  /// `variable` is the one that holds it where the tool says so; empty: the catalogue's, or one made of the provider's name.
  void set_key(DraftProvider& provider, Value& field, const std::string& variable = {});
  /// Several keys, each as above.
  void set_pool(DraftProvider& provider, const std::vector<Value*>& fields);
  void set_headers(DraftProvider& provider, Value& headers);
  /// `key` is one of `timeouts`; the field holds a number of seconds divided by `per_second`. `reason` is noted, if any.
  void set_timeout(DraftProvider& provider, const std::string& key, Value& field, double per_second, const std::string& reason);
  /// A token that clients show.
  void add_token(Value& field);
  /// After the tokens: without any, only a loopback address is written.
  void set_listen(Value& host, Value& port);
  void set_log_level(Value& field);
  /// `attempts` = retries + 1, as far as the configuration goes.
  void set_retries(Value& field);

  /// A model name that a client may ask for: white space and control characters become hyphens, which is noted.
  std::string model_name(Value& field);
  /// Adds a rule, unless one has the name already.
  void add_rule(DraftRule rule);

  /// `name` as a profile's name that is neither a provider's nor another profile's.
  [[nodiscard]] std::string profile_name(std::string_view name) const;
  /// Variables for Claude Code. Those that sound secret or that `penstock run` sets itself stay behind.
  void set_env(DraftProfile& profile, Value& env);

  /// The file's text and the notes on every field of `root`.
  Imported finish(const Value& root, std::span<const Reason> reasons, std::string_view tool, std::string_view file_name);

 private:
  [[nodiscard]] bool is_taken(std::string_view name) const;
  /// The key as it stands in the file; empty when it is not written.
  std::string key_text(const DraftProvider& provider, const std::string& variable, Value& field) const;
  [[nodiscard]] std::string variable_for(const DraftProvider& provider) const;

  const catalog::Catalog& catalog_;
  Options options_;
  Spelling spelling_;
};

/// At most one star, and only characters that a target may hold.
bool is_model_id(std::string_view id);
/// `name` with every character that a provider's or profile's name may not hold replaced by a hyphen.
std::string safe_name(std::string_view name);
/// A whole number within the bounds, or nothing.
std::optional<std::uint64_t> whole(const Value& field, std::uint64_t least, std::uint64_t most);

}  // namespace penstock::importing
