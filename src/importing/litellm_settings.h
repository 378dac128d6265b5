// LiteLLM's router_settings, litellm_settings and general_settings.
#pragma once

#include <vector>

#include "importing/litellm_models.h"

namespace penstock::importing {

/// Adds aliases, fallbacks, retries, cooldowns, budgets, the cache and tokens to the draft, whose rules are `groups` already.
void read_litellm_settings(Composer& composer, Value& root, const std::vector<LiteLlmGroup>& groups);

}  // namespace penstock::importing
