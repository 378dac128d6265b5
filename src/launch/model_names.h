// Which provider and model a name that Claude Code shows stands for, and what that costs: as the gateway would have it, but without asking
// one, and without looking for keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "config/config.h"
#include "policy/router.h"

namespace penstock::launch {

struct NamedModel {
  std::string provider, model;
  std::string display_name;  // empty when nobody gave one
  catalog::Price price;      // not known: a subscription, or nobody has written it down
};

/// Both must outlive it.
class ModelNames {
 public:
  ModelNames(const catalog::Catalog& catalog, const config::Config& config);

  /// `place` is a provider, a profile or a name of `models` that the session was started for (the NAME of /to/NAME); empty: none. Nothing
  /// when the name leads nowhere.
  [[nodiscard]] std::optional<NamedModel> find(std::string_view asked, std::string_view place) const;

  /// The place that ANTHROPIC_BASE_URL means: the NAME of a path /to/NAME, or the provider whose own address it is; `anthropic` when it is
  /// empty. Nothing for any other address.
  [[nodiscard]] std::optional<std::string> place_of(std::string_view base_url) const;

 private:
  [[nodiscard]] Result<policy::Plan> route(std::string_view asked, std::string_view place) const;

  const catalog::Catalog& catalog_;
  const config::Config& config_;
  policy::Router router_;
};

}  // namespace penstock::launch
