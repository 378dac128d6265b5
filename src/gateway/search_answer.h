// What a search server says, as pages. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dialect/web_search.h"

namespace penstock::gateway {

/// Whose API a search server has. searxng: GET /search?format=json. brave: GET /res/v1/web/search.
enum class SearchApi : std::uint8_t { searxng, brave };

/// Most pages that are read of one answer.
inline constexpr std::size_t kMostHits = 20;

/// The pages of a 200. What lacks an address is left out, what lacks a title is named by its address; texts come without markup. Fails
/// (protocol) when the body is not the JSON of that API.
Result<std::vector<dialect::SearchHit>> read_hits(SearchApi api, std::string_view body);

/// Why a search server refused, with the mend where there is one: authentication, rate_limited, config, or connection.
Error search_refusal(SearchApi api, int status, std::string_view location, std::string_view body);

/// HTML as plain words: without tags, the usual entities resolved, runs of white space as one space. Valid UTF-8.
std::string plain_words(std::string_view html);

}  // namespace penstock::gateway
