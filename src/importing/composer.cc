#include "importing/composer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "config/values.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kMock = "mock";  // a built-in provider's name
constexpr std::size_t kLongestName = 56;    // leaves room for a suffix

/// Why a literal cannot stand in the file as a key or a header's value: it would be read as something else.
bool reads_as_reference(std::string_view text) {
  text = trim(text);
  return text.starts_with("file:") || text.starts_with("os.environ/");
}

}  // namespace

bool is_model_id(std::string_view id) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  return !id.empty() && std::ranges::all_of(id, visible) && std::ranges::count(id, '*') <= 1;
}

std::string safe_name(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kLongestName)) {
    const bool fits = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    out += fits ? c : '-';
  }
  out.erase(0, std::min(out.find_first_not_of("-."), out.size()));  // a name is also an argument of commands
  return out.empty() ? "unnamed" : out;
}

std::optional<std::uint64_t> whole(const Value& field, std::uint64_t least, std::uint64_t most) {
  const auto number = field.number();
  if (!number || std::trunc(*number) != *number || *number < static_cast<double>(least) || *number > static_cast<double>(most))
    return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

Result<Endpoint> Composer::endpoint(std::string_view url, std::string_view dialect, std::string_view hint) const {
  return find_endpoint(url, spelling_, dialect, hint, catalog_);
}

bool Composer::is_taken(std::string_view name) const {
  return std::ranges::find(draft.providers, name, &DraftProvider::name) != draft.providers.end();
}

DraftProvider& Composer::add_provider(std::string_view wanted, const Endpoint& endpoint) {
  std::string base = safe_name(wanted);
  const auto* named = catalog_.find(base);
  // The name of another row would bring that row's address and key along.
  if (endpoint.row != nullptr && named != nullptr && named != endpoint.row) base = endpoint.row->name;
  if (base == kMock || (endpoint.row == nullptr && named != nullptr)) base += "-custom";
  std::string name = base;
  for (int i = 2; is_taken(name) || (name != base && catalog_.find(name) != nullptr); ++i) name = fmt::format("{}-{}", base, i);

  DraftProvider provider;
  provider.name = name;
  provider.base_url = endpoint.base_url;
  if (endpoint.row == nullptr) {
    provider.dialect = endpoint.dialect;
  } else if (name != endpoint.row->name) {
    provider.catalog = endpoint.row->name;
  }
  draft.providers.push_back(std::move(provider));
  return draft.providers.back();
}

const catalog::Provider* Composer::row_of(const DraftProvider& provider) const {
  if (!provider.catalog.empty()) return catalog_.find(provider.catalog);
  return provider.dialect.empty() ? catalog_.find(provider.name) : nullptr;
}

bool Composer::add_model(DraftProvider& provider, const std::string& id) {
  if (!is_model_id(id)) return false;
  const auto* row = row_of(provider);
  const bool known = row != nullptr && (row->aggregator || row->find(id) != nullptr);
  if (!known && !id.contains('*')) provider.model(literal(id));
  return true;
}

std::string Composer::variable_for(const DraftProvider& provider) const {
  const auto* row = row_of(provider);
  const bool first = row != nullptr && !row->env.empty() && provider.name == row->name;
  return first ? row->env.front() : key_variable(provider.name);
}

std::string Composer::key_text(const DraftProvider& provider, const std::string& variable, Value& field) const {
  const auto text = to_text(trim(field.text), spelling_);
  if (!field.is_scalar() || text.text.empty()) return {};
  const auto* row = row_of(provider);
  const bool fits = config::is_secret_text(trim(field.text)) && !reads_as_reference(text.text);
  if (text.has_reference && fits) {
    field.carry();
    return text.text;
  }
  if (row != nullptr && row->auth == "none") {
    field.leave("this server does not ask for a key");
    return {};
  }
  if (!fits) {
    field.leave("no key looks like this; write it into the file yourself");
    return {};
  }
  if (options_.with_keys) {
    field.carry();
    return text.text;
  }
  const std::string mend = row != nullptr && provider.name == row->name
                               ? fmt::format("penstock keys set {}, or set {}", row->name, variable)
                               : fmt::format("set {}", variable);
  field.leave(fmt::format("a key does not belong into a configuration file: {}", mend));
  return fmt::format("${{{}}}", variable);
}

void Composer::set_key(DraftProvider& provider, Value& field, const std::string& variable) {
  provider.api_key = key_text(provider, variable.empty() ? variable_for(provider) : variable, field);
}

void Composer::set_pool(DraftProvider& provider, const std::vector<Value*>& fields) {
  const auto variable = variable_for(provider);
  for (Value* field : fields) {
    const auto own = provider.pool.empty() ? variable : fmt::format("{}_{}", variable, provider.pool.size() + 1);
    if (auto text = key_text(provider, own, *field); !text.empty()) provider.pool.push_back(std::move(text));
  }
}

void Composer::set_headers(DraftProvider& provider, Value& headers) {
  for (std::size_t i = 0; i < headers.keys.size(); ++i) {
    const auto& name = headers.keys[i];
    Value& value = headers.items[i];
    const auto text = to_text(value.text, spelling_);
    if (!value.is_scalar()) continue;
    if (const auto fault = config::header_name_fault(name); !fault.empty()) {
      value.leave(fault);
    } else if (!text.has_reference && (reads_as_reference(value.text) || !config::is_header_value(value.text))) {
      value.leave("not a header's value");
    } else if (!text.has_reference && sounds_secret(name) && !options_.with_keys) {
      value.leave("looks like a secret: write headers: { " + name + ": ${VARIABLE} } yourself");
    } else {
      value.carry();
      provider.headers[to_lower(name)] = text.text;
    }
  }
}

void Composer::set_timeout(DraftProvider& provider, const std::string& key, Value& field, double per_second, const std::string& reason) {
  if (!field.filled()) return;
  const auto number = field.number();
  const auto text = number ? duration_text(*number / per_second) : std::nullopt;
  if (!text) return field.leave("not a time between 1 ms and a day");
  provider.timeouts[key] = *text;
  if (reason.empty()) {
    field.carry();
  } else {
    field.change(reason);
  }
}

void Composer::add_token(Value& field) {
  if (!field.is_scalar() || field.text.empty()) return;
  const auto text = to_text(trim(field.text), spelling_);
  const bool fits = config::is_secret_text(trim(field.text)) && !reads_as_reference(text.text) && !text.text.empty();
  if (fits && (text.has_reference || options_.with_keys)) {
    draft.tokens.push_back(text.text);
    return field.carry();
  }
  draft.wants_token = true;
  field.leave("a token does not belong into a configuration file: set PENSTOCK_TOKEN to it, and take the mark off auth");
}

void Composer::set_listen(Value& host, Value& port) {
  if (!host.filled() && !port.filled()) return;
  const auto number = whole(port, 1, 65'535);
  if (port.filled() && !number) port.leave("not a port");
  const std::string name = host.filled() ? std::string(trim(host.text)) : "127.0.0.1";
  const auto with_port = (name.contains(':') ? "[" + name + "]" : name) + ":" + std::to_string(number.value_or(4100));
  const auto address = config::parse_listen(with_port);
  if (!address) return host.leave("not an address");
  host.carry();
  if (number) port.carry();
  draft.listen = config::to_text(*address);
  if (config::is_loopback(*address) || !draft.tokens.empty()) return;
  draft.listen = config::to_text({"127.0.0.1", address->port});
  host.change("only this machine is served until auth.tokens has a token; then write " + with_port);
}

void Composer::set_log_level(Value& field) {
  if (!field.filled()) return;
  const auto level = to_lower(trim(field.text));
  const std::string_view ours = level == "debug" || level == "trace"                          ? "debug"
                                : level == "info"                                             ? "info"
                                : level == "warn" || level == "warning"                       ? "warn"
                                : level == "error" || level == "critical" || level == "fatal" ? "error"
                                                                                              : "";
  if (ours.empty()) return field.leave("not a level that Penstock knows: debug, info, warn or error");
  draft.log["level"] = ours;
  if (ours == level) return field.carry();
  field.change(fmt::format("is {} here", ours));
}

void Composer::set_retries(Value& field) {
  if (!field.filled()) return;
  constexpr std::uint64_t kMost = 19;
  const auto retries = whole(field, 0, 1'000'000);
  if (!retries) return field.leave("not a number of retries");
  draft.retry["attempts"] = std::to_string(std::min(*retries, kMost) + 1);
  if (*retries > kMost) return field.change("20 attempts are the most");
  field.carry();
}

std::string Composer::model_name(Value& field) {
  std::string name = field.text;
  const auto unfit = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (!field.is_scalar() || name.empty()) return {};
  if (std::ranges::none_of(name, unfit)) {
    field.carry();
    return name;
  }
  std::ranges::replace_if(name, unfit, '-');
  field.change("a name has no spaces: " + name);
  return name;
}

void Composer::add_rule(DraftRule rule) {
  rule.name = literal(rule.name);
  if (std::ranges::find(draft.rules, rule.name, &DraftRule::name) == draft.rules.end()) draft.rules.push_back(std::move(rule));
}

std::string Composer::profile_name(std::string_view name) const {
  const auto taken = [&](const std::string& one) {
    return is_taken(one) || catalog_.find(one) != nullptr || one == kMock ||
           std::ranges::find(draft.profiles, one, &DraftProfile::name) != draft.profiles.end();
  };
  const std::string base = safe_name(name);
  std::string free = taken(base) ? base + "-profile" : base;
  for (int i = 2; taken(free); ++i) free = fmt::format("{}-profile-{}", base, i);
  return free;
}

void Composer::set_env(DraftProfile& profile, Value& env) {
  constexpr std::array<std::string_view, 3> kOurs{"ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "CLAUDE_CONFIG_DIR"};
  for (std::size_t i = 0; i < env.keys.size(); ++i) {
    const auto& name = env.keys[i];
    Value& value = env.items[i];
    if (value.fate != Fate::unread || !value.filled()) continue;
    if (!is_variable_name(name) || !value.is_scalar() || !config::is_header_value(value.text)) {
      value.leave("not a variable with a plain value");
    } else if (std::ranges::find(kOurs, name) != kOurs.end()) {
      value.leave("`penstock run` sets it");
    } else if (sounds_secret(name) && !name.contains("MAX_") && !options_.with_keys) {
      value.leave("looks like a secret: write ${VARIABLE} in the profile's env yourself");
    } else {
      profile.env[name] = spelled(value.text);
      value.carry();
    }
  }
}

Imported Composer::finish(const Value& root, std::span<const Reason> reasons, std::string_view tool, std::string_view file_name) {
  for (auto& provider : draft.providers) {
    const bool has_key = !provider.api_key.empty() || !provider.pool.empty();
    if (provider.dialect.empty() || !has_key || !provider.auth.empty() || !provider.auth_header.empty()) continue;
    if (provider.dialect.starts_with("openai")) provider.auth = "bearer";
    if (provider.dialect == "gemini") provider.auth_header = "x-goog-api-key";
  }
  Imported imported{{}, collect(root, reasons)};
  draft.title =
      fmt::format("Penstock's configuration, made by `penstock import {}` from {}.\nEvery key is explained in docs/configuration.md.", tool,
                  printable(file_name));
  if (std::ranges::any_of(imported.notes, [](const Note& note) { return note.fate == Fate::left_out; }))
    draft.tail.emplace_back("Left out:");
  for (const Note& note : imported.notes)
    if (note.fate == Fate::left_out) draft.tail.push_back(printable(fmt::format("  {}: {}", note.field, note.why)));
  imported.yaml = to_yaml(draft);
  return imported;
}

}  // namespace penstock::importing
