#include "config/effective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/values.h"

namespace penstock::config {

namespace {

/// Quoted so that YAML and the reader of references give the text back as it is.
std::string text(std::string_view value) {
  std::string escaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.substr(i).starts_with("${")) escaped += '$';
    escaped += value[i];
  }
  return json_quote(escaped);
}

std::string list(const std::vector<std::string>& words) {
  std::vector<std::string> items;
  for (const auto& word : words) items.push_back(text(word));
  return "[" + join(items, ", ") + "]";
}

std::string list(const std::vector<Secret>& secrets) {
  std::vector<std::string> words;
  for (const Secret& secret : secrets) words.push_back(secret.masked());
  return list(words);
}

/// A key alone, or with its weight.
std::string list(const std::vector<PoolKey>& pool) {
  std::vector<std::string> items;
  for (const auto& [key, weight] : pool)
    items.push_back(weight == 1 ? text(key.masked()) : fmt::format("{{ key: {}, weight: {} }}", text(key.masked()), weight));
  return "[" + join(items, ", ") + "]";
}

std::string text(Milliseconds value) {
  const auto count = value.count();
  return count % 1000 == 0 ? fmt::format("{}s", count / 1000) : fmt::format("{}ms", count);
}

std::string text(const Price& price) {
  return fmt::format("{{ input: {}, output: {}, cache_read: {}, cache_write: {} }}", price.input, price.output, price.cache_read,
                     price.cache_write);
}

/// A header's value stays readable unless the name says that it is a secret.
std::string header_value(std::string_view name, const std::string& value) {
  static constexpr std::array<std::string_view, 6> kSecret{"auth", "key", "token", "secret", "cookie", "password"};
  const bool secret = std::ranges::any_of(kSecret, [&](auto part) { return contains_ignoring_case(name, part); });
  return secret ? Secret(value).masked() : value;
}

/// A proxy's URL without its user and password.
std::string proxy_text(const std::string& proxy) {
  const auto at = proxy.rfind('@');
  return at == std::string::npos ? proxy : "http://…@" + proxy.substr(at + 1);
}

