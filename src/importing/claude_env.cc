#include "importing/claude_env.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace penstock::importing {

namespace {

struct Slot {
  std::string_view variable, model;
};
// A later variable fills a slot only when it is still empty.
constexpr auto kSlots = std::to_array<Slot>({
    {"ANTHROPIC_MODEL", "main"},
    {"ANTHROPIC_DEFAULT_SONNET_MODEL", "main"},
    {"ANTHROPIC_DEFAULT_OPUS_MODEL", "main"},
    {"ANTHROPIC_DEFAULT_OPUS_MODEL", "opus"},
    {"ANTHROPIC_DEFAULT_SONNET_MODEL", "sonnet"},
    {"ANTHROPIC_DEFAULT_HAIKU_MODEL", "haiku"},
    {"ANTHROPIC_SMALL_FAST_MODEL", "haiku"},
    {"CLAUDE_CODE_SUBAGENT_MODEL", "subagent"},
});
constexpr std::string_view kMillion = "[1m]";  // Claude Code's mark for a long window, no part of the id

void read_models(Composer& composer, DraftProvider& provider, Value& env, DraftProfile& profile) {
  for (const auto& [variable, slot] : kSlots) {
    Value& field = env[variable];
    if (!field.filled() || field.fate == Fate::left_out) continue;
    const std::string asked(trim(field.text));
    const auto id = asked.ends_with(kMillion) ? asked.substr(0, asked.size() - kMillion.size()) : asked;
    if (id.contains('*') || !composer.add_model(provider, id)) {
      field.leave("no model's name");
      continue;
    }
    profile.models.emplace(slot, provider.name + "/" + literal(asked));
    field.carry();
  }
}

/// Anthropic itself, with Claude Code's own login.
DraftProvider& own_login(Composer& composer) {
  Endpoint anthropic;
  anthropic.row = composer.catalog().find("anthropic");
  if (anthropic.row == nullptr) anthropic.base_url = "https://api.anthropic.com", anthropic.dialect = "anthropic";
  auto& provider = composer.add_provider("anthropic", anthropic);
  provider.passthrough = true;
  return provider;
}

}  // namespace

Status read_claude_env(Composer& composer, Value& env, std::string_view name, std::string_view claude_version) {
  Value& url = env["ANTHROPIC_BASE_URL"];
  Value& key = env["ANTHROPIC_AUTH_TOKEN"].filled() ? env["ANTHROPIC_AUTH_TOKEN"] : env["ANTHROPIC_API_KEY"];
  DraftProvider* provider = nullptr;
  if (url.filled()) {
    const auto endpoint = composer.endpoint(url.text, "anthropic", "");
    if (!endpoint) return fail(config_error("ANTHROPIC_BASE_URL: " + endpoint.error().message));
    provider = &composer.add_provider(endpoint->row != nullptr ? endpoint->row->name : safe_name(name), *endpoint);
    url.carry();
    if (!endpoint->change.empty()) url.change(endpoint->change);
    composer.set_key(*provider, key);
  } else {
    provider = &own_login(composer);
    if (key.filled()) provider->passthrough = false, composer.set_key(*provider, key);
  }
  DraftProfile profile;
  profile.provider = provider->name;
  profile.claude_version = claude_version;
  read_models(composer, *provider, env, profile);
  composer.set_env(profile, env);
  profile.name = composer.profile_name(name);
  composer.draft.profiles.push_back(std::move(profile));
  return {};
}

}  // namespace penstock::importing
