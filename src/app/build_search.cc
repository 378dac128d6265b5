#include "app/build_search.h"

#include "base/text.h"
#include "base/url.h"

namespace penstock::app {

Result<gateway::SearchBackend> build_search_backend(const config::WebSearch& search, const config::Environment& environment) {
  gateway::SearchBackend backend;
  const bool brave = search.kind == config::SearchKind::brave;
  backend.api = brave ? gateway::SearchApi::brave : gateway::SearchApi::searxng;
  backend.max_results = search.max_results;
  if (search.api_key) backend.key = *search.api_key;
  if (brave && !search.api_key)
    return fail(config_error("web_search.api_key: " + (search.unset_variables.empty()
                                                           ? std::string("Brave's API needs one")
                                                           : "the variable " + search.unset_variables.front() + " is not set")));
  const auto url = parse_url(search.url);
  if (!url) return fail(config_error("web_search.url " + search.url + " is not a URL like https://host[:port][/path]"));
  backend.host = url->host_field();
  backend.path = url->path;
  while (backend.path.ends_with('/')) backend.path.pop_back();
  backend.origin.host = url->host;
  backend.origin.port = url->port;
  backend.origin.tls = url->tls;
  const auto variable = [&](const char* upper, const char* lower) {
    const auto value = environment(upper);
    return value && !value->empty() ? *value : environment(lower).value_or("");
  };
  if (url->tls) {
    TRY(backend.origin.proxy,
        net::proxy_for(url->host, url->port, variable("HTTPS_PROXY", "https_proxy"), variable("NO_PROXY", "no_proxy")));
  }
  backend.origin.key = backend.origin.name();
  return backend;
}

}  // namespace penstock::app