/// Lines with an indentation; `open` goes one level down until the Block dies.
class Writer {
 public:
  void line(std::string_view content) { out_ += fmt::format("{:{}}{}\n", "", depth_ * 2, content); }
  void value(std::string_view key, std::string_view rendered) { line(fmt::format("{}: {}", key, rendered)); }
  /// Leaves out what is not set.
  void optional_text(std::string_view key, const std::string& content) {
    if (!content.empty()) value(key, text(content));
  }
  void optional_text(std::string_view key, const std::optional<Milliseconds>& duration) {
    if (duration) value(key, text(*duration));
  }
  void map(std::string_view key, const std::map<std::string, std::string>& entries) {
    if (entries.empty()) return;
    open(key);
    for (const auto& [name, content] : entries) value(text(name), text(content));
    close();
  }
  void open(std::string_view key) {
    line(fmt::format("{}:", key));
    ++depth_;
  }
  void close() { --depth_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  int depth_ = 0;
};

void write_server(const Server& server, Writer& out) {
  std::vector<std::string> addresses;
  for (const auto& address : server.listen) addresses.push_back(to_text(address));
  out.open("server");
  out.value("listen", list(addresses));
  if (server.tls) out.value("tls", fmt::format("{{ cert: {}, key: {} }}", text(server.tls->cert), text(server.tls->key)));
  out.value("workers", server.workers == 0 ? "auto" : std::to_string(server.workers));
  out.value("max_inflight", std::to_string(server.max_inflight));
  out.value("max_body", std::to_string(server.max_body));
  out.value("drain", text(server.drain));
  if (!server.hosts.empty()) out.value("hosts", list(server.hosts));
  out.close();
}

void write_credentials(const Provider& provider, Writer& out) {
  if (provider.api_key) out.value("api_key", text(provider.api_key->masked()));
  if (!provider.has_credentials) return;
  const Credentials& credentials = provider.credentials;
  out.open("credentials");
  const bool rotates = credentials.mode == CredentialMode::rotate;
  out.value("mode", rotates ? "rotate" : "passthrough");
  if (rotates) out.value("pool", list(credentials.pool));
  if (rotates) out.value("rotation", credentials.rotation);
  out.value("cooldown", text(credentials.cooldown));
  if (credentials.max_inflight != 0) out.value("max_inflight", std::to_string(credentials.max_inflight));
  out.close();
}

void write_models(const std::vector<ProviderModel>& models, Writer& out) {
  if (models.empty()) return;
  out.open("models");
  for (const ProviderModel& model : models) {
    std::string facts = "- { id: " + text(model.id);
    if (!model.display_name.empty()) facts += ", display_name: " + text(model.display_name);
    if (model.window) facts += fmt::format(", window: {}", *model.window);
    if (model.max_output) facts += fmt::format(", max_output: {}", *model.max_output);
    if (model.vision) facts += fmt::format(", vision: {}", *model.vision);
    if (model.price) facts += ", price: " + text(*model.price);
    std::vector<std::string> quirks;
    for (const auto& [name, word] : model.quirks) quirks.push_back(name + ": " + text(word));
    if (!quirks.empty()) facts += ", quirks: { " + join(quirks, ", ") + " }";
    out.line(facts + " }");
  }
  out.close();
}

void write_limits(const Provider& provider, Writer& out) {
  if (provider.max_inflight != 0) out.value("max_inflight", std::to_string(provider.max_inflight));
  if (provider.max_inflight != 0 || provider.credentials.max_inflight != 0)
    out.value("queue", fmt::format("{{ length: {}, wait: {} }}", provider.queue.length, text(provider.queue.wait)));
  if (const auto& check = provider.health_check)
    out.value("health_check", fmt::format("{{ path: {}, every: {} }}", text(check->path), text(check->every)));
}

void write_provider(const Provider& provider, Writer& out) {
  out.open(text(provider.name));
  out.value("enabled", provider.enabled ? "true" : "false");
  out.optional_text("catalog", provider.catalog);
  out.optional_text("base_url", provider.base_url);
  out.optional_text("dialect", provider.dialect);
  if (!provider.auth_header.empty()) out.value("auth", fmt::format("{{ header: {} }}", text(provider.auth_header)));
  if (provider.auth_header.empty()) out.optional_text("auth", provider.auth);
  write_credentials(provider, out);
  write_models(provider.models, out);
  out.map("quirks", provider.quirks);
  std::map<std::string, std::string> headers;
  for (const auto& [name, content] : provider.headers) headers[name] = header_value(name, content);
  out.map("headers", headers);
  const Timeouts& timeouts = provider.timeouts;
  if (timeouts.connect || timeouts.first_byte || timeouts.idle || timeouts.total) {
    out.open("timeouts");
    out.optional_text("connect", timeouts.connect);
    out.optional_text("first_byte", timeouts.first_byte);
    out.optional_text("idle", timeouts.idle);
    out.optional_text("total", timeouts.total);
    out.close();
  }
  write_limits(provider, out);
  out.optional_text("ca_file", provider.ca_file);
  if (provider.proxy) out.value("proxy", text(proxy_text(*provider.proxy)));
  if (provider.count_tokens) out.value("count_tokens", *provider.count_tokens ? "true" : "false");
  out.close();
}

void write_rule(const ModelRule& rule, Writer& out) {
  std::vector<std::string> targets;
  for (const Target& target : rule.to)
    targets.push_back(fmt::format("{{ target: {}, weight: {} }}", text(target.provider + "/" + target.model), target.weight));
  std::string facts = rule.match.empty() ? "- { name: " + text(rule.name) : "- { match: " + text(rule.match);
  if (!rule.display_name.empty()) facts += ", display_name: " + text(rule.display_name);
  out.line(facts + fmt::format(", balance: {}, to: [{}] }}", name(rule.balance), join(targets, ", ")));
}

void write_routes(const std::vector<KindRoute>& routes, Writer& out) {
  if (routes.empty()) return;
  out.open("routes");
  for (const KindRoute& route : routes) {
    std::string facts = "{ to: " + list(route.to);
    if (route.kind == llm::RequestKind::long_context) facts += fmt::format(", over: {}", route.over);
    if (!route.models.empty()) facts += ", models: " + list(route.models);
    out.value(name(route.kind), facts + " }");
  }
  out.close();
}

void write_fallbacks(const Fallbacks& fallbacks, Writer& out) {
  const std::pair<std::string_view, const Fallbacks::Chains*> kinds[] = {
      {"on_error", &fallbacks.on_error}, {"on_context_overflow", &fallbacks.on_context_overflow}, {"on_refusal", &fallbacks.on_refusal}};
  if (std::ranges::all_of(kinds, [](const auto& kind) { return kind.second->empty(); })) return;
  out.open("fallbacks");
  for (const auto& [key, chains] : kinds) {
    if (chains->empty()) continue;
    out.open(key);
    for (const auto& [asked, names] : *chains) out.value(text(asked), list(names));
    out.close();
  }
  out.close();
}

void write_attempts(const Config& config, Writer& out) {
  const Retry& retry = config.retry;
  out.value("retry", fmt::format("{{ attempts: {}, backoff: {}, max_backoff: {}, deadline: {} }}", retry.attempts, text(retry.backoff),
                                 text(retry.max_backoff), text(retry.deadline)));
  out.value("cooldown", fmt::format("{{ failures: {}, for: {} }}", config.cooldown.failures, text(config.cooldown.rest)));
  out.value("affinity", config.affinity == Affinity::session ? "session" : "none");
  if (config.hedge_background) out.value("hedge", fmt::format("{{ background: {} }}", text(*config.hedge_background)));
  if (config.share_background) out.value("share", "{ background: on }");
}

void write_profile(const Profile& profile, Writer& out) {
  out.open(text(profile.name));
  out.optional_text("provider", profile.provider);
  const std::map<std::string, std::string> models{
      {"main", profile.main}, {"opus", profile.opus}, {"sonnet", profile.sonnet}, {"haiku", profile.haiku}, {"subagent", profile.subagent}};
  if (std::ranges::any_of(models, [](const auto& model) { return !model.second.empty(); })) {
    out.open("models");
    for (const auto& [kind, model] : models) out.optional_text(kind, model);
    out.close();
  }
  std::map<std::string, std::string> env;
  for (const auto& [name, content] : profile.env) env[name] = shown_variable(name, content);
  out.map("env", env);
  if (!profile.args.empty()) out.value("args", list(profile.args));
  out.optional_text("append_system_prompt", profile.append_system_prompt);
  out.optional_text("config_dir", profile.config_dir);
  out.optional_text("claude_version", profile.claude_version);
  out.optional_text("theme", profile.theme);
  if (profile.status_line) out.value("status_line", "on");
  out.optional_text("claude_channel", profile.claude_channel);
  out.optional_text("command", profile.command);
  out.close();
}

void write_web_search(const WebSearch& search, Writer& out) {
  out.open("web_search");
  out.value("url", text(search.url));
  out.value("kind", search.kind == SearchKind::brave ? "brave" : "searxng");
  if (search.api_key) out.value("api_key", text(search.api_key->masked()));
  out.value("max_results", std::to_string(search.max_results));
  out.close();
}

}  // namespace

