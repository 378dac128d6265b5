// penstock models --refresh: providers are asked for their models, and what they say is kept.
#pragma once

#include <string>

#include "app/build.h"
#include "cli/commands.h"
#include "cli/setup.h"

namespace penstock::cli {

/// Why there is no provider of that name in use, and the mend: it has no key, is not listed, is misspelt, or a gateway that runs has
/// another configuration.
Failure no_such_provider(const Setup& setup, const app::Built& built, const std::string& provider);

/// Asks `provider`, or, when it is empty, every provider in use that has a credential; prints a line for each. The exit code: failed when
/// none has answered, wrong usage for a name that nobody knows.
int refresh_models(const Common& common, const std::string& provider);

}  // namespace penstock::cli
