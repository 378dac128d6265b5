#include "app/build_upstream.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/build.h"
#include "base/text.h"
#include "base/url.h"

namespace penstock::app {

namespace {

using QuirkMap = std::map<std::string, std::string>;

/// `over` on top of `base`.
QuirkMap overlay(QuirkMap base, const QuirkMap& over) {
  for (const auto& [name, value] : over) base[name] = value;
  return base;
}

Error in_provider(const std::string& name, Error error) {
  error.message = fmt::format("providers.{}: {}", name, error.message);
  return error;
}

gateway::AuthScheme auth_scheme(std::string_view name) {
  if (name == "bearer") return gateway::AuthScheme::bearer;
  if (name == "header") return gateway::AuthScheme::header;
  if (name == "none") return gateway::AuthScheme::none;
  return gateway::AuthScheme::x_api_key;
}

/// Where Chat Completions are asked below a base URL, from which a trailing /v1 was taken: a path that names a version (`/v4`), or that is
/// Google's compatible one, stands as it is.
std::string chat_path(const std::string& path) {
  const auto last = path.substr(path.rfind('/') + 1);
  const bool versioned = last.size() > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9';
  return path + (versioned || path.ends_with("/v1beta/openai") ? "" : "/v1") + "/chat/completions";
}

const std::string& first_of(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

catalog::Price to_price(const config::Price& price) {
  const auto units = [](double dollars) { return static_cast<std::int64_t>(dollars * 1e6 + 0.5); };
  return {units(price.input), units(price.output), units(price.cache_read), units(price.cache_write), true};  // as catalog::Price counts
}

/// Builds one upstream step by step; each step fills a group of its members.
class UpstreamBuilder {
 public:
  UpstreamBuilder(const config::Provider& entry, const catalog::Provider* row, const credentials::Places& places,
                  credentials::Refresher* refresher)
      : entry_(entry), row_(row ? *row : catalog::Provider{}), known_(row != nullptr), places_(places), refresher_(refresher) {}

  Result<UpstreamBuilt> build() {
    TRY_STATUS(address());
    TRY_STATUS(credential());
    TRY_STATUS(models());
    timeouts();
    fields();
    warn();
    return std::move(built_);
  }

 private:
  gateway::Upstream& up() { return built_.upstream; }

  Status address() {
    up().name = entry_.name;
    up().display_name = row_.display_name.empty() ? entry_.name : row_.display_name;
    up().brand = row_.brand;
    up().dialect = first_of(entry_.dialect, row_.dialect.empty() ? std::string("anthropic") : row_.dialect);
    up().api = dialect::parse_api(up().dialect);
    up().base_url = first_of(entry_.base_url, row_.base_url);
    const auto url = parse_url(up().base_url);
    if (!url) return fail(config_error(fmt::format("base_url {} is not a URL like https://host[:port][/path]", up().base_url)));
    up().origin.host = url->host;
    up().origin.port = url->port;
    up().origin.tls = url->tls;
    up().origin.ca_file = entry_.ca_file;
    up().path = url->path;
    while (up().path.ends_with('/')) up().path.pop_back();
    up().host = url->host_field();
    up().chat_path = chat_path(up().path);
    up().aggregator = row_.aggregator;
    up().local = row_.local;
    up().counts_tokens = entry_.count_tokens.value_or(row_.count_tokens);
    // Anthropic itself: the catalogue's row of that name, wherever its base_url points (a company's relay, a test).
    up().transparent = known_ && row_.name == "anthropic";
    TRY_STATUS(proxy(*url));
    up().origin.key = up().origin.name();
    return {};
  }

  Status proxy(const Url& url) {
    if (entry_.proxy && *entry_.proxy == "none") return {};
    if (entry_.proxy) {
      auto own = net::parse_proxy(*entry_.proxy);
      if (!own) return fail(in_provider(entry_.name, own.error()));
      up().origin.proxy = *own;
      return {};
    }
    if (!url.tls) return {};
    const auto variable = [&](const char* upper, const char* lower) {
      const auto value = places_.environment(upper);
      return value && !value->empty() ? *value : places_.environment(lower).value_or("");
    };
    TRY(up().origin.proxy, net::proxy_for(url.host, url.port, variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy")));
    return {};
  }

  Status credential() {
    const std::string auth = first_of(entry_.auth, row_.auth);
    up().auth = auth_scheme(auth);
    up().auth_header = to_lower(first_of(entry_.auth_header, row_.auth_header));
    up().passthrough = entry_.credentials.mode == config::CredentialMode::passthrough;
    up().key_variable = row_.env.empty() ? "" : row_.env.front();
    if (up().passthrough) return {};
    if (row_.oauth) up().login = row_.name;
    find_key();
    if (is_subscription()) use_subscription();
    // A server of one's own needs no key unless one is given; the same goes for an entry that names no key at all.
    const bool optional_key = row_.local || (!known_ && !entry_.api_key && entry_.auth.empty() && !entry_.has_credentials);
    if (!up().has_credential() && optional_key) up().auth = gateway::AuthScheme::none;
    return {};
  }

  void find_key() {
    auto found = credentials::find(credentials::Sought{&entry_, known_ ? &row_ : nullptr}, places_);
    if (!found) {
      built_.warning = found.error().message;
    } else if (*found) {
      up().key_source = (*found)->source;
      if ((*found)->login)
        use_login();
      else
        up().key = std::move((*found)->key);
    }
  }

  void use_login() {
    auto login = credentials::login_for(row_, places_);
    if (!login || !*login) return;  // find() has seen it, so it is there
    up().token_source = refresher_ ? refresher_->source(**login) : std::make_shared<credentials::TokenSource>(**login);
  }

  /// A Claude subscription's token (`claude setup-token`) in the place of a key.
  [[nodiscard]] bool is_subscription() {
    return up().transparent && entry_.auth.empty() &&
           (up().key.reveal().starts_with("sk-ant-oat") || up().key_source == "$CLAUDE_CODE_OAUTH_TOKEN");
  }

  /// Such a token goes as Bearer, and only together with its beta (wire-reference 1.3).
  void use_subscription() {
    up().auth = gateway::AuthScheme::bearer;
    up().credential_beta = "oauth-2025-04-20";
  }

  Result<dialect::Quirks> quirks(const QuirkMap& of_model, bool vision) {
    if (is_chat()) return dialect::strict();  // the names are those of Chat Completions there
    QuirkMap names = overlay(overlay(row_.quirks, entry_.quirks), of_model);
    if (!vision) names.try_emplace("images", "placeholder");
    auto parsed = dialect::parse_quirks(names, up().transparent ? dialect::transparent() : dialect::strict());
    if (!parsed) return fail(in_provider(entry_.name, parsed.error()));
    return *parsed;
  }

  /// What holds for Chat Completions; the default for a provider with another dialect.
  Result<dialect::ChatQuirks> chat(const QuirkMap& of_model, bool vision) {
    if (!is_chat()) return dialect::ChatQuirks{};
    QuirkMap names = overlay(overlay(row_.quirks, entry_.quirks), of_model);
    if (!vision) names.try_emplace("images", "placeholder");
    auto parsed = dialect::parse_chat_quirks(names, {});
    if (!parsed) return fail(in_provider(entry_.name, parsed.error()));
    return *parsed;
  }

  [[nodiscard]] bool is_chat() const { return built_.upstream.api == dialect::Api::openai_chat; }

  Status models() {
    TRY(up().quirks, quirks({}, true));
    TRY(up().chat, chat({}, true));
    for (const auto& [pattern, names] : row_.model_quirks) {
      TRY(auto fitting, quirks(names, true));
      up().pattern_quirks.emplace_back(pattern, std::move(fitting));
      TRY(auto fitting_chat, chat(names, true));
      up().pattern_chat.emplace_back(pattern, std::move(fitting_chat));
    }
    for (const auto& model : row_.models) {
      gateway::UpstreamModel one{model.id, model.display_name, model.window, model.max_output, model.vision, model.price, {}, {}};
      TRY(one.quirks, quirks(model.quirks, model.vision));
      TRY(one.chat, chat(model.quirks, model.vision));
      up().models.push_back(std::move(one));
    }
    for (const auto& model : entry_.models) TRY_STATUS(add_or_override(model));
    up().tiers = row_.tiers;
    return {};
  }

  Status add_or_override(const config::ProviderModel& model) {
    auto at = std::ranges::find(up().models, model.id, &gateway::UpstreamModel::id);
    if (at == up().models.end()) at = up().models.insert(at, gateway::UpstreamModel{.id = model.id});
    if (!model.display_name.empty()) at->display_name = model.display_name;
    if (model.window) at->window = *model.window;
    if (model.max_output) at->max_output = *model.max_output;
    if (model.vision) at->vision = *model.vision;
    if (model.price) at->price = to_price(*model.price);
    const auto* known = row_.find(model.id);
    const auto names = overlay(known ? known->quirks : row_.quirks_of(model.id), model.quirks);
    TRY(at->quirks, quirks(names, at->vision));
    TRY(at->chat, chat(names, at->vision));
    return {};
  }

  /// What is configured, but not done by this version.
  void warn() {
    if (!built_.warning.empty()) return;
    if (!up().api)
      built_.warning = fmt::format("providers.{}: the dialect {} is not served yet; requests to it are refused", entry_.name, up().dialect);
    else if (entry_.credentials.pool.size() > 1)
      built_.warning = fmt::format("providers.{}: only the first credential of the pool is used yet", entry_.name);
  }

  void timeouts() {
    const auto& wanted = entry_.timeouts;
    up().connect_timeout = wanted.connect.value_or(up().connect_timeout);
    up().first_byte_timeout = wanted.first_byte.value_or(up().first_byte_timeout);
    up().idle_timeout = wanted.idle.value_or(up().idle_timeout);
    up().total_timeout = wanted.total.value_or(up().total_timeout);
  }

  void fields() {
    for (const auto& [name, value] : row_.headers) up().headers[to_lower(name)] = value;
    for (const auto& [name, value] : entry_.headers) up().headers[to_lower(name)] = value;
  }

  const config::Provider& entry_;
  const catalog::Provider row_;
  const bool known_;
  const credentials::Places& places_;
  credentials::Refresher* const refresher_;
  UpstreamBuilt built_;
};

}  // namespace

Result<UpstreamBuilt> build_upstream(const config::Provider& entry, const catalog::Provider* row, const credentials::Places& places,
                                     credentials::Refresher* refresher) {
  return UpstreamBuilder(entry, row, places, refresher).build();
}

}  // namespace penstock::app
