#include "app/ask_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "base/url.h"
#include "catalog/model_list.h"
#include "json/padded.h"

namespace penstock::app {

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kMostBytes = 16U << 20;  // of a page; OpenRouter's is about one million
constexpr std::size_t kMostPages = 50;
constexpr std::size_t kMostModels = 5000;
constexpr std::size_t kMostWords = 200;

// Places.

std::string origin_of(const gateway::Upstream& endpoint) { return (endpoint.origin.tls ? "https://" : "http://") + endpoint.host; }

/// Without the last folders, if the path has them.
std::optional<std::string> without(std::string_view path, std::string_view folders) {
  if (!path.ends_with(folders)) return std::nullopt;
  return std::string(path.substr(0, path.size() - folders.size()));
}

std::string usual_path(const gateway::Upstream& endpoint) {
  if (endpoint.dialect == "gemini") return endpoint.path + "/v1beta/models?pageSize=1000";
  for (const auto* call : {"/chat/completions", "/responses"})
    if (const auto base = without(endpoint.api_path, call)) return *base + "/models";
  return endpoint.path + (endpoint.transparent ? "/v1/models?limit=1000" : "/v1/models");
}

/// Lower is asked earlier.
int preference(const gateway::Upstream& endpoint) { return endpoint.dialect == "gemini" ? 0 : endpoint.dialect == "anthropic" ? 2 : 1; }

/// The row's place holds where the user has not moved the provider into another folder.
std::optional<std::string> row_path(const ListQuestion& question) {
  if (!question.row || question.row->models_path.empty()) return std::nullopt;
  const auto usual = parse_url(question.row->base_url);
  if (!usual || usual->path != question.upstream->path) return std::nullopt;
  return question.row->models_path;
}

// One request.

net::FetchRequest request_for(const ListQuestion& question, const gateway::Upstream& endpoint, std::string url) {
  net::FetchRequest request;
  request.url = std::move(url);
  request.ca_file = endpoint.origin.ca_file;
  request.https_proxy = question.https_proxy;
  request.no_proxy = question.no_proxy;
  request.patience = kPatience;
  request.most = kMostBytes;
  request.headers = {{"accept", "application/json"}, {"accept-encoding", "identity"}};
  const auto add = [&](const std::string& name, std::string value) {
    if (!endpoint.headers.contains(name)) request.headers.emplace_back(name, std::move(value));
  };
  add("user-agent", "penstock/" PENSTOCK_VERSION);
  if (endpoint.dialect == "anthropic") add("anthropic-version", "2023-06-01");
  if (!endpoint.credential_beta.empty()) add("anthropic-beta", endpoint.credential_beta);
  for (const auto& [name, value] : endpoint.headers) request.headers.emplace_back(name, value);
  const auto key = question.credential.reveal();
  if (key.empty()) return request;
  switch (endpoint.auth) {
    case gateway::AuthScheme::x_api_key: request.headers.emplace_back("x-api-key", key); break;
    case gateway::AuthScheme::bearer: request.headers.emplace_back("authorization", fmt::format("Bearer {}", key)); break;
    case gateway::AuthScheme::header: request.headers.emplace_back(endpoint.auth_header, key); break;
    case gateway::AuthScheme::none: break;
  }
  return request;
}

// Failures.

/// What the body of an error says; empty when that is not for people.
std::string words_of(std::string_view body) {
  const json::Padded padded(body);
  json::Document document;
  if (!document.index(padded.text())) return {};
  const auto root = document.root();
  for (const auto& value : {root.find("error"), root.find("message"), root.find("detail")}) {
    if (!value) continue;
    const auto inner = value->find("message");
    if (const auto text = inner ? inner->text() : value->text(); !text.empty()) return printable(text);
  }
  return {};
}

/// Some providers repeat the key that they refuse.
std::string shown(std::string words, const Secret& secret) {
  if (!secret.empty())
    for (auto at = words.find(secret.reveal()); at != std::string::npos; at = words.find(secret.reveal(), at))
      words.replace(at, secret.reveal().size(), "…");
  if (words.size() > kMostWords) words = valid_utf8(words.substr(0, kMostWords)) + "…";
  return words.empty() ? "" : ": " + words;
}

/// A key is replaced where it was found: one that is stored does not win over the configuration's, or the environment's.
std::string mend_of(const ListQuestion& question) {
  const auto& up = *question.upstream;
  const std::string_view source = question.credential_source;
  if (up.token_source) return "penstock login " + up.login;
  if (source == "configuration") return fmt::format("another key in the configuration, at providers.{}.api_key", up.name);
  if (source.starts_with("credentials.")) return fmt::format("another key in the configuration, at providers.{}.{}", up.name, source);
  if (source.starts_with('$')) return fmt::format("another key in the variable {}", source.substr(1));
  return "penstock keys set " + up.name;
}

Error refusal(const ListQuestion& question, const std::string& url, const net::Fetched& answer) {
  const auto& up = *question.upstream;
  const auto words = shown(words_of(answer.body), question.credential);
  if (answer.status == 401 || answer.status == 403)
    return provider_error(ErrorKind::authentication,
                          fmt::format("it refuses the credential ({}{}); mend: {}", answer.status, words, mend_of(question)));
  if (answer.status >= 300 && answer.status < 400)
    return provider_error(ErrorKind::protocol,
                          fmt::format("{} answers with a redirect ({}), which is not followed, as that could give the key away; mend: give "
                                      "the address to which it leads as providers.{}.base_url",
                                      url, answer.status, up.name));
  if (answer.status == 429 || answer.status >= 500)
    return provider_error(ErrorKind::overloaded, fmt::format("it answers {}{}; try again later", answer.status, words), true);
  return provider_error(ErrorKind::not_found,
                        fmt::format("it gives no list of models ({} at {}{}); its models can be written into the configuration, under "
                                    "providers.{}.models",
                                    answer.status, url, words, up.name));
}

Error unreachable(const ListQuestion& question, Error error) {
  const auto& host = question.upstream->origin.host;
  const bool here = (host == "localhost" || host == "127.0.0.1" || host == "::1") && error.message.contains("cannot connect");
  error.message = fmt::format("{}; mend: {}", error.message,
                              here ? "start that server, or give the base_url on which it listens"
                                   : fmt::format("penstock doctor {} looks for the reason", question.upstream->name));
  return error;
}

// Pages.

/// `next` is a path or a query.
std::string next_url(const gateway::Upstream& endpoint, const std::string& url, const std::string& next) {
  if (next.starts_with('/')) return origin_of(endpoint) + next;
  return fmt::format("{}{}{}", url, url.contains('?') ? '&' : '?', next);
}

Result<catalog::ModelPage> ask_page(const ListQuestion& question, const gateway::Upstream& endpoint, const std::string& url,
                                    const Fetch& fetch) {
  const auto answer = fetch(request_for(question, endpoint, url));
  if (!answer) return fail(unreachable(question, answer.error()));
  if (answer->status != 200) return fail(refusal(question, url, *answer));
  auto page = catalog::parse_model_list(answer->body);
  if (!page) return fail(provider_error(ErrorKind::not_found, fmt::format("{}: {}", url, page.error().message)));
  return page;
}

Result<std::vector<catalog::Model>> ask_place(const ListQuestion& question, const ListPlace& place, const Fetch& fetch) {
  std::vector<catalog::Model> models;
  std::unordered_set<std::string> ids, asked;
  std::string url = place.url;
  // A server that gives the same page again and again comes to an end, too.
  while (asked.size() < kMostPages && models.size() < kMostModels && asked.insert(url).second) {
    TRY(auto page, ask_page(question, *place.endpoint, url, fetch));
    for (auto& model : page.models)
      if (ids.insert(model.id).second) models.push_back(std::move(model));
    if (page.next.empty()) break;
    url = next_url(*place.endpoint, place.url, page.next);
  }
  return models;
}

}  // namespace

