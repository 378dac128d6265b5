#include "importing/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace penstock::importing {

namespace {

using Pairs = std::map<std::string, std::string>;

bool is_word_char(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || std::string_view("_./@+$-:").contains(c);
}

/// The length of the reference `${NAME}` that begins at `at`; 0 when none does.
std::size_t reference_length(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("${") || (at > 0 && text[at - 1] == '$')) return 0;
  std::size_t end = at + 2;
  while (end < text.size() && (text[end] == '_' || is_word_char(text[end]))) ++end;
  return end < text.size() && text[end] == '}' ? end + 1 - at : 0;
}

std::string without_references(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = reference_length(text, i);
    if (length == 0) out += text[i];
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 2> kEmpty{"null", "~"};
  if (text.empty() || std::ranges::any_of(kEmpty, [&](auto word) { return equals_ignoring_case(word, text); })) return false;
  if (text.ends_with(':') || std::string_view("-:@").contains(text.front())) return false;
  const auto rest = without_references(text);
  return std::ranges::all_of(rest, is_word_char);
}

/// `{ a: b, c: d }`; values are YAML already.
std::string flow_map(std::span<const std::pair<std::string, std::string>> entries) {
  std::string out;
  for (const auto& [key, value] : entries) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", yaml_scalar(key), value);
  return out.empty() ? "{}" : "{ " + out + " }";
}

std::string flow_map(const Pairs& pairs) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& [key, value] : pairs) entries.emplace_back(key, yaml_scalar(value));
  return flow_map(entries);
}

std::string flow_list(std::span<const std::string> texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + yaml_scalar(text);
  return "[ " + out + " ]";
}

/// A single value stands alone.
std::string one_or_list(std::span<const std::string> texts) { return texts.size() == 1 ? yaml_scalar(texts.front()) : flow_list(texts); }

std::string price_map(const std::map<std::string, double>& price) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto* key : {"input", "output", "cache_read", "cache_write"}) {
    const auto found = price.find(key);
    if (found == price.end()) continue;
    auto number = fmt::format("{:.6f}", found->second);
    while (number.ends_with('0')) number.pop_back();
    if (number.ends_with('.')) number.pop_back();
    entries.emplace_back(key, number);
  }
  return flow_map(entries);
}

std::string model_text(const DraftModel& model) {
  std::vector<std::pair<std::string, std::string>> entries{{"id", yaml_scalar(model.id)}};
  if (!model.display_name.empty()) entries.emplace_back("display_name", yaml_scalar(model.display_name));
  if (model.window != 0) entries.emplace_back("window", std::to_string(model.window));
  if (model.max_output != 0) entries.emplace_back("max_output", std::to_string(model.max_output));
  if (model.vision) entries.emplace_back("vision", *model.vision ? "true" : "false");
  if (!model.price.empty()) entries.emplace_back("price", price_map(model.price));
  if (!model.quirks.empty()) entries.emplace_back("quirks", flow_map(model.quirks));
  return flow_map(entries);
}

/// Writes the file, part by part; a part without content leaves no trace.
class Writer {
 public:
  explicit Writer(const Draft& draft) : draft_(draft) {}

  std::string write() {
    for (const auto line : split(draft_.title, '\n')) out_ += fmt::format("# {}\n", line);
    server();
    if (!draft_.providers.empty()) part("providers", "A name of the catalogue needs no more than a key; see `penstock keys`.");
    for (const auto& one : draft_.providers) provider(one);
    models();
    routes();
    fallbacks();
    for (const auto& [name, pairs] : {std::pair{"retry", &draft_.retry}, {"cooldown", &draft_.cooldown}, {"cache", &draft_.cache}})
      if (!pairs->empty()) single(name, flow_map(*pairs));
    if (!draft_.affinity.empty()) single("affinity", yaml_scalar(draft_.affinity));
    if (!draft_.shared_state.empty()) single("shared_state", yaml_scalar(draft_.shared_state));
    budgets();
    profiles();
    if (!draft_.log.empty()) single("log", flow_map(draft_.log));
    if (!draft_.tail.empty()) out_ += '\n';
    for (const auto& line : draft_.tail) out_ += fmt::format("# {}\n", line);
    return std::move(out_);
  }

 private:
  void part(std::string_view name, std::string_view comment) {
    out_ += '\n';
    if (!comment.empty()) out_ += fmt::format("# {}\n", comment);
    out_ += fmt::format("{}:\n", name);
  }
  void single(std::string_view name, const std::string& value) { out_ += fmt::format("\n{}: {}\n", name, value); }
  /// A key of a provider or profile, if it has a value.
  void field(std::string_view key, std::string_view value) {
    if (!value.empty()) out_ += fmt::format("    {}: {}\n", key, yaml_scalar(value));
  }

  void server() {
    if (!draft_.listen.empty()) single("server", flow_map({{"listen", draft_.listen}}));
    if (!draft_.tokens.empty()) {
      part("auth", "Clients show one of these as their API key.");
      out_ += fmt::format("  tokens: {}\n", flow_list(draft_.tokens));
    } else if (draft_.wants_token) {
      out_ +=
          "\n# The old token is not written down here. Without one, only this machine is served; set PENSTOCK_TOKEN, and then:\n"
          "# auth: { tokens: [ ${PENSTOCK_TOKEN} ] }\n";
    }
  }

