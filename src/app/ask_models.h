// Asking a provider for its list of models, with the credential that the gateway shows it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "gateway/snapshot.h"
#include "net/fetch.h"

namespace penstock::app {

using Fetch = std::function<Result<net::Fetched>(const net::FetchRequest&)>;

/// Whom to ask, and with what.
struct ListQuestion {
  const gateway::Upstream* upstream = nullptr;
  const catalog::Provider* row = nullptr;  // null: the catalogue does not know it
  Secret credential;                       // empty: none is shown
  std::string https_proxy, no_proxy;       // as in net::FetchRequest
  std::string credential_source{};         // where it was found, for the mend; empty: not known
};

/// Where a list may be: a URL, and that endpoint of the provider whose way of showing the credential holds there.
struct ListPlace {
  std::string url;
  const gateway::Upstream* endpoint = nullptr;
};

/// In the order in which they are asked. Each is on a host to which the provider's requests go anyway: its row's models_path, then the
/// lists of its endpoints (Google's tells most, those of OpenAI's dialects are the most common), then the root of a host that has
/// Anthropic's API in a folder.
std::vector<ListPlace> list_places(const ListQuestion& question);

/// The models of the first place that has a list, all its pages. Redirects are not followed: the key would go with them. Fails with a
/// sentence that names the mend, and never the credential.
Result<std::vector<catalog::Model>> ask_models(const ListQuestion& question, const Fetch& fetch);

}  // namespace penstock::app
