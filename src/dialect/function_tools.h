// What tools have in common in every dialect that calls them functions (openai_chat_tools.cc, responses_tools.cc, gemini_tools.cc).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_quirks.h"
#include "dialect/long_texts.h"
#include "dialect/schema_cache.h"
#include "dialect/schema_cleaner.h"
#include "llm/request.h"

namespace penstock::dialect {

/// A tool that the client carries out. Name and description are the insides of JSON strings.
struct FunctionTool {
  std::string_view name, description, schema;
  std::optional<bool> strict;
};

/// Hands a tool to `write` as a function: as it is, or described where Anthropic's models know it by its type and the client carries it
/// out. What only Anthropic carries out is named in `dropped`. The views last for the call.
void as_function(const llm::Tool& tool, std::vector<std::string>& dropped, const std::function<void(const FunctionTool&)>& write);

/// The choice as the provider may be told it; `thinks`: the model will think, and some then refuse a forced choice.
[[nodiscard]] llm::ToolChoice::Kind allowed_choice(llm::ToolChoice::Kind wanted, const ChatQuirks& quirks, bool thinks);

/// A schema in the provider's words, and whether the provider may be told to keep to it strictly.
struct SentSchema {
  std::string text;
  bool strict = false;
};
/// Strict schemas have no optional members, only such as may be null. A client that left out the word null does not expect it, and its own
/// check would refuse the answer: such a schema goes as it is, to be kept to as the model can. `written` empty: any object.
[[nodiscard]] SentSchema schema_to_send(std::string_view written, bool strict, const ChatQuirks& quirks, SchemaBudget& budget,
                                        SchemaCache* cache = nullptr);
/// The same for a schema that is alone.
[[nodiscard]] SentSchema schema_to_send(std::string_view written, bool strict, const ChatQuirks& quirks);

/// The member `description`, with a comma before it; nothing for an empty one. `apart` may be null.
void append_description(std::string_view description, LongTexts* apart, std::string& out);

/// Bytes that a request takes when it is written, roughly and without its long texts: most of them are its tools.
[[nodiscard]] std::size_t room_for(const llm::Request& request);

/// What the schemas of all these tools may become.
[[nodiscard]] SchemaBudget budget_for(const std::vector<llm::Tool>& tools);
/// Names the schemas in `dropped` where they were too much.
void note_spent(const SchemaBudget& budget, std::vector<std::string>& dropped);

}  // namespace penstock::dialect
