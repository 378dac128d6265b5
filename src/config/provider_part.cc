#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <set>
#include <utility>

#include "base/text.h"
#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

bool is_request_path(std::string_view path) { return path.starts_with('/') && is_secret_text(path); }

/// Fills one entry under `providers`; `node_` may have any shape that check() let through, null among them.
class ProviderReader {
 public:
  ProviderReader(const Key& key, const Node& node, const Source& source, Report& report)
      : key_(key), node_(node), source_(source), report_(report) {}

  Provider read() {
    provider_.name = key_.text;
    if (!is_provider_name(key_.text))
      fault(key_.at, "is not a name for a provider; use letters, digits, \"-\", \"_\" and \".\", beginning with a letter or digit");
    if (key_.text == "mock" && !node_.lacks("base_url")) report_.warn(key_.at, "provider \"mock\" takes the place of the built-in mock");
    read_catalog();
    read_connection();
    read_auth();
    read_credentials();
    read_models();
    read_quirks(node_, provider_.quirks);
    read_headers();
    read_timeouts();
    read_limits();
    read_health_check();
    provider_.enabled = value_at(node_, "enabled", parse_boolean).value_or(true);
    provider_.count_tokens = value_at(node_, "count_tokens", parse_boolean);
    apply_defaults();
    return std::move(provider_);
  }

 private:
  void fault(Position at, const std::string& message) { report_.add(at, "provider " + shown(key_.text) + " " + message); }

  void read_catalog() {
    const auto& known = source_.context.catalog_names;
    provider_.catalog = text_at(node_, "catalog", contains(known, key_.text) ? std::string_view(key_.text) : "");
    if (const Node* node = node_.scalar("catalog"); node != nullptr && !contains(known, node->text))
      report_.add(node->at, "the catalogue has no provider " + shown(node->text) + suggestion(node->text, known));
    provider_.base_url = value_at(node_, "base_url", parse_base_url).value_or("");
    if (!provider_.catalog.empty() || !node_.lacks("base_url") || !node_.lacks("catalog") || node_.rejected) return;
    auto mend = suggestion(key_.text, known);
    if (mend.empty()) mend = "; add base_url";
    fault(key_.at, "is not in the catalogue and has no base_url" + mend);
  }

  void read_connection() {
    provider_.dialect = text_at(node_, "dialect");
    check_dialect();
    provider_.proxy = value_at(node_, "proxy", parse_proxy);
    if (const Node* node = node_.scalar("ca_file")) {
      provider_.ca_file = resolve_path(node->text, source_.around);
      if (::access(provider_.ca_file.c_str(), R_OK) != 0)
        report_.add(node->at, "cannot read " + shown(provider_.ca_file) + ": " + std::strerror(errno));
    }
  }

  /// The catalogue knows where its providers speak what; of another server it must be told.
  void check_dialect() {
    const auto known = source_.context.catalog_dialects.find(provider_.catalog);
    if (provider_.dialect.empty() || known == source_.context.catalog_dialects.end() || !node_.lacks("base_url")) return;
    if (contains(known->second, provider_.dialect)) return;
    report_.add(node_.find("dialect")->at, shown(provider_.catalog) + " does not speak " + provider_.dialect + "; it has " +
                                               join(known->second, ", ") + ". Give base_url for a server that does");
  }

  void read_auth() {
    const Node* auth = node_.find("auth");
    if (auth == nullptr) return;
    if (auth->is_scalar()) {
      provider_.auth = auth->text;
      return;
    }
    provider_.auth = "header";
    if (auth->lacks("header")) report_.add(auth->at, "\"auth\" names no header; write { header: NAME }");
    const Node* header = auth->scalar("header");
    if (header == nullptr) return;
    provider_.auth_header = to_lower(header->text);
    const bool usual = provider_.auth_header == "authorization" || provider_.auth_header == "x-api-key";
    if (auto message = usual ? std::string{} : header_name_fault(header->text); !message.empty()) report_.add(header->at, message);
  }

