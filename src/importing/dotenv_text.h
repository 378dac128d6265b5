// The text of a .env file.
#pragma once

#include <string_view>

#include "importing/source.h"

namespace penstock::importing {

/// A map of the variables: `NAME=value`, with or without `export`, single or double quotes (which may span lines) and comments.
/// Of a name that is given twice the later value counts. Fails with the line on anything else.
Result<Value> parse_dotenv(std::string_view text);

}  // namespace penstock::importing
