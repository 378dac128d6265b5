#include "importing/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/url.h"
#include "config/values.h"
#include "importing/draft.h"

namespace penstock::importing {

namespace {

// Longest first: a URL loses the first that fits.
constexpr std::array<std::string_view, 7> kEnds{
    "/v1/chat/completions", "/chat/completions", "/v1beta/models", "/responses", "/messages", "/v1beta/openai", "/v1beta"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHints{
    {{"ollama", "ollama"}, {"vllm", "vllm"}, {"lmstudio", "lmstudio"}, {"llamacpp", "llamacpp"}, {"llamaserver", "llamacpp"}}};

std::string_view without_slashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

/// The URL without the path of one API call.
std::string_view base_of(std::string_view url) {
  url = without_slashes(trim(url));
  for (const auto end : kEnds)
    if (url.ends_with(end)) return without_slashes(url.substr(0, url.size() - end.size()));
  return url;
}

/// `LM-Studio`, `lm_studio` and `lmstudio` are one word.
std::string squeezed(std::string_view name) {
  std::string out;
  for (const char c : to_lower(name))
    if (c >= 'a' && c <= 'z') out += c;
  return out;
}

/// The catalogue's row for a server of one's own.
const catalog::Provider* local_row(std::string_view hint, const catalog::Catalog& catalog) {
  const auto word = squeezed(hint);
  for (const auto& [part, row] : kHints)
    if (word.contains(part)) return catalog.find(row);
  return nullptr;
}

/// 0: another server; 1: the same one; 2: and the same path.
int nearness(std::string_view base_url, const Url& url) {
  const auto own = parse_url(base_url);
  if (!own || own->host != url.host || own->port != url.port || own->tls != url.tls) return 0;
  return without_slashes(own->path) == without_slashes(url.path) ? 2 : 1;
}

/// Of the rows with an endpoint on this host, the one whose path is nearest; among equals one that speaks Anthropic's dialect.
const catalog::Provider* remote_row(const Url& url, const catalog::Catalog& catalog) {
  const catalog::Provider* best = nullptr;
  int best_score = 0;
  for (const auto& row : catalog.providers) {
    if (row.local) continue;
    int near = nearness(row.base_url, url);
    for (const auto& api : row.apis) near = std::max(near, nearness(api.base_url, url));
    const int score = near == 0 ? 0 : 2 * near + (row.dialect == "anthropic" ? 1 : 0);
    if (score > best_score) best = &row, best_score = score;
  }
  return best;
}

/// What a user should know who spoke `dialect` at `base`: Penstock talks to the row's main endpoint, and to others for clients that speak
/// their dialects. Empty when that is the same.
std::string change_of_endpoint(const catalog::Provider& row, std::string_view base, std::string_view dialect) {
  if (base == row.base_url && dialect == row.dialect) return {};
  const auto* api = row.find_api(dialect);
  if (api != nullptr && !api->opt_in && base == api->base_url)
    return fmt::format("Penstock uses it for clients of that API, and {} ({}) for others", row.base_url, row.dialect);
  return fmt::format("Penstock uses the provider's endpoint {} ({}); the key and the models are the same", row.base_url, row.dialect);
}

std::string path_doubt(std::string_view url, std::string_view dialect) {
  if (dialect != "openai-chat" && dialect != "openai-responses") return {};
  const auto trimmed = without_slashes(trim(url));
  const auto rest = base_of(trimmed);
  const bool usual = trimmed.ends_with("/v1/chat/completions") || rest.ends_with("/v1") || rest == trimmed;
  return usual ? "" : "Penstock adds /v1 to the base URL, which this provider's path did not have; check it";
}

}  // namespace

std::string_view dialect_of(std::string_view url) {
  url = without_slashes(trim(url));
  if (url.ends_with("/messages") || url.ends_with("/anthropic")) return "anthropic";
  if (url.ends_with("/responses")) return "openai-responses";
  if (url.ends_with("/chat/completions") || url.ends_with("/openai")) return "openai-chat";
  return url.contains("generativelanguage.googleapis.com") ? "gemini" : "";
}

std::string host_name(std::string_view base_url, std::string_view otherwise) {
  const auto url = parse_url(base_url);
  return url ? url->host : std::string(otherwise);
}

Result<Endpoint> find_endpoint(std::string_view url, Spelling spelling, std::string_view dialect, std::string_view hint,
                               const catalog::Catalog& catalog) {
  Endpoint found;
  found.dialect = dialect;
  const auto* local = local_row(hint, catalog);
  if (const auto text = to_text(url, spelling); text.has_reference) {  // what it stands for is not known here
    found.row = local;
    found.base_url = base_of(text.text);
    found.change = "its variable must be set when Penstock starts";
    return found;
  }
  const auto base = config::parse_base_url(base_of(url));
  const auto parts = base ? parse_url(*base) : std::nullopt;
  if (!parts) return fail(config_error(base ? "not a URL" : base.error()));
  found.base_url = literal(*base);
  found.row = remote_row(*parts, catalog);
  if (found.row != nullptr) {
    found.base_url.clear();
    found.change = change_of_endpoint(*found.row, *base, dialect);
    return found;
  }
  found.row = local;
  found.change = local == nullptr ? path_doubt(url, dialect)
                 : local->dialect == dialect
                     ? ""
                     : fmt::format("Penstock speaks the {} API that {} serves as well", local->dialect, local->display_name);
  if (local != nullptr && *base == local->base_url) found.base_url.clear();
  return found;
}

}  // namespace penstock::importing