std::string effective(const Config& config) {
  Writer out;
  write_server(config.server, out);
  out.open("auth");
  out.value("tokens", list(config.auth_tokens));
  out.close();
  if (!config.providers.empty()) {
    out.open("providers");
    for (const Provider& provider : config.providers) write_provider(provider, out);
    out.close();
  }
  if (!config.models.empty()) {
    out.open("models");
    for (const ModelRule& rule : config.models) write_rule(rule, out);
    out.close();
  }
  out.optional_text("default_model", config.default_model);
  write_routes(config.routes, out);
  write_fallbacks(config.fallbacks, out);
  write_attempts(config, out);
  if (!config.profiles.empty()) {
    out.open("profiles");
    for (const Profile& profile : config.profiles) write_profile(profile, out);
    out.close();
  }
  constexpr std::array<std::string_view, 3> kAnswers = {"{ model: auto }", "{ model: provider }", "{ model: asked }"};
  out.value("answers", std::string(kAnswers[static_cast<std::size_t>(config.answers_model)]));
  if (!config.web_search.url.empty()) write_web_search(config.web_search, out);
  out.value("picker", list(config.picker));
  out.value("credentials", config.credential_store == CredentialStore::keyring ? "keyring" : "files");
  out.value("log", fmt::format("{{ level: {}, format: {} }}", config.log.level, config.log.format == LogFormat::json ? "json" : "text"));
  return out.take();
}

}  // namespace penstock::config
