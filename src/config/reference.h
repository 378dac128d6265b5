// The reference page of the configuration file, made from the table in fields.h.
#pragma once

#include <string>

namespace penstock::config {

/// docs/configuration.md, byte for byte; a test compares it with the file on disk.
std::string reference_page();

}  // namespace penstock::config
