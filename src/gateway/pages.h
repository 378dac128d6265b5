// Plain answers: the model list. How everything stands: state_pages.h.
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

/// For whom a list of models is.
enum class Reader : unsigned char { picker, program };
/// Claude Code's discovery calls itself `claude-code/2.1.328`, its other requests `claude-cli/…` (wire-reference 7).
Reader reader_of(std::string_view user_agent);

/// At most so many rows for Claude Code's picker: nobody finds a model among hundreds, and an aggregator lists that many.
inline constexpr std::size_t kMostPicked = 60;

/// GET /v1/models: one shape for Claude Code's picker, Anthropic's SDK and OpenAI's (wire-reference 1.13). `provider` limits the list to
/// one provider or rule (the NAME of /to/NAME/…); empty: all. A program is told every name. The picker gets those that the configuration
/// lets through, kMostPicked at most: names of rules first, then what providers' tiers mean, then other models that a row or the
/// configuration has, and last what only providers' own lists have.
PageBody models_page(const Snapshot& snapshot, std::string_view provider, Reader reader);
/// GET /v1/models/{id}: any name that routes; 404 else.
PageBody model_page(const Snapshot& snapshot, std::string_view id, std::string_view path_target, std::string_view request_id);

}  // namespace penstock::gateway
