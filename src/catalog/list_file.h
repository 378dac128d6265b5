// A provider's list of models as a text, to be kept between runs: one JSON object, a line for each model. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog.h"

namespace penstock::catalog {

std::string to_text(const ProviderList& list);

/// The models get `the provider` as their source, and the day on which it was asked as their date. Fails (ErrorKind::config) on what
/// to_text() did not write, or not to its end.
Result<ProviderList> read_list(std::string_view text);

/// The day of a time, in UTC: `2026-11-20`.
std::string day_of(std::int64_t unix_seconds);

}  // namespace penstock::catalog
