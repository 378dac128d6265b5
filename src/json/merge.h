// One JSON text laid over another (RFC 7396), with everything that the overlay does not name left byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace penstock::json {

/// Objects are merged member by member; any other value replaces; null removes the member. An empty `text` counts as `{}`.
/// Fails with the parser's error when one of the two is not JSON.
Result<std::string> merge(std::string_view text, std::string_view overlay);

}  // namespace penstock::json
