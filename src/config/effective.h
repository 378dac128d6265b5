// The configuration in force, for a person to read.
#pragma once

#include <string>

#include "config/config.h"

namespace penstock::config {

/// `config` as YAML in the form of a configuration file, defaults spelled out, secrets masked. What the catalogue adds is not in it.
std::string effective(const Config& config);

}  // namespace penstock::config
