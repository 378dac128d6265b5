#include "app/build_models.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::app {

namespace {

using QuirkMap = std::map<std::string, std::string>;

/// `over` on top of `base`.
QuirkMap overlay(QuirkMap base, const QuirkMap& over) {
  for (const auto& [name, value] : over) base[name] = value;
  return base;
}

catalog::Price to_price(const config::Price& price) {
  const auto units = [](double dollars) { return static_cast<std::int64_t>(dollars * 1e6 + 0.5); };
  return {units(price.input), units(price.output), units(price.cache_read), units(price.cache_write), true};  // as catalog::Price counts
}

class ModelsBuilder {
 public:
  ModelsBuilder(gateway::Upstream& upstream, const ModelSources& sources) : up_(upstream), from_(sources) {}

  Status build() {
    up_.pattern_quirks.clear();
    up_.pattern_chat.clear();
    up_.models.clear();
    up_.tiers = from_.row.tiers;
    TRY_STATUS(compile(up_, {}, true));
    TRY_STATUS(patterns());
    for (const auto& model : from_.row.models) TRY_STATUS(add(model));
    for (const auto& model : from_.entry.models) TRY_STATUS(add_or_override(model));
    return {};
  }

 private:
  /// The quirks of a dialect go where it keeps them; `to` is the upstream itself or one of its models.
  template <typename Holder>
  Status compile(Holder& to, const QuirkMap& of_model, bool vision) const {
    QuirkMap names = overlay(overlay(from_.endpoint.quirks, from_.entry.quirks), of_model);
    if (!vision) names.try_emplace("images", "placeholder");
    if (up_.dialect == "anthropic") {
      auto parsed = dialect::parse_quirks(names, up_.transparent ? dialect::transparent() : dialect::strict());
      if (!parsed) return fail(in_provider(up_.name, parsed.error()));
      to.quirks = *parsed;
      to.chat = {};
    } else {
      auto parsed = dialect::parse_chat_quirks(names, {});
      if (!parsed) return fail(in_provider(up_.name, parsed.error()));
      to.quirks = dialect::strict();
      to.chat = *parsed;
    }
    return {};
  }

  Status patterns() {
    for (const auto& [pattern, names] : from_.endpoint.model_quirks) {
      gateway::UpstreamModel fitting;
      TRY_STATUS(compile(fitting, names, true));
      up_.pattern_quirks.emplace_back(pattern, std::move(fitting.quirks));
      up_.pattern_chat.emplace_back(pattern, std::move(fitting.chat));
    }
    return {};
  }

  /// What the catalogue says of a model at this endpoint. A listed model's own quirks are of the row's main dialect.
  [[nodiscard]] QuirkMap quirks_of(const std::string& id) const {
    const catalog::Model* known = from_.row.find(id);
    const bool main = from_.endpoint.dialect == from_.row.dialect;
    return known != nullptr && main ? known->quirks : from_.endpoint.quirks_by_pattern(id);
  }

  Status add(const catalog::Model& model) {
    gateway::UpstreamModel one{model.id, model.display_name, model.window, model.max_output, model.vision, model.price, {}, {}};
    TRY_STATUS(compile(one, quirks_of(model.id), model.vision));
    up_.models.push_back(std::move(one));
    return {};
  }

  Status add_or_override(const config::ProviderModel& model) {
    auto at = std::ranges::find(up_.models, model.id, &gateway::UpstreamModel::id);
    if (at == up_.models.end()) at = up_.models.insert(at, gateway::UpstreamModel{.id = model.id});
    if (!model.display_name.empty()) at->display_name = model.display_name;
    if (model.window) at->window = *model.window;
    if (model.max_output) at->max_output = *model.max_output;
    if (model.vision) at->vision = *model.vision;
    if (model.price) at->price = to_price(*model.price);
    return compile(*at, overlay(quirks_of(model.id), model.quirks), at->vision);
  }

  gateway::Upstream& up_;
  const ModelSources& from_;
};

}  // namespace

Status build_models(gateway::Upstream& upstream, const ModelSources& sources) { return ModelsBuilder(upstream, sources).build(); }

Error in_provider(const std::string& name, Error error) {
  error.message = fmt::format("providers.{}: {}", name, error.message);
  return error;
}

}  // namespace penstock::app
