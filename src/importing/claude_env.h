// Claude Code's own variables (ANTHROPIC_BASE_URL and its like) as a provider and a profile.
#pragma once

#include <string_view>

#include "importing/composer.h"

namespace penstock::importing {

/// Adds the provider that `env` points at and a profile called `name` with its models and further variables. Fails when the variables point
/// nowhere. Marks what it uses.
Status read_claude_env(Composer& composer, Value& env, std::string_view name, std::string_view claude_version);

}  // namespace penstock::importing