std::vector<ListPlace> list_places(const ListQuestion& question) {
  std::vector<const gateway::Upstream*> endpoints{question.upstream};
  for (const auto& other : question.upstream->others) endpoints.push_back(&other);
  std::ranges::sort(endpoints, {}, [](const auto* endpoint) { return std::pair(preference(*endpoint), endpoint->dialect); });
  std::vector<ListPlace> places;
  const auto add = [&](const gateway::Upstream& endpoint, const std::string& path) {
    std::string url = origin_of(endpoint) + path;
    if (std::ranges::find(places, url, &ListPlace::url) == places.end()) places.push_back({std::move(url), &endpoint});
  };
  if (const auto path = row_path(question)) add(*question.upstream, *path);
  for (const auto* endpoint : endpoints) add(*endpoint, usual_path(*endpoint));
  if (without(question.upstream->path, "/anthropic")) add(*question.upstream, "/v1/models");
  return places;
}

Result<std::vector<catalog::Model>> ask_models(const ListQuestion& question, const Fetch& fetch) {
  std::optional<Error> worst;
  for (const auto& place : list_places(question)) {
    auto models = ask_place(question, place, fetch);
    if (models) return models;
    // A place that has no list says less than one that refuses the key.
    if (!worst || (worst->kind == ErrorKind::not_found && models.error().kind != ErrorKind::not_found)) worst = std::move(models.error());
    if (worst->kind != ErrorKind::not_found && worst->kind != ErrorKind::authentication) break;
  }
  return fail(std::move(*worst));
}

}  // namespace penstock::app
