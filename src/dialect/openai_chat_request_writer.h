// A request written for a provider that speaks Chat Completions (wire-reference 3.1, 3.4 to 3.6).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_quirks.h"
#include "dialect/long_texts.h"
#include "dialect/schema_cache.h"
#include "dialect/signature.h"
#include "dialect/tool_names.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Who the request is for, in every translated dialect. All views and pointers must stay during the call; `names` also until the answer is
/// read.
struct OpenAiChatOptions {
  std::string_view model;                 // the provider's id for it
  std::uint64_t max_output = 0;           // tokens; 0: unknown
  std::string_view provider;              // whose reasoning may go back
  const SignatureCodec* codec = nullptr;  // null: no reasoning goes back
  const ChatQuirks* quirks = nullptr;
  ToolNames* names = nullptr;       // learns the names that had to change
  SchemaCache* schemas = nullptr;   // may be null
  LongTexts* long_texts = nullptr;  // where they are to be left out of the body; may be null
};

/// The body. What has no place in it is named in `dropped`, once each.
[[nodiscard]] std::string write_openai_chat_request(const llm::Request& request, const OpenAiChatOptions& options,
                                                    std::vector<std::string>& dropped);

}  // namespace penstock::dialect
