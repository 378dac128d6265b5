// A cc-mirror variant: what variant.json says of it, and the environment in its settings.json.
#include <array>

#include "importing/claude_env.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kOwn = "it belongs to cc-mirror's own patches and folders";

constexpr auto kReasons = std::to_array<Reason>({
    {"variant.configDir", "a profile has a config folder of its own; this one's settings would go before Penstock's"},
    {"variant.nativeVersion", "it follows cc-mirror's default; write claude_version to pin one"},
    {"variant.promptPack*", "Claude Code is never patched; a profile may add a text: append_system_prompt"},
    {"variant.brand", "write theme: brand in the profile"},
    {"variant.teamModeEnabled", "Claude Code is never patched"},
    {"variant.*", kOwn},
    {"settings.env.CC_MIRROR_*", kOwn},
    {"settings.env.Z_AI_API_KEY", "the key of the provider is enough"},
    {"settings.*", "Claude Code's own settings: `penstock run --carry` brings them along"},
});

/// The variables that are cc-mirror's own stay out of the profile.
void leave_own_variables(Value& env) {
  for (std::size_t i = 0; i < env.keys.size(); ++i)
    if (env.keys[i].starts_with("CC_MIRROR_")) env.items[i].leave(std::string(kOwn));
  if (env["Z_AI_API_KEY"].filled()) env["Z_AI_API_KEY"].leave("the provider's key is enough");
}

std::string pinned_version(Value& variant) {
  const bool pinned = variant["nativeVersionSource"].text == "pinned" && is_model_id(variant["nativeVersion"].text);
  if (!pinned) return {};
  variant["nativeVersionSource"].carry();
  return literal(variant["nativeVersion"].take());
}

}  // namespace

Result<Imported> import_cc_mirror(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options) {
  Value& variant = root["variant"];
  Value& env = root["settings"]["env"];
  if (!variant["provider"].filled() && !env.is_map())
    return fail(config_error("this is no cc-mirror variant: give its folder, its variant.json or its config/settings.json"));
  Composer composer(catalog, options, Spelling::plain);
  leave_own_variables(env);
  // variant.json alone says the address too.
  Value alone;
  alone.kind = Value::Kind::map;
  alone.keys = {"ANTHROPIC_BASE_URL"};
  alone.items = {variant["baseUrl"]};
  const bool only_variant = !env.is_map() || (!env["ANTHROPIC_BASE_URL"].filled() && variant["baseUrl"].filled());
  const std::string name = variant["name"].filled() ? variant["name"].text : "variant";
  TRY_STATUS(read_claude_env(composer, only_variant ? alone : env, name, pinned_version(variant)));
  if (only_variant) variant["baseUrl"] = alone.items.front();
  for (const auto* key : {"name", "provider", "baseUrl"}) variant[key].carry();
  if (composer.draft.profiles.front().name != name) variant["name"].change("the profile is called " + composer.draft.profiles.front().name);
  if (variant["provider"].text == "ccrouter")
    variant["provider"].change("it points at Claude Code Router; `penstock import ccr` makes Penstock take its place");
  return composer.finish(root, kReasons, "cc-mirror", file_name);
}

}  // namespace penstock::importing
