// From a client's Anthropic request to the one that a provider's Anthropic endpoint takes: quirks become edits of the body.
#pragma once

#include <cstdint>
#include <string_view>

#include "dialect/quirks.h"
#include "dialect/signature.h"
#include "json/patch.h"
#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

/// Where the request goes. The views and pointers outlive the call.
struct RequestContext {
  std::string_view provider;              // whose tagged thinking blocks are its own
  std::string_view model;                 // as the provider spells it; empty: the body's model stays
  std::uint64_t max_output = 0;           // tokens that the model can answer with; 0: unknown
  const SignatureCodec* codec = nullptr;  // null: no tag opens
  const llm::Facts* facts = nullptr;      // when given: what it says is absent is not looked for, and its subagent_tag is removed
};

/// Puts into `patch` all that the quirks ask for: one walk over the document, then one over its list of messages. `patch` is over
/// `document` and empty. With transparent quirks: the model's name, and what Anthropic would refuse: thinking blocks with a tag of ours are
/// removed, and web searches of others become text. Cannot fail: what it does not understand stays as it is.
void apply(const Quirks& quirks, const json::Document& document, const RequestContext& context, json::Patch& patch);

}  // namespace penstock::dialect
