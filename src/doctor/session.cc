// What would lead Claude Code elsewhere: variables of the shell, and its own settings, which beat them.
#include <fmt/format.h>

#include <array>

#include "base/plain_file.h"
#include "base/url.h"
#include "doctor/base_url.h"
#include "doctor/checks.h"
#include "json/padded.h"

namespace penstock::doctor {

namespace {

constexpr std::size_t kMostRead = 4U << 20;

/// Variables of Claude Code, and what each does (wire-reference 2.9). `penstock run` takes them away, but for those that `stay`.
struct Conflict {
  std::string_view name, effect;
  bool stays = false;
};
constexpr auto kConflicts = std::to_array<Conflict>({
    {"ANTHROPIC_BASE_URL", "says where requests go"},
    {"ANTHROPIC_AUTH_TOKEN", "is shown instead of a login"},
    {"ANTHROPIC_API_KEY", "is shown instead of a login"},
    {"CLAUDE_CODE_USE_BEDROCK", "sends requests to Amazon Bedrock"},
    {"CLAUDE_CODE_USE_VERTEX", "sends requests to Google Vertex"},
    {"CLAUDE_CODE_USE_FOUNDRY", "sends requests to Microsoft Foundry"},
    {"CLAUDE_CODE_USE_MANTLE", "sends requests to Amazon Bedrock"},
    {"CLAUDE_CODE_USE_ANTHROPIC_AWS", "sends requests to Claude Platform on AWS"},
    {"ANTHROPIC_CUSTOM_HEADERS", "adds headers to each request", true},
    {"CLAUDE_CODE_EXTRA_BODY", "adds fields to each request", true},
    {"ANTHROPIC_DEFAULT_OPUS_MODEL", "chooses a model"},
    {"ANTHROPIC_DEFAULT_SONNET_MODEL", "chooses a model"},
    {"ANTHROPIC_DEFAULT_HAIKU_MODEL", "chooses a model"},
    {"ANTHROPIC_SMALL_FAST_MODEL", "chooses a model"},
    {"CLAUDE_CODE_SUBAGENT_MODEL", "chooses a model"},
    {"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST", "keeps settings from choosing a provider", true},
});

std::string value_of(const Inputs& inputs, std::string_view name) { return inputs.environment(std::string(name)).value_or(""); }

bool leads_here(std::string_view base_url) {
  const auto url = parse_url(base_url);
  return url && is_loopback_host(url->host);
}

/// A shell inside of a session that the gateway serves has variables of ours, and they are right.
bool is_our_session(const Inputs& inputs) { return leads_here(value_of(inputs, "ANTHROPIC_BASE_URL")); }

std::string first_of(std::string first, std::string second) { return first.empty() ? std::move(second) : first; }

/// The text of a JSON file; empty when there is none.
std::string text_of(const std::string& path) {
  auto text = read_plain_file(path, kMostRead);
  return text && *text ? std::move(**text) : "";
}

std::string text_in(const std::optional<json::Value>& object, std::string_view key) {
  const auto value = object ? object->find(key) : std::nullopt;
  return value ? value->text() : "";
}

/// A settings file, and whether it beats `penstock run` too.
struct SettingsFile {
  std::string path;
  bool managed;
};

void look_at_env(const SettingsFile& file, const json::Value& root, Rows& rows) {
  const auto env = root.find("env");
  const std::string url = text_in(env, "ANTHROPIC_BASE_URL");
  if (leads_here(url)) return;
  if (!url.empty())
    for (auto& trap : client_url_traps(url, first_of(text_in(env, "ANTHROPIC_AUTH_TOKEN"), text_in(env, "ANTHROPIC_API_KEY")))) {
      trap.seen = file.path + ": " + trap.seen;
      rows.push_back(std::move(trap));
    }
  for (const auto& conflict : kConflicts) {
    if (text_in(env, conflict.name).empty()) continue;
    std::string seen = fmt::format("{} sets {}, which {}", file.path, conflict.name, conflict.effect);
    if (file.managed)
      rows.push_back(fault(seen + "; managed settings beat everything, penstock run among it", "ask whoever manages this machine"));
    else
      rows.push_back(warning(seen + "; it beats what penstock env exports",
                             "take it out of the file, or use penstock run, which has settings of its own"));
  }
}

void look_at_settings(const SettingsFile& file, Rows& rows) {
  const std::string text = text_of(file.path);
  if (text.empty()) return;
  const json::Padded padded(text);
  json::Document document;
  if (const auto indexed = document.index(padded.text()); !indexed) {
    rows.push_back(
        warning(fmt::format("{} is no JSON: {}", file.path, indexed.error().message), "mend the file; Claude Code passes over it"));
    return;
  }
  look_at_env(file, document.root(), rows);
  if (!text_in(document.root(), "apiKeyHelper").empty())
    rows.push_back(warning(file.path + " has an apiKeyHelper, whose key goes wherever ANTHROPIC_BASE_URL leads",
                           "take it out of the file, or use penstock run, which has settings of its own"));
}

}  // namespace

Rows check_variables(const Evidence& evidence) {
  const Inputs& inputs = evidence.inputs;
  if (is_our_session(inputs)) return {ok("ANTHROPIC_BASE_URL leads to this machine")};
  Rows rows;
  if (const auto url = value_of(inputs, "ANTHROPIC_BASE_URL"); !url.empty())
    rows = client_url_traps(url, first_of(value_of(inputs, "ANTHROPIC_AUTH_TOKEN"), value_of(inputs, "ANTHROPIC_API_KEY")));
  for (const auto& conflict : kConflicts)
    if (!value_of(inputs, conflict.name).empty())
      rows.push_back(warning(fmt::format("{} {}; penstock run {}", conflict.name, conflict.effect,
                                         conflict.stays ? "leaves it as it is" : "takes it away, but plain claude has it"),
                             fmt::format("unset {}, unless you want that", conflict.name)));
  if (rows.empty()) rows.push_back(ok("no variable leads Claude Code elsewhere"));
  return rows;
}

Rows check_settings(const Evidence& evidence) {
  const Inputs& inputs = evidence.inputs;
  const std::string home = value_of(inputs, "HOME");
  const std::string folder = first_of(value_of(inputs, "CLAUDE_CONFIG_DIR"), home.empty() ? "" : home + "/.claude");
  Rows rows;
  if (!folder.empty()) look_at_settings({folder + "/settings.json", false}, rows);
  look_at_settings({inputs.managed_settings, true}, rows);
  if (rows.empty()) rows.push_back(ok("nothing in Claude Code's settings leads elsewhere"));
  return rows;
}

}  // namespace penstock::doctor
