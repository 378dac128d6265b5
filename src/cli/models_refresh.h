// penstock models --refresh: providers are asked for their models, and what they say is kept.
#pragma once

#include <string>

#include "cli/commands.h"

namespace penstock::cli {

/// Asks `provider`, or, when it is empty, every provider in use that has a credential; prints a line for each. The exit code: failed when
/// none has answered, wrong usage for a name that nobody knows.
int refresh_models(const Common& common, const std::string& provider);

}  // namespace penstock::cli
