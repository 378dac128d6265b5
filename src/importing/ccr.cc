// Claude Code Router's configuration: which version it is, its parts in order, and why some of them stay behind.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"
#include "importing/ccr_parts.h"
#include "importing/tools.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kApp = "it belongs to the desktop application";
constexpr std::string_view kNoScripts = "Penstock runs no scripts; write rules of models and routes instead";

constexpr auto kReasons = std::to_array<Reason>({
    {"LOG", "Penstock logs to standard error"},
    {"CLAUDE_PATH", "`penstock run` reads CLAUDE_PATH from the environment"},
    {"NON_INTERACTIVE_MODE", "nothing has to be said for use without a terminal"},
    {"CUSTOM_ROUTER_PATH", kNoScripts},
    {"REWRITE_SYSTEM_PROMPT", "system prompts pass as they are; a profile may add a text: append_system_prompt"},
    {"forceUseImageAgent", "write routes.images for models that see nothing"},
    {"StatusLine*", "set status_line: on in a profile; see `penstock statusline`"},
    {"transformers*", kNoScripts},
    {"plugins*", "Penstock runs no plugins"},
    {"providerPlugins*", "Penstock runs no plugins"},
    {"Providers[*].tokenizer*", "Penstock estimates tokens by itself and learns from real counts"},
    {"Providers[*].credentials[*].limits*", "the keys of a provider rest when it refuses them: credentials.cooldown"},
    {"Providers[*].credentials[*]*", "only the key itself is carried over; keys are used in turn"},
    {"Providers[*].account*", "balances are not asked for"},
    {"Providers[*].extraBody*", "Penstock sets no parameters of its own"},
    {"Providers[*].modelDescriptions*", "models have a display_name only"},
    {"Providers[*].modelMetadata*", "the window, the largest answer, images and prices are carried over"},
    {"Providers[*].id", "its name is enough"},
    {"Providers[*].*", "Penstock has nothing that corresponds to it"},
    {"Router.builtInRules*", "Penstock needs no switch for Claude Code"},
    {"Router.longContextThreshold", "there is no route for long contexts"},
    {"Router.fallback.models", "the mode of the fallback does not use them"},
    {"Router.*", "Penstock has no such kind of request; write a rule of models"},
    {"fallback.*", "its route is not carried over"},
    {"APIKEYS[*]*", "write virtual keys with `penstock vkey`"},
    {"gateway.enabled", "the gateway runs when it is started: see `penstock start`"},
    {"gateway.core*", "Penstock is one process"},
    {"profile.*", "only the models and the environment of Claude Code's profiles are carried over"},
    {"proxy*", "Penstock does not intercept traffic; write a provider's proxy yourself"},
    {"virtualModelProfiles*", "models that are made of other models are not served"},
    {"agent*", "MCP servers belong to the client"},
    {"toolHub*", "MCP servers belong to the client"},
    {"mediaTools*", "Penstock brings no tools of its own"},
    {"contextArchive*", "Penstock keeps no conversations"},
    {"observability*", "Penstock has its own log: see log"},
    {"bot*", kApp},
    {"tray*", kApp},
    {"overviewWidgets*", kApp},
    {"theme", kApp},
    {"autoStart", "see `penstock service`"},
    {"launchAtLogin", "see `penstock service`"},
    {"preferredProvider", kApp},
    {"routerEndpoint", "the address is server.listen"},
    {"schema*", "a preset's questions are not asked; fill in its values first"},
});

bool is_version_3(Value& root) {
  Value& router = root["Router"];
  if (router["rules"].is_list() || router["builtInRules"].is_map() || root["APIKEYS"].is_list() || root["gateway"].is_map()) return true;
  return std::ranges::any_of(root["Providers"].elements(), [](Value* one) { return (*one)["credentials"].is_list(); });
}

void read_server(Composer& composer, Value& root) {
  composer.add_token(root["APIKEY"]);
  for (Value* key : root["APIKEYS"].elements()) composer.add_token((*key)["key"]);
  Value& gateway = root["gateway"];
  Value& host = root["HOST"].filled() ? root["HOST"] : gateway["host"];
  composer.set_listen(host, root["PORT"].filled() ? root["PORT"] : gateway["port"]);
  for (auto [key, own] : {std::pair{"host", "HOST"}, {"port", "PORT"}})
    if (gateway[key].fate == Fate::unread && gateway[key].text == root[own].text) gateway[key].carry();
  composer.set_log_level(root["LOG_LEVEL"]);
}

/// No proxy leads to a server on this machine.
bool is_near(const Composer& composer, const DraftProvider& provider) {
  const auto* row = composer.row_of(provider);
  const auto host = host_name(provider.base_url, "");
  return (row != nullptr && row->local && provider.base_url.empty()) || host == "localhost" || host.starts_with("127.");
}

/// What is said once for all providers.
void read_connection(Composer& composer, Value& root) {
  constexpr double kMilliseconds = 1000;
  Value& proxy = root["PROXY_URL"].filled() ? root["PROXY_URL"] : root["HTTPS_PROXY"];
  const auto url = composer.spelled(proxy.text);
  const bool usable = url.starts_with("${") || (config::parse_proxy(proxy.text) && proxy.text != "none");
  for (auto& provider : composer.draft.providers) {
    composer.set_timeout(provider, "total", root["API_TIMEOUT_MS"], kMilliseconds, "written at each provider; a stream is never cut by it");
    if (proxy.filled() && usable && !is_near(composer, provider)) provider.proxy = url;
  }
  if (!proxy.filled()) return;
  if (usable) return proxy.change("written at each provider");
  proxy.leave("not a proxy like http://host:port");
}

}  // namespace

Result<Imported> import_ccr(Value& root, std::string_view file_name, const catalog::Catalog& catalog, Options options) {
  Value& list = root["Providers"].filled() ? root["Providers"] : root["providers"];
  if (!root.is_map() || !list.is_list()) return fail(config_error("this is no configuration of Claude Code Router: it has no Providers"));
  Composer composer(catalog, options, Spelling::dollar);
  CcrProviders providers(composer);
  providers.read(list);
  if (composer.draft.providers.empty()) return fail(config_error("Providers names none that Penstock could serve"));
  if (is_version_3(root)) {
    read_ccr_rules(composer, root, providers);
  } else {
    read_ccr_categories(composer, root, providers);
  }
  read_server(composer, root);
  read_connection(composer, root);
  return composer.finish(root, kReasons, "ccr", file_name);
}

}  // namespace penstock::importing
