// From a checked tree to the values of Config, with the rules that concern more than one key. Each part reads one top-level key and notes
// its own faults; a value that check() rejected is skipped, so every fault is told once.
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/load.h"

namespace penstock::config {

/// What the parts share.
struct Source {
  const Node& root;
  const LoadContext& context;
  const Surroundings& around;
};

/// `server` and `auth`: listening beyond this machine needs tokens.
void fill_server(const Source& source, Config& config, Report& report);
/// `providers`: a catalogue row or a base_url, sane headers and credentials.
void fill_providers(const Source& source, Config& config, Report& report);
/// `models` and `default_model`: names are unique, targets lead to known providers. Needs config.providers.
void fill_models(const Source& source, Config& config, Report& report);
/// `routes`, `fallbacks`, `retry`, `cooldown`, `affinity`, `hedge`, `share`: every name leads somewhere. Needs config.models.
void fill_routing(const Source& source, Config& config, Report& report);
/// `profiles`: names that no provider has, models of known providers. Needs config.providers.
void fill_profiles(const Source& source, Config& config, Report& report);
/// `answers`, `picker`, `credentials`, `log`.
void fill_answers(const Source& source, Config& config);

/// `web_search`: whose API it is, and the key where that needs one.
void fill_web_search(const Source& source, Config& config, Report& report);

/// Every provider that a target may name.
std::vector<std::string> provider_names(const Config& config, const LoadContext& context);

/// What a name may lead to. Needs config.models and config.providers.
struct Destinations {
  const Source& source;
  const Config& config;
  Report& report;
};
/// Notes when the scalar `node`, the value of `key`, leads nowhere: no rule of `models` has or matches that name, and it is no model of a
/// provider that is there (`provider/model`, or CCR's `provider,model`).
void check_destination(const Destinations& among, std::string_view key, const Node& node);

/// The scalar at `key` read by `read`, or nothing.
template <typename T>
std::optional<T> value_at(const Node& map, std::string_view key, std::expected<T, std::string> (*read)(std::string_view)) {
  const Node* node = map.scalar(key);
  if (node == nullptr) return std::nullopt;
  auto value = read(node->text);
  return value ? std::optional<T>(std::move(*value)) : std::nullopt;
}

/// The text of the scalar at `key`, or `otherwise`.
std::string text_at(const Node& map, std::string_view key, std::string_view otherwise = "");

}  // namespace penstock::config
