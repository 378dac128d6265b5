// Content that a provider does not know, as words.
#pragma once

#include <string>

#include "json/scan.h"

namespace penstock::dialect {

/// What a block of an unknown kind says to a reader: titles, addresses, texts and program output, a line each. Empty when there is nothing.
/// Escapes as in JSON, without quotes.
[[nodiscard]] std::string history_text(json::Value block);

/// The text of a document whose source is text; empty for others.
[[nodiscard]] std::string document_text(json::Value block);

}  // namespace penstock::dialect
