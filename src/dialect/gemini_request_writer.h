// A request written for a provider that speaks Gemini's generateContent, version v1beta (wire-reference 3.4 to 3.6, 3.12, 4.10).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/openai_chat_request_writer.h"
#include "llm/request.h"

namespace penstock::dialect {

/// The body. Model and stream stand in the path and not in it. What has no place in it is named in `dropped`, once each. The names in the
/// options want the form ToolNames::Form::gemini.
[[nodiscard]] std::string write_gemini_request(const llm::Request& request, const OpenAiChatOptions& options,
                                               std::vector<std::string>& dropped);

/// Where it goes: `BASE/v1beta/models/MODEL:generateContent`, or `:streamGenerateContent?alt=sse`. A base path that ends with a version
/// (`/v1beta`, `/v1alpha`, `/v1`) stands as it is. A model may be written as Google lists it, `models/NAME` or `tunedModels/NAME`.
[[nodiscard]] std::string gemini_path(std::string_view base_path, std::string_view model, bool stream);

}  // namespace penstock::dialect
