#include "app/build_upstream.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/build_models.h"
#include "base/text.h"
#include "base/url.h"

namespace penstock::app {

namespace {

gateway::AuthScheme auth_scheme(std::string_view name) {
  if (name == "bearer") return gateway::AuthScheme::bearer;
  if (name == "header") return gateway::AuthScheme::header;
  if (name == "none") return gateway::AuthScheme::none;
  return gateway::AuthScheme::x_api_key;
}

/// Where an API of OpenAI's is asked below a base URL, from which a trailing /v1 was taken: a path that names a version (`/v4`), or that is
/// Google's compatible one, stands as it is. Empty for other dialects.
std::string api_path(const std::string& path, std::string_view dialect) {
  if (!dialect.starts_with("openai-")) return {};
  const auto last = path.substr(path.rfind('/') + 1);
  const bool versioned = last.size() > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9';
  return path + (versioned || path.ends_with("/v1beta/openai") ? "" : "/v1") +
         (dialect == "openai-responses" ? "/responses" : "/chat/completions");
}

const std::string& first_of(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

/// Builds one upstream step by step; each step fills a group of its members.
class UpstreamBuilder {
 public:
  UpstreamBuilder(const config::Provider& entry, const catalog::Provider* row, const credentials::Places& places,
                  credentials::Refresher* refresher)
      : entry_(entry), row_(row ? *row : catalog::Provider{}), known_(row != nullptr), places_(places), refresher_(refresher) {}

  Result<UpstreamBuilt> build() {
    TRY(endpoint_, chosen());
    identity();
    TRY_STATUS(address(up(), endpoint_, first_of(entry_.base_url, endpoint_.base_url)));
    TRY_STATUS(credential());
    pool();
    TRY_STATUS(build_models(up(), {entry_, row_, endpoint_}));
    timeouts();
    limits();
    fields();
    // The upstream is whole; the others differ from it by their endpoint alone.
    TRY_STATUS(others());
    return std::move(built_);
  }

 private:
  gateway::Upstream& up() { return built_.upstream; }

  /// The row's endpoint for the dialect that the user names, or its main one.
  Result<catalog::Endpoint> chosen() const {
    const std::string main = row_.dialect.empty() ? "anthropic" : row_.dialect;
    const std::string& dialect = first_of(entry_.dialect, main);
    if (dialect == main) {
      auto endpoint = row_.main_api();
      endpoint.dialect = main;
      return endpoint;
    }
    if (const auto* api = row_.find_api(dialect)) return *api;
    if (known_ && entry_.base_url.empty())
      return fail(
          config_error(fmt::format("providers.{}: {} does not speak the dialect {}; it has {}. Give base_url for a server that does",
                                   entry_.name, row_.display_name, dialect, join(row_.dialects(), ", "))));
    catalog::Endpoint own;  // the row's quirks are of another dialect
    own.dialect = dialect;
    own.auth = row_.auth;
    own.auth_header = row_.auth_header;
    own.take_usual_auth();
    return own;
  }

  void identity() {
    up().name = entry_.name;
    up().display_name = row_.display_name.empty() ? entry_.name : row_.display_name;
    up().brand = row_.brand;
    up().aggregator = row_.aggregator;
    up().local = row_.local;
    // Anthropic itself: the catalogue's row of that name, wherever its base_url points (a company's relay, a test).
    up().transparent = known_ && row_.name == "anthropic" && endpoint_.dialect == "anthropic";
  }

  /// Where an upstream's requests go, and in which dialect.
  Status address(gateway::Upstream& at, const catalog::Endpoint& endpoint, const std::string& base_url) const {
    at.dialect = endpoint.dialect;
    at.api = dialect::parse_api(at.dialect).value_or(dialect::Api::anthropic);  // the words have been checked
    at.base_url = base_url;
    const auto url = parse_url(base_url);
    if (!url) return fail(config_error(fmt::format("base_url {} is not a URL like https://host[:port][/path]", base_url)));
    at.origin.host = url->host;
    at.origin.port = url->port;
    at.origin.tls = url->tls;
    at.origin.ca_file = entry_.ca_file;
    at.path = url->path;
    while (at.path.ends_with('/')) at.path.pop_back();
    at.host = url->host_field();
    at.api_path = api_path(at.path, at.dialect);
    at.counts_tokens = at.dialect == "anthropic" && entry_.count_tokens.value_or(row_.count_tokens);
    TRY_STATUS(proxy(at, *url));
    at.origin.key = at.origin.name();
    return {};
  }

  Status proxy(gateway::Upstream& at, const Url& url) const {
    at.origin.proxy.reset();
    if (entry_.proxy && *entry_.proxy == "none") return {};
    if (entry_.proxy) {
      auto own = net::parse_proxy(*entry_.proxy);
      if (!own) return fail(in_provider(entry_.name, own.error()));
      at.origin.proxy = *own;
      return {};
    }
    if (!url.tls) return {};
    const auto variable = [&](const char* upper, const char* lower) {
      const auto value = places_.environment(upper);
      return value && !value->empty() ? *value : places_.environment(lower).value_or("");
    };
    TRY(at.origin.proxy, net::proxy_for(url.host, url.port, variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy")));
    return {};
  }

  Status credential() {
    up().auth = auth_scheme(first_of(entry_.auth, endpoint_.auth));
    up().auth_header = to_lower(first_of(entry_.auth_header, endpoint_.auth_header));
    up().passthrough = entry_.credentials.mode == config::CredentialMode::passthrough;
    up().key_variable = row_.env.empty() ? "" : row_.env.front();
    // What the configuration names comes before what is usual.
    if (!entry_.unset_variables.empty() && !entry_.api_key && entry_.credentials.pool.empty())
      up().key_variable = entry_.unset_variables.front();
    if (up().passthrough) return {};
    if (row_.oauth) up().login = row_.name;
    find_key();
    if (is_subscription()) use_subscription();
    // A server of one's own needs no key unless one is given; the same goes for an entry that names no key at all.
    const bool optional_key = row_.local || (!known_ && !entry_.api_key && entry_.auth.empty() && !entry_.has_credentials);
    if (!up().has_credential() && optional_key) up().auth = gateway::AuthScheme::none;
    return {};
  }

  /// What requests are sent with: the keys of the pool, or what was found.
  void pool() {
    const auto& wanted = entry_.credentials;
    up().rotation = policy::parse_rotation(wanted.rotation).value_or(policy::Rotation::round_robin);
    up().rests.limited = wanted.cooldown;
    for (const auto& [key, weight] : wanted.pool)
      if (!key.empty())
        up().credentials.push_back({key, nullptr, fmt::format("credentials.pool[{}]", up().credentials.size()), weight, nullptr});
    if (up().credentials.empty()) up().credentials.push_back({up().key, up().token_source, up().key_source, 1, nullptr});
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

  /// The configuration has decided on one endpoint: it names it, or says something that holds for one dialect only.
  [[nodiscard]] bool pinned() const {
    const bool quirks =
        !entry_.quirks.empty() || std::ranges::any_of(entry_.models, [](const auto& model) { return !model.quirks.empty(); });
    return !entry_.dialect.empty() || !entry_.base_url.empty() || quirks;
  }

  /// The row's endpoints of other dialects, for clients that speak those. Anthropic itself serves every client best in its own.
  Status others() {
    if (pinned() || up().transparent) return {};
    std::vector<gateway::Upstream> all;
    for (const auto& api : row_.apis) {
      if (api.opt_in) continue;
      TRY(all.emplace_back(), copy_at(api));
    }
    up().others = std::move(all);
    return {};
  }

  /// The same with another endpoint.
  Result<gateway::Upstream> copy_at(const catalog::Endpoint& api) {
    gateway::Upstream other = up();
    TRY_STATUS(address(other, api, api.base_url));
    if (other.auth != gateway::AuthScheme::none) other.auth = auth_scheme(api.auth);
    other.auth_header = to_lower(api.auth_header);
    TRY_STATUS(build_models(other, {entry_, row_, api}));
    return other;
  }

  void timeouts() {
    const auto& wanted = entry_.timeouts;
    up().connect_timeout = wanted.connect.value_or(up().connect_timeout);
    up().first_byte_timeout = wanted.first_byte.value_or(up().first_byte_timeout);
    up().idle_timeout = wanted.idle.value_or(up().idle_timeout);
    up().total_timeout = wanted.total.value_or(up().total_timeout);
  }

  void limits() {
    up().max_inflight = entry_.max_inflight;
    up().credential_inflight = entry_.credentials.max_inflight;
    up().queue_length = entry_.queue.length;
    up().queue_wait = entry_.queue.wait;
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
  catalog::Endpoint endpoint_;
  UpstreamBuilt built_;
};

}  // namespace

Result<UpstreamBuilt> build_upstream(const config::Provider& entry, const catalog::Provider* row, const credentials::Places& places,
                                     credentials::Refresher* refresher) {
  return UpstreamBuilder(entry, row, places, refresher).build();
}

}  // namespace penstock::app
