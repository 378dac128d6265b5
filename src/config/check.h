// A file's tree held against the table in fields.h: unknown keys, wrong types, values out of range. Expands references on the way.
#pragma once

#include <string_view>

#include "config/document.h"
#include "config/expand.h"
#include "config/fields.h"

namespace penstock::config {

/// Checks the whole tree and replaces the references in its scalars. Every fault goes to `report`.
void check(Node& root, const Surroundings& around, Report& report);

/// What is wrong with the text of one scalar, or an empty text.
std::string value_fault(const Field& field, std::string_view text);

}  // namespace penstock::config
