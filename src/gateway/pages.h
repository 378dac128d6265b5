// Plain answers: the model list, health.
#pragma once

#include <string>
#include <string_view>

#include "gateway/snapshot.h"

namespace penstock::gateway {

/// A body and its status; always JSON.
struct PageBody {
  int status = 200;
  std::string json;
};

/// GET /v1/models: one answer for Claude Code's picker, Anthropic's SDK and OpenAI's (wire-reference 1.13). `provider` limits the list to
/// one provider or rule (the NAME of /to/NAME/…); empty: all.
PageBody models_page(const Snapshot& snapshot, std::string_view provider);
/// GET /v1/models/{id}: any name that routes; 404 else.
PageBody model_page(const Snapshot& snapshot, std::string_view id, std::string_view path_target);
/// GET /health: 503 when a configured provider has no credential. Who shows no token is told the status only.
PageBody health_page(const Snapshot& snapshot, bool draining, bool with_providers);

}  // namespace penstock::gateway
