#include "doctor/base_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/url.h"

namespace penstock::doctor {

namespace {

constexpr std::string_view kAnthropicKey = "sk-ant-";

bool is_anthropic_host(std::string_view host) { return host == "anthropic.com" || host.ends_with(".anthropic.com"); }

/// A network of one's own, where a key in the clear is a choice (RFC 1918, RFC 6762).
bool is_private_host(std::string_view host) {
  if (host.starts_with("10.") || host.starts_with("192.168.") || host.ends_with(".local") || host.ends_with(".lan")) return true;
  if (!host.starts_with("172.")) return false;
  const auto second = parse_unsigned(host.substr(4, host.find('.', 4) - 4));
  return second && *second >= 16 && *second <= 31;
}

/// What stands behind the part that belongs to a base URL.
struct Ending {
  std::string_view text, why;
};
constexpr auto kEndings = std::to_array<Ending>({
    {"/chat/completions", "is the path of another API"},
    {"/v1/responses", "is the path of another API"},
    {"/messages", "is added to each request, so it would stand there twice"},
    {"/v1", "is added to each request, so it would stand there twice"},
});

std::string_view without_slash(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

/// The URL without what does not belong to it.
std::string_view trimmed(std::string_view url) {
  url = without_slash(url);
  for (const auto& ending : kEndings)
    if (url.ends_with(ending.text)) return trimmed(url.substr(0, url.size() - ending.text.size()));
  return url;
}

std::optional<Ending> wrong_ending(std::string_view url) {
  for (const auto& ending : kEndings)
    if (without_slash(url).ends_with(ending.text)) return ending;
  return std::nullopt;
}

/// A row of the catalogue that takes Anthropic requests on the same host, but at another path: the documented one.
const catalog::Provider* row_on_host(const catalog::Catalog& catalog, const gateway::Upstream& up) {
  const catalog::Provider* other = nullptr;
  for (const auto& row : catalog.providers) {
    const auto url = parse_url(row.base_url);
    if (row.local || row.dialect != "anthropic" || !url || url->host != up.origin.host) continue;
    if (without_slash(url->path) == up.path) return nullptr;
    other = &row;
  }
  return other;
}

void path_traps(const Patient& patient, const catalog::Catalog& catalog, Rows& rows) {
  const auto& up = patient.upstream;
  if (const auto ending = wrong_ending(up.base_url))
    rows.push_back(fault(fmt::format("{} ends in {}, which {}", up.base_url, ending->text, ending->why),
                         fmt::format("base_url: {}", trimmed(up.base_url))));
  if (up.dialect != "anthropic") return;
  if (const auto* row = row_on_host(catalog, up))
    rows.push_back(warning(fmt::format("{} is not where {} takes Anthropic requests", up.base_url, row->display_name),
                           fmt::format("base_url: {}", without_slash(row->base_url))));
  else if (up.origin.host == "api.openai.com" || up.origin.host == "generativelanguage.googleapis.com")
    rows.push_back(fault(fmt::format("{} does not speak the Anthropic dialect", up.origin.host), "give the provider its dialect"));
}

/// The key, or the access token of a login.
Secret credential_of(const gateway::Upstream& up) {
  const auto token = up.token_source ? up.token_source->current() : nullptr;
  return token ? token->access : up.key;
}

void key_traps(const gateway::Upstream& up, Rows& rows) {
  const Secret credential = credential_of(up);
  const auto key = credential.reveal();
  if (key.empty() || is_loopback_host(up.origin.host)) return;
  const bool anthropic = key.starts_with(kAnthropicKey);
  if (anthropic && !is_anthropic_host(up.origin.host)) {
    auto row = fault(fmt::format("the key ({}) is Anthropic's, and would go to {}", up.key_source, up.origin.host),
                     "give the provider a key of its own, and have that one replaced if it was ever sent");
    if (up.transparent) row.verdict = Verdict::warning;  // a relay that the user has named
    rows.push_back(std::move(row));
  }
  if (!anthropic && is_anthropic_host(up.origin.host))
    rows.push_back(fault(fmt::format("the key ({}) is not Anthropic's; those begin with {}", up.key_source, kAnthropicKey),
                         "penstock keys set " + up.name));
  if (up.origin.tls) return;
  auto row = fault(fmt::format("the key goes to {} in the clear", up.origin.host), "write https:// in base_url");
  if (is_private_host(up.origin.host)) row.verdict = Verdict::warning;
  rows.push_back(std::move(row));
}

/// vLLM serves a model under its repository's name unless told otherwise, and Claude Code stumbles over the slash (wire-reference 4.7).
void name_traps(const Patient& patient, Rows& rows) {
  if (!patient.row || patient.row->name != "vllm") return;
  for (const auto& model : patient.upstream.models)
    if (model.id.contains('/'))
      rows.push_back(
          warning(fmt::format("the model {} has a slash in its name, which clients take for provider/model", model.id),
                  fmt::format("start vLLM with --served-model-name {}, and name that", model.id.substr(model.id.rfind('/') + 1))));
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

Rows base_url_traps(const Patient& patient, const catalog::Catalog& catalog) {
  Rows rows;
  path_traps(patient, catalog, rows);
  key_traps(patient.upstream, rows);
  name_traps(patient, rows);
  return rows;
}

Rows client_url_traps(std::string_view text, std::string_view key) {
  Rows rows;
  const auto url = parse_url(text);
  if (!url) return {fault("ANTHROPIC_BASE_URL is not a URL like https://host[:port][/path]", "unset ANTHROPIC_BASE_URL")};
  if (const auto ending = wrong_ending(url->path))
    rows.push_back(fault(fmt::format("ANTHROPIC_BASE_URL ends in {}; Claude Code adds /v1/messages to it", ending->text),
                         fmt::format("ANTHROPIC_BASE_URL={}", trimmed(text))));
  if (key.starts_with(kAnthropicKey) && !is_anthropic_host(url->host) && !is_loopback_host(url->host))
    rows.push_back(fault(fmt::format("an Anthropic key would go to {}", url->host), "unset ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN"));
  return rows;
}

}  // namespace penstock::doctor