  void provider(const DraftProvider& one) {
    const bool bare = one.catalog.empty() && one.base_url.empty() && one.api_key.empty() && one.pool.empty() && one.models.empty() &&
                      one.quirks.empty() && one.headers.empty() && one.timeouts.empty() && one.proxy.empty() && one.enabled &&
                      !one.passthrough;
    out_ += fmt::format("  {}:{}{}\n", yaml_scalar(one.name), bare ? " {}" : "", one.comment.empty() ? "" : "  # " + one.comment);
    if (!one.enabled) field("enabled", "false");
    field("catalog", one.catalog);
    field("base_url", one.base_url);
    field("dialect", one.dialect);
    if (!one.auth_header.empty()) out_ += fmt::format("    auth: {{ header: {} }}\n", yaml_scalar(one.auth_header));
    field("auth", one.auth);
    field("api_key", one.api_key);
    if (!one.pool.empty()) out_ += fmt::format("    credentials: {{ mode: rotate, pool: {} }}\n", flow_list(one.pool));
    if (one.passthrough) out_ += "    credentials: { mode: passthrough }\n";
    field("proxy", one.proxy);
    for (const auto& [name, pairs] : {std::pair{"headers", &one.headers}, {"timeouts", &one.timeouts}, {"quirks", &one.quirks}})
      if (!pairs->empty()) out_ += fmt::format("    {}: {}\n", name, flow_map(*pairs));
    if (!one.models.empty()) out_ += "    models:\n";
    for (const auto& model : one.models) out_ += fmt::format("      - {}\n", model_text(model));
  }

  static std::string rule_text(const DraftRule& rule) {
    std::vector<std::string> texts;
    for (const auto& target : rule.to)
      texts.push_back(rule.balance != "weighted" ? yaml_scalar(target.text())
                                                 : fmt::format("{{ target: {}, weight: {} }}", yaml_scalar(target.text()), target.weight));
    std::vector<std::pair<std::string, std::string>> entries{{rule.name.contains('*') ? "match" : "name", yaml_scalar(rule.name)}};
    if (!rule.balance.empty()) entries.emplace_back("balance", rule.balance);
    entries.emplace_back("to", texts.size() == 1 ? texts.front() : "[ " + join(texts, ", ") + " ]");
    return flow_map(entries);
  }

  void models() {
    if (!draft_.rules.empty()) part("models", "What a client may ask for; the first that fits. provider/model always works.");
    for (const auto& rule : draft_.rules) out_ += fmt::format("  - {}\n", rule_text(rule));
    if (!draft_.default_model.empty()) single("default_model", yaml_scalar(draft_.default_model));
  }

  void routes() {
    if (!draft_.routes.empty()) part("routes", "By kind of request; they go before `models`.");
    for (const auto& route : draft_.routes) {
      std::string value = one_or_list(route.to);
      if (route.over != 0) value = fmt::format("{{ over: {}, to: {} }}", route.over, value);
      out_ += fmt::format("  {}: {}\n", route.kind, value);
    }
  }

  void fallbacks() {
    const std::array<std::pair<const char*, const Chains*>, 3> all{
        {{"on_error", &draft_.on_error}, {"on_context_overflow", &draft_.on_overflow}, {"on_refusal", &draft_.on_refusal}}};
    if (std::ranges::all_of(all, [](const auto& one) { return one.second->empty(); })) return;
    part("fallbacks", "Where a request goes next, by the name that was asked for.");
    for (const auto& [name, chains] : all) {
      if (!chains->empty()) out_ += fmt::format("  {}:\n", name);
      for (const auto& [from, to] : *chains) out_ += fmt::format("    {}: {}\n", yaml_scalar(from), flow_list(to));
    }
  }

  void budgets() {
    if (!draft_.budgets.empty()) part("budgets", "");
    for (const auto& budget : draft_.budgets)
      out_ += fmt::format("  - {}\n", flow_map({{"scope", budget.scope}, {"limit", budget.limit}, {"per", budget.per}}));
  }

  void profiles() {
    if (!draft_.profiles.empty()) part("profiles", "For `penstock run NAME`.");
    for (const auto& one : draft_.profiles) {
      out_ += fmt::format("  {}:\n", yaml_scalar(one.name));
      field("provider", one.provider);
      if (!one.models.empty()) out_ += fmt::format("    models: {}\n", flow_map(one.models));
      field("claude_version", one.claude_version);
      if (!one.env.empty()) out_ += "    env:\n";
      for (const auto& [key, value] : one.env) out_ += fmt::format("      {}: {}\n", yaml_scalar(key), yaml_scalar(value));
    }
  }

  const Draft& draft_;
  std::string out_;
};

}  // namespace

std::string literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out;
}

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    // The configuration's reader looks for `${` before YAML does, across quotes: what is no reference must not look like one.
    const bool stray = text.substr(i).starts_with("${") && reference_length(text, i) == 0;
    if (stray || text[i] == 0x7f) {
      out += stray ? "\\x24" : "\\x7f";
    } else {
      out += json_escape(text.substr(i, 1));
    }
  }
  return out + "\"";
}

DraftModel& DraftProvider::model(const std::string& id) {
  const auto found = std::ranges::find(models, id, &DraftModel::id);
  if (found != models.end()) return *found;
  models.push_back(DraftModel{.id = id});
  return models.back();
}

std::string to_yaml(const Draft& draft) { return Writer(draft).write(); }

}  // namespace penstock::importing
