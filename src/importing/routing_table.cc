// model-router's ROUTING_TABLE: a row for each of Claude's tiers.
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr auto kReasons = std::to_array<Reason>({
    {"*.target_path", "Penstock adds /v1/messages"},
});

/// model-router looks for the tier's word anywhere in the model's name.
std::string pattern_of(std::string_view key) {
  for (const std::string_view tier : {"opus", "sonnet", "haiku"})
    if (key.contains(tier)) return fmt::format("*{}*", tier);
  return std::string(key) + "*";
}

bool read_row(Composer& composer, const std::string& key, Value& row) {
  Value& url = row["upstream"];
  const auto endpoint = composer.endpoint(url.text, "anthropic", "");
  const auto pattern = pattern_of(key);
  if (!endpoint || !is_model_id(row["model_id"].text) || row["model_id"].text.contains('*') || !is_model_id(key)) {
    row.leave(endpoint ? "it has no model_id" : "upstream: " + endpoint.error().message);
    return false;
  }
  const auto name = endpoint->row != nullptr ? endpoint->row->name : to_lower(row["name"].text);
  DraftProvider& provider = composer.add_provider(name, *endpoint);
  url.carry();
  if (!endpoint->change.empty()) url.change(endpoint->change);
  for (const auto* field : {"name", "model_id", "auth_type"}) row[field].carry();
  if (is_variable_name(row["key_env"].text)) provider.api_key = fmt::format("${{{}}}", row["key_env"].take());
  if (endpoint->row == nullptr && row["auth_type"].text == "bearer") provider.auth = "bearer";
  composer.set_timeout(provider, "first_byte", row["timeout_s"], 1, "for the first byte; a stream is never cut by a total time");
  composer.set_timeout(provider, "connect", row["connect_s"], 1, "");
  if (provider.timeouts.contains("connect") && row["connect_s"].number().value_or(0) > 3600) provider.timeouts["connect"] = "1h";
  if (row["target_path"].text == "/v1/messages") row["target_path"].carry();
  composer.add_model(provider, row["model_id"].text);
  composer.add_rule({pattern, {{provider.name, literal(row["model_id"].text)}}, {}});
  return true;
}

}  // namespace

Result<Imported> import_routing_table(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options) {
  Composer composer(catalog, options, Spelling::plain);
  bool any = false;
  for (std::size_t i = 0; i < root.keys.size(); ++i)
    if (root.items[i].is_map()) any = read_row(composer, root.keys[i], root.items[i]) || any;
  if (!any) return fail(config_error("ROUTING_TABLE has no row with an upstream and a model_id"));
  return composer.finish(root, kReasons, "dotenv", file_name);
}

}  // namespace penstock::importing
