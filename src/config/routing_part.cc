#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

/// As interface.md's example has it: the place of a name that is still to come.
constexpr std::string_view kNotYet = "...";
constexpr std::string_view kAll = "*";

/// Reads `routes` and `fallbacks`, whose values are names.
class RoutingReader {
 public:
  RoutingReader(const Source& source, Config& config, Report& report) : among_{source, config, report}, config_(config), report_(report) {}

  void read_routes(const Node& routes) {
    for (std::size_t i = 0; i < routes.keys.size(); ++i)
      if (const auto kind = llm::parse_request_kind(routes.keys[i].text)) read_route(*kind, routes.items[i]);
  }

  void read_fallbacks(const Node& fallbacks) {
    read_chains(fallbacks, "on_error", config_.fallbacks.on_error);
    read_chains(fallbacks, "on_context_overflow", config_.fallbacks.on_context_overflow);
    read_chains(fallbacks, "on_refusal", config_.fallbacks.on_refusal);
  }

 private:
  void read_route(llm::RequestKind kind, const Node& node) {
    KindRoute route;
    route.kind = kind;
    const std::string key = "routes." + std::string(name(kind));
    if (node.is_map()) {
      if (!node.has_items("to")) report_no_target(node.at, key, "add to: a name of models, or provider/model");
      route.to = names_in(key, node.list("to"));
      route.over = value_at(node, "over", parse_integer).value_or(route.over);
      for (const Node* pattern : node.list("models"))
        if (pattern->is_scalar()) route.models.push_back(pattern->text);
      if (kind != llm::RequestKind::long_context && !node.lacks("over"))
        report_.add(node.place_of("over"), "\"over\" belongs to routes.long_context; remove it");
    } else {
      if (node.is_list() && node.items.empty()) report_no_target(node.at, key, "name a model or provider/model, or remove it");
      route.to = names_in(key, items_of(node));
    }
    if (!route.to.empty()) config_.routes.push_back(std::move(route));
  }

  void report_no_target(Position at, std::string_view key, std::string_view mend) {
    report_.add(at, json_quote(key) + " has no target; " + std::string(mend));
  }

  void read_chains(const Node& fallbacks, std::string_view key, Fallbacks::Chains& chains) {
    const Node* map = fallbacks.find(key);
    if (map == nullptr) return;
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      check_key(map->keys[i]);
      const Node& chain = map->items[i];
      if (chain.is_list() && chain.items.empty())
        report_no_target(chain.at, "fallbacks." + std::string(key) + "." + map->keys[i].text,
                         "name a model or provider/model, or remove it");
      auto names = names_in("fallbacks." + std::string(key), items_of(chain));
      if (!names.empty()) chains.emplace_back(map->keys[i].text, std::move(names));
    }
  }

  /// A name may be any, but a pattern is one of `models`, or it would never be looked up.
  void check_key(const Key& key) {
    if (key.text == kAll || !key.text.contains('*')) return;
    if (std::ranges::find(config_.models, key.text, &ModelRule::match) != config_.models.end()) return;
    report_.add(key.at, "no rule of models has match: " + shown(key.text) + "; write such a rule, a plain name, or * alone for all");
  }

  static std::vector<const Node*> items_of(const Node& node) {
    if (node.is_scalar()) return {&node};
    std::vector<const Node*> items;
    for (const Node& item : node.items) items.push_back(&item);
    return items;
  }

  std::vector<std::string> names_in(std::string_view key, const std::vector<const Node*>& items) {
    std::vector<std::string> names;
    for (const Node* item : items) {
      if (!item->is_scalar() || item->text == kNotYet) continue;
      if (item->text.contains('*'))
        report_.add(item->at, json_quote(key) + ": " + shown(item->text) + " holds a star; write the whole name");
      else
        check_destination(among_, key, *item);
      names.push_back(item->text);
    }
    return names;
  }

  Destinations among_;
  Config& config_;
  Report& report_;
};

void read_retry(const Node& node, Retry& retry, Report& report) {
  retry.attempts = static_cast<unsigned>(value_at(node, "attempts", parse_integer).value_or(retry.attempts));
  retry.backoff = value_at(node, "backoff", parse_duration).value_or(retry.backoff);
  retry.max_backoff = value_at(node, "max_backoff", parse_duration).value_or(std::max(retry.max_backoff, retry.backoff));
  retry.deadline = value_at(node, "deadline", parse_duration).value_or(retry.deadline);
  if (retry.max_backoff < retry.backoff) report.add(node.place_of("max_backoff"), "\"retry.max_backoff\" is shorter than retry.backoff");
}

void read_cooldown(const Node& node, Cooldown& cooldown) {
  cooldown.failures = static_cast<unsigned>(value_at(node, "failures", parse_integer).value_or(cooldown.failures));
  cooldown.rest = value_at(node, "for", parse_duration).value_or(cooldown.rest);
}

}  // namespace

void fill_routing(const Source& source, Config& config, Report& report) {
  const Node& root = source.root;
  RoutingReader reader(source, config, report);
  if (const Node* node = root.find("routes")) reader.read_routes(*node);
  if (const Node* node = root.find("fallbacks")) reader.read_fallbacks(*node);
  if (const Node* node = root.find("retry")) read_retry(*node, config.retry, report);
  if (const Node* node = root.find("cooldown")) read_cooldown(*node, config.cooldown);
  if (text_at(root, "affinity") == "none") config.affinity = Affinity::none;
  if (const Node* node = root.find("hedge")) config.hedge_background = value_at(*node, "background", parse_duration);
  if (const Node* node = root.find("share")) config.share_background = value_at(*node, "background", parse_boolean).value_or(false);
}

}  // namespace penstock::config
