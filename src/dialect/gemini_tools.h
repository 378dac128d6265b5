// Tools, the choice among them, and the shape of the answer, in a request to generateContent (wire-reference 3.4, 3.12).
#pragma once

#include <string>
#include <vector>

#include "dialect/openai_chat_request_writer.h"

namespace penstock::dialect {

/// Appends `tools` and `toolConfig`, each with a comma before it. True when functions are declared. Tools that only Anthropic carries out
/// are left out; its web search becomes google_search under the quirk `web_search: tool`, where no function is declared beside it (together
/// they are refused by some models, and by others unless the searches' own calls and signatures go round). With the quirk `schema: gemini`
/// a function's schema is the field `parameters`, with any other dialect `parametersJsonSchema`. `thinks`: some then refuse a forced
/// choice.
bool append_gemini_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                         std::string& out);

/// Appends responseMimeType and the schema as members of generationConfig. The quirk `json_schema`: by schema; json_object: as any JSON
/// (the schema stands in the system prompt, see format_instruction), and only where no functions are declared, which 2.5 refuses beside it.
void append_gemini_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, bool functions, std::string& out);

}  // namespace penstock::dialect
