// What one row of a provider's list of models tells, whoever's words it uses. A row says little, or much; what it does not say stays open.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "catalog/catalog.h"
#include "json/scan.h"

namespace penstock::catalog {

/// The value at a path of keys with dots between them.
std::optional<json::Value> find_path(const json::Value& value, std::string_view path);

/// Tokens; 0 when nothing is said. A server that has loaded a model with a smaller window than it could have says the smaller one.
std::uint64_t window_of(const json::Value& row);
std::uint64_t max_output_of(const json::Value& row);

/// Not known unless input and output have a price. Both units in use are understood: dollars per token, and per million tokens.
Price price_of(const json::Value& row);

/// Nothing when the row does not say.
std::optional<bool> sees_images(const json::Value& row);

/// Text comes out of it, and it is in service. Where a row does not say, the id of a known kind does (embeddings, speech, images).
bool can_chat(const json::Value& row, std::string_view id);

/// A local server has it in memory.
bool is_loaded(const json::Value& row);

}  // namespace penstock::catalog
