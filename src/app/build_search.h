// The web search of the configuration, compiled.
#pragma once

#include "config/config.h"
#include "config/load.h"
#include "gateway/search_backend.h"

namespace penstock::app {

/// For `search` with a url. HTTPS_PROXY and NO_PROXY count as they do for providers. Fails (config) for a URL that is none, an unusable
/// proxy, and Brave's API without a key; the message is fit for a user of the gateway.
Result<gateway::SearchBackend> build_search_backend(const config::WebSearch& search, const config::Environment& environment);

}  // namespace penstock::app
