// The table of fields.h as a JSON Schema (draft 2020-12), for editors and for whoever makes configurations by program.
#pragma once

#include <string>

namespace penstock::config {

/// What `penstock config schema` prints, with a line break at the end. It knows keys, kinds of values, words and ranges of numbers; what
/// concerns several keys at once, and the ranges of durations and sizes, only `penstock config check` knows.
std::string json_schema();

}  // namespace penstock::config
