// A client's Anthropic Messages request, read into the gateway's vocabulary for a provider that speaks another dialect.
#pragma once

#include "base/result.h"
#include "json/scan.h"
#include "llm/facts.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Reads the request (wire-reference 1.4 to 1.7). `body` must stay as it is while the result is used. Lenient: what it does not understand
/// is kept as an OtherPart or named in `dropped`; inspect() has already refused what is no request. Fails with invalid_request, which names
/// the path, where a part lacks what every provider would need (a tool_use without a name, an image without a source). `subagent_tag` (of
/// the body's facts) is left out of the text that holds it.
Result<llm::Request> read_anthropic_request(const json::Document& body, const llm::ByteRange& subagent_tag = {});

}  // namespace penstock::dialect
