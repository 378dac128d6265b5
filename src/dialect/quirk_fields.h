// The quirks of single top-level fields.
#pragma once

#include "dialect/edit.h"

namespace penstock::dialect {

void edit_temperature(const Edit& edit, json::Value root, const json::Member& field);
void edit_stop_sequences(const Edit& edit, json::Value root, const json::Member& field);
/// hash: user_id alone, as the SHA-256 of what it was.
void edit_metadata(const Edit& edit, json::Value root, const json::Member& field);

}  // namespace penstock::dialect
