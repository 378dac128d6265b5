// What both versions of Claude Code Router have in common, and what each adds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "importing/composer.h"

namespace penstock::importing {

/// The source's providers by the names that its routes use.
class CcrProviders {
 public:
  explicit CcrProviders(Composer& composer) : composer_(composer) {}

  /// Reads `Providers`, with the keys of both versions.
  void read(Value& providers);
  /// The target behind `provider,model` or `provider/model`, if the provider is carried over and the model can be named.
  std::optional<DraftTarget> target(std::string_view text);
  /// The same; marks the field as carried, or as left out.
  std::optional<DraftTarget> target_at(Value& field);
  /// The targets of a list; those that cannot be carried over are marked.
  std::vector<DraftTarget> targets_at(Value& list);

 private:
  void read_one(Value& provider);
  void read_keys(DraftProvider& out, Value& provider);
  void read_models(DraftProvider& out, Value& provider);
  static void read_metadata(DraftModel& model, Value& metadata);

  Composer& composer_;
  std::map<std::string, DraftProvider*> by_name_;
};

/// Carries what a provider's `transformer` says as far as quirks go; empty, or why the provider cannot be carried over at all.
std::string ccr_transformer_fault(Value& transformer);
void read_ccr_transformer(DraftProvider& provider, Value& transformer);
/// The dialect that the transformers speak; empty when they do not say.
std::string_view ccr_dialect(Value& transformer);

/// Version 2: Router categories and `fallback`.
void read_ccr_categories(Composer& composer, Value& root, CcrProviders& providers);
/// Version 3: Router.rules, Router.fallback and `profile`.
void read_ccr_rules(Composer& composer, Value& root, CcrProviders& providers);

}  // namespace penstock::importing