  /// The key behind a node, or nothing when its variable has no value.
  std::optional<Secret> key_of(const Node& node) {
    provider_.unset_variables.insert(provider_.unset_variables.end(), node.unset.begin(), node.unset.end());
    // Half a key is no key: `sk-${A}` without A.
    if (node.text.empty() || !node.unset.empty()) return std::nullopt;
    return Secret(node.text);
  }

  void read_credentials() {
    if (const Node* key = node_.scalar("api_key")) provider_.api_key = key_of(*key);
    const Node* node = node_.find("credentials");
    if (node == nullptr) return;
    provider_.has_credentials = true;
    Credentials& credentials = provider_.credentials;
    if (text_at(*node, "mode") == "passthrough") credentials.mode = CredentialMode::passthrough;
    credentials.cooldown = value_at(*node, "cooldown", parse_duration).value_or(credentials.cooldown);
    credentials.rotation = text_at(*node, "rotation", credentials.rotation);
    credentials.max_inflight = count_at(*node, "max_inflight").value_or(0);
    for (const Node* item : node->list("pool")) read_pool_key(*item, credentials);
    const bool has_pool = node->has_items("pool");
    const bool rotates = node->lacks("mode") || text_at(*node, "mode") == "rotate";
    if (has_pool && credentials.mode == CredentialMode::passthrough)
      report_.add(node->place_of("pool"), "mode: passthrough uses the client's credential; remove the pool");
    if (!has_pool && rotates) report_.add(node->at, "\"credentials\" has no pool; add one, or write mode: passthrough");
    if (has_pool && !node_.lacks("api_key")) report_.add(node_.place_of("api_key"), "give api_key or credentials.pool, not both");
  }

  void read_pool_key(const Node& item, Credentials& credentials) {
    if (item.is_map() && item.lacks("key")) report_.add(item.at, "a key of the pool has no \"key\"; add key: ${VARIABLE}");
    const Node* text = item.is_map() ? item.scalar("key") : &item;
    if (text == nullptr || !text->is_scalar()) return;
    for (const auto& variable : text->unset)
      report_.warn(text->at, "the variable " + variable + " is not set, so this key is left out of the pool");
    if (item.is_map() && !item.lacks("weight") && credentials.rotation != "weighted")
      report_.warn(item.place_of("weight"), "\"weight\" counts with rotation: weighted alone");
    auto secret = key_of(*text);
    const auto same = [&](const PoolKey& other) { return secret && other.key.reveal() == secret->reveal(); };
    if (std::ranges::any_of(credentials.pool, same)) report_.warn(text->at, "this key stands in the pool twice; remove one");
    if (secret) credentials.pool.push_back({std::move(*secret), count_at(item, "weight").value_or(1)});
  }

  void read_models() {
    std::set<std::string> ids;
    for (const Node* node : node_.list("models")) {
      ProviderModel model = node->is_scalar() ? named(node->text) : read_model(*node);
      if (model.id.empty()) continue;
      if (!ids.insert(model.id).second)
        report_.add(node->at, "model " + shown(model.id) + " of provider " + shown(key_.text) + " is given twice");
      provider_.models.push_back(std::move(model));
    }
  }

  static ProviderModel named(const std::string& id) {
    ProviderModel model;
    model.id = id;
    return model;
  }

  ProviderModel read_model(const Node& node) {
    ProviderModel model = named(text_at(node, "id"));
    if (node.lacks("id")) report_.add(node.at, "a model of provider " + shown(key_.text) + " has no id; add one");
    model.display_name = text_at(node, "display_name");
    model.window = value_at(node, "window", parse_integer);
    model.max_output = value_at(node, "max_output", parse_integer);
    model.vision = value_at(node, "vision", parse_boolean);
    if (const Node* price = node.find("price")) model.price = read_price(*price);
    read_quirks(node, model.quirks);
    return model;
  }

  static Price read_price(const Node& node) {
    Price price;
    price.input = value_at(node, "input", parse_number).value_or(0);
    price.output = value_at(node, "output", parse_number).value_or(0);
    price.cache_read = value_at(node, "cache_read", parse_number).value_or(price.input);
    price.cache_write = value_at(node, "cache_write", parse_number).value_or(price.input);
    return price;
  }

