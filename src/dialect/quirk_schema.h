// Tool schemas for providers that know only the plain part of JSON Schema.
#pragma once

#include "json/patch.h"

namespace penstock::dialect {

/// Removes $schema, $id, $comment, pattern, patternProperties, propertyNames and formats that few validators know, at every depth where a
/// schema stands (a property may well be called `pattern`), and makes the root's type `object`.
void clean_schema(json::Value schema, json::Patch& patch);

}  // namespace penstock::dialect
