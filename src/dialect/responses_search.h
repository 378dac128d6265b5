// The web search that a Responses provider carries out by itself (wire-reference 1.7, 3.11), told in Anthropic's words.
#pragma once

#include <cstdint>
#include <string>

#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// A `web_search_call` in its final form, as the two blocks of web_search.h with the keys `key` and `key + 1`. False when it is no search
/// (the provider opens pages and looks into them by the same item), or says nothing.
bool emit_search_call(json::Value item, std::uint32_t key, llm::EventSink& out);

/// A citation for an annotation of a text; "" for one of another kind than `url_citation`.
[[nodiscard]] std::string citation_of(json::Value annotation);

}  // namespace penstock::dialect