  static void read_quirks(const Node& owner, std::map<std::string, std::string>& quirks) {
    const Node* node = owner.find("quirks");
    if (node == nullptr) return;
    for (std::size_t i = 0; i < node->keys.size(); ++i) {
      std::vector<std::string> words;
      for (const Node* value : node->list(node->keys[i].text))
        for (const auto word : split(value->text, ',')) words.emplace_back(word);
      if (!words.empty()) quirks[node->keys[i].text] = join(words, ",");
    }
    // The older spelling of one quirk.
    if (const auto found = quirks.find("no_images"); found != quirks.end()) {
      quirks["images"] = parse_boolean(found->second).value_or(false) ? "placeholder" : "keep";
      quirks.erase("no_images");
    }
  }

  void read_headers() {
    const Node* node = node_.find("headers");
    if (node == nullptr) return;
    for (std::size_t i = 0; i < node->keys.size(); ++i) {
      const Key& key = node->keys[i];
      if (auto message = header_name_fault(key.text); !message.empty()) report_.add(key.at, message);
      if (node->items[i].is_scalar()) provider_.headers[to_lower(key.text)] = node->items[i].text;
    }
  }

  void read_timeouts() {
    const Node* node = node_.find("timeouts");
    if (node == nullptr) return;
    Timeouts& timeouts = provider_.timeouts;
    timeouts.connect = value_at(*node, "connect", parse_duration);
    timeouts.first_byte = value_at(*node, "first_byte", parse_duration);
    timeouts.idle = value_at(*node, "idle", parse_duration);
    timeouts.total = value_at(*node, "total", parse_duration);
  }

  static std::optional<unsigned> count_at(const Node& map, std::string_view key) {
    const auto count = value_at(map, key, parse_integer);
    return count ? std::optional(static_cast<unsigned>(*count)) : std::nullopt;
  }

  void read_limits() {
    provider_.max_inflight = count_at(node_, "max_inflight").value_or(0);
    const Node* node = node_.find("queue");
    if (node == nullptr) return;
    provider_.queue.length = count_at(*node, "length").value_or(provider_.queue.length);
    provider_.queue.wait = value_at(*node, "wait", parse_duration).value_or(provider_.queue.wait);
  }

  void read_health_check() {
    const Node* node = node_.find("health_check");
    if (node == nullptr) return;
    if (node->lacks("path")) report_.add(node->at, "\"health_check\" has no path; add one, such as /v1/models");
    HealthCheck check;
    check.path = text_at(*node, "path");
    if (!check.path.empty() && !is_request_path(check.path))
      report_.add(node->find("path")->at, shown(check.path) + " is no path; begin with / and use no spaces, such as /v1/models");
    check.every = value_at(*node, "every", parse_duration).value_or(check.every);
    if (!check.path.empty()) provider_.health_check = std::move(check);
  }

  /// Without a row of the catalogue there is nobody else to ask.
  void apply_defaults() {
    if (!provider_.catalog.empty()) return;
    const bool has_key = !node_.lacks("api_key") || provider_.has_credentials;
    if (provider_.dialect.empty()) provider_.dialect = "anthropic";
    // Without one in the file a key may still be stored (`penstock keys set`): whether there is one decides then.
    if (!provider_.auth.empty() || !has_key) return;
    const bool google = provider_.dialect == "gemini";
    provider_.auth = google ? "header" : provider_.dialect.starts_with("openai-") ? "bearer" : "x-api-key";
    if (google) provider_.auth_header = "x-goog-api-key";
  }

  const Key& key_;
  const Node& node_;
  const Source& source_;
  Report& report_;
  Provider provider_;
};

}  // namespace

void fill_providers(const Source& source, Config& config, Report& report) {
  const Node* providers = source.root.find("providers");
  if (providers == nullptr) return;
  for (std::size_t i = 0; i < providers->keys.size(); ++i)
    config.providers.push_back(ProviderReader(providers->keys[i], providers->items[i], source, report).read());
}

}  // namespace penstock::config
