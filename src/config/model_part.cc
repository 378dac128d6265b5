#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

/// Empty for a provider that is there.
std::string provider_fault(const std::vector<std::string>& providers, const std::string& provider) {
  if (std::ranges::find(providers, provider) != providers.end()) return {};
  auto mend = suggestion(provider, providers);
  if (mend.empty()) mend = "; add it under providers";
  return "no provider is called " + shown(provider) + mend;
}

bool has_million(std::string_view name) { return name.ends_with("[1m]"); }

/// Reads the rules in order; later ones are held against the earlier.
class RuleReader {
 public:
  RuleReader(std::vector<std::string> providers, Report& report) : providers_(std::move(providers)), report_(report) {}

  ModelRule read(const Node& node) {
    ModelRule rule;
    rule.name = text_at(node, "name");
    rule.match = text_at(node, "match");
    rule.balance = value_at(node, "balance", parse_balance).value_or(rule.balance);
    rule.display_name = text_at(node, "display_name");
    check_names(node, rule);
    check_reached(node, rule);
    if (!node.has_items("to")) report_.add(node.at, "a rule of \"models\" has no target; add to: provider/model");
    for (const Node* item : node.list("to")) read_target(*item, rule);
    return rule;
  }

 private:
  void check_provider(Position at, const std::string& provider) {
    if (auto fault = provider_fault(providers_, provider); !fault.empty()) report_.add(at, std::move(fault));
  }

  void check_names(const Node& node, const ModelRule& rule) {
    const bool no_name = node.lacks("name"), no_match = node.lacks("match");
    if (no_name && no_match) report_.add(node.at, "a rule of \"models\" has neither name nor match; add one");
    if (!no_name && !no_match) report_.add(node.place_of("match"), "a rule of \"models\" has both name and match; keep one");
    if (rule.name.contains('*')) report_.add(node.find("name")->at, shown(rule.name) + " holds a star; write match: instead of name:");
    check_fresh("name", rule.name, node);
    check_fresh("match", rule.match, node);
  }

  /// The first match wins: behind a pattern that takes all its names, a rule is never come to.
  void check_reached(const Node& node, const ModelRule& rule) {
    const std::string& wanted = rule.name.empty() ? rule.match : rule.name;
    // A star of this rule is taken by no character but a star of the earlier one, so this holds for patterns, too. A pattern takes a name
    // with [1m] only when it ends so itself.
    const auto takes = [&](const Pattern& pattern) {
      return pattern.text != wanted && has_million(pattern.text) == has_million(wanted) && matches_glob(pattern.text, wanted);
    };
    if (const auto earlier = std::ranges::find_if(patterns_, takes); !wanted.empty() && earlier != patterns_.end())
      report_.warn(node.find(rule.name.empty() ? "match" : "name")->at, shown(wanted) + " is never come to: match " + shown(earlier->text) +
                                                                            " in line " + std::to_string(earlier->line) +
                                                                            " takes it; write this rule before that one");
    if (!rule.match.empty()) patterns_.push_back({rule.match, node.find("match")->at.line});
  }

  void check_fresh(const std::string& key, const std::string& value, const Node& node) {
    if (value.empty()) return;
    const int line = node.find(key)->at.line;
    const auto [first, fresh] = lines_.emplace(key + ": " + value, line);
    if (!fresh) report_.add(node.find(key)->at, key + " " + shown(value) + " is already given in line " + std::to_string(first->second));
  }

  void read_target(const Node& item, ModelRule& rule) {
    if (item.is_map() && item.lacks("target")) report_.add(item.at, "a target has no \"target\"; add target: provider/model");
    const Node* text = item.is_map() ? item.scalar("target") : &item;
    if (text == nullptr || !text->is_scalar()) return;
    auto target = parse_target(text->text);
    if (!target) return;
    if (item.is_map()) target->weight = static_cast<unsigned>(value_at(item, "weight", parse_integer).value_or(1));
    if (item.is_map() && !item.lacks("weight") && rule.balance != Balance::weighted)
      report_.warn(item.place_of("weight"), "\"weight\" counts with balance: weighted alone");
    check_provider(text->at, target->provider);
    if (target->model.contains('*') && !rule.match.contains('*'))
      report_.add(text->at, shown(text->text) + " holds a star, but the rule has no match with a star to fill it");
    rule.to.push_back(std::move(*target));
  }

  std::vector<std::string> providers_;
  Report& report_;
  std::map<std::string, int> lines_;
  struct Pattern {
    std::string text;
    int line;
  };
  std::vector<Pattern> patterns_;  // of the rules so far
};

bool matches(const ModelRule& rule, std::string_view name) {
  return rule.match.empty() ? rule.name == name : matches_glob(rule.match, name);
}

void fill_default_model(const Source& source, Config& config, Report& report) {
  const Node* node = source.root.scalar("default_model");
  if (node == nullptr) return;
  config.default_model = node->text;
  check_destination({source, config, report}, "default_model", *node);
}

/// CCR's spelling of a target has a comma.
std::string with_slash(std::string_view name) {
  std::string out(name);
  if (const auto at = out.find_first_of("/,"); at != std::string::npos) out[at] = '/';
  return out;
}

constexpr std::string_view kMock = "mock";  // built in: always there as a target

}  // namespace

std::vector<std::string> provider_names(const Config& config, const LoadContext& context) {
  std::vector<std::string> names;
  for (const Provider& provider : config.providers) names.push_back(provider.name);
  names.insert(names.end(), context.catalog_names.begin(), context.catalog_names.end());
  names.emplace_back(kMock);
  return names;
}

void fill_models(const Source& source, Config& config, Report& report) {
  RuleReader reader(provider_names(config, source.context), report);
  for (const Node* node : source.root.list("models"))
    if (node->is_map()) config.models.push_back(reader.read(*node));
  fill_default_model(source, config, report);
}

void check_destination(const Destinations& among, std::string_view key, const Node& node) {
  const auto& [source, config, report] = among;
  if (std::ranges::any_of(config.models, [&](const ModelRule& rule) { return matches(rule, node.text); })) return;
  if (const auto target = parse_target(with_slash(node.text))) {
    auto fault = provider_fault(provider_names(config, source.context), target->provider);
    if (!fault.empty()) report.add(node.at, std::move(fault));
    return;
  }
  std::vector<std::string> names;
  for (const ModelRule& rule : config.models)
    if (!rule.name.empty()) names.push_back(rule.name);
  auto mend = suggestion(node.text, names);
  if (mend.empty()) mend = "; write a name of models, or provider/model";
  report.add(node.at, json_quote(key) + ": no rule of models fits " + shown(node.text) + mend);
}

}  // namespace penstock::config
