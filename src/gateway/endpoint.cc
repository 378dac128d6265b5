#include "gateway/endpoint.h"

#include <array>

#include "base/text.h"

namespace penstock::gateway {

namespace {

struct Route {
  std::string_view path;
  Page page;
  bool post;
};

constexpr std::array kRoutes = {
    Route{"/v1/messages", Page::messages, true},
    Route{"/v1/messages/count_tokens", Page::count_tokens, true},
    Route{"/v1/chat/completions", Page::chat_completions, true},
    Route{"/v1/responses", Page::responses, true},
    Route{"/v1/models", Page::models, false},
    Route{"/", Page::root, false},
    Route{"/api/hello", Page::hello, false},
    Route{"/health", Page::health, false},
    Route{"/livez", Page::livez, false},
    Route{"/readyz", Page::readyz, false},
    Route{"/admin/v1/targets", Page::targets, false},
};
constexpr std::string_view kModel = "/v1/models/";
constexpr std::string_view kTo = "/to/";

std::string_view path_of(std::string_view target) {
  if (!target.starts_with('/')) {
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos) return target;
    const auto slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target.substr(0, target.find('?'));
}

}  // namespace

RequestTarget understand(std::string_view method, std::string_view target) {
  RequestTarget understood;
  understood.path = path_of(target);
  std::string_view path = understood.path;
  if (path.starts_with(kTo)) {
    path.remove_prefix(kTo.size());
    const auto end = path.find('/');
    understood.path_target = percent_decode(path.substr(0, end));
    path = end == std::string_view::npos ? "/" : path.substr(end);
    if (understood.path_target.empty()) return understood;
  }
  // A base URL that ends in /v1 makes clients ask for /v1/v1/…; that is what they mean.
  while (path.starts_with("/v1/v1/")) path.remove_prefix(3);
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const bool reading = method == "GET" || method == "HEAD";
  for (const auto& route : kRoutes) {
    if (path != route.path) continue;
    const bool fits = route.post ? method == "POST" : reading;
    understood.page = fits ? route.page : Page::wrong_method;
    understood.allow = route.post ? "POST" : "GET, HEAD";
    return understood;
  }
  if (path.starts_with(kModel)) {
    understood.model = percent_decode(path.substr(kModel.size()));
    understood.page = reading ? Page::model : Page::wrong_method;
    understood.allow = "GET, HEAD";
  }
  return understood;
}

}  // namespace penstock::gateway
