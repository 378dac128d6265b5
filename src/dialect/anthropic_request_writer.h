// A request that came in another dialect, written as an Anthropic Messages body (wire-reference 1.4 to 1.7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "llm/request.h"

namespace penstock::dialect {

/// Where the request goes. The views outlive the call.
struct AnthropicOptions {
  std::string_view model;        // as the provider spells it
  std::uint64_t max_output = 0;  // tokens that the model can answer with; 0: unknown
  bool formats = true;  // the provider keeps output_config.format (quirk output_format: keep); false: the schema is asked for in words
};

/// The body, in the form that Anthropic itself takes for this model: what a third party's endpoint takes less of is the business of its
/// quirks. dialect::apply (adapt.h) runs over the body afterwards, with `facts` null since those are of the client's own body: it takes out
/// or opens thinking blocks with a tag of ours, and turns system turns, efforts, adaptive thinking, cache marks and the rest into what the
/// provider takes.
///
/// A Claude gets cache marks on its tools, its system prompt and the last user turn where the client set none: prompt caches pay, and
/// clients of other dialects cannot ask for them. What has no place in the body is named in `dropped`, once each.
[[nodiscard]] std::string write_anthropic_request(const llm::Request& request, const AnthropicOptions& options,
                                                  std::vector<std::string>& dropped);

}  // namespace penstock::dialect
