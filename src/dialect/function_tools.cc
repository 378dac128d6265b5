#include "dialect/function_tools.h"

#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/schema_cleaner.h"
#include "dialect/typed_tools.h"
#include "json/padded.h"

namespace penstock::dialect {

void as_function(const llm::Tool& tool, std::vector<std::string>& dropped, const std::function<void(const FunctionTool&)>& write) {
  if (tool.type.empty()) return write({tool.name.written, tool.description.written, tool.schema.raw, tool.strict});
  const auto members = expand_typed_tool(unescape(tool.type.written), unescape(tool.name.written));
  if (!members) return note_dropped(dropped, "tools." + std::string(tool.type.written));
  const json::Padded text("{" + *members + "}");
  json::Document document;
  if (!document.index(text.text())) return;
  const auto root = document.root();
  write({tool.name.written, root.find("description")->raw_text(), root.find("input_schema")->raw(), {}});
}

llm::ToolChoice::Kind allowed_choice(llm::ToolChoice::Kind wanted, const ChatQuirks& quirks, bool thinks) {
  using Kind = llm::ToolChoice::Kind;
  const bool forced = wanted == Kind::any || wanted == Kind::named;
  const bool only_auto = quirks.tool_choice == ToolChoice::auto_only || (quirks.tool_choice == ToolChoice::auto_when_thinking && thinks);
  if (quirks.tool_choice == ToolChoice::strip) return Kind::absent;
  return forced && only_auto ? Kind::automatic : wanted;
}

SentSchema schema_to_send(std::string_view written, bool strict, const ChatQuirks& quirks) {
  SchemaBudget budget(written.size());
  return schema_to_send(written, strict, quirks, budget);
}

void append_description(std::string_view description, LongTexts* apart, std::string& out) {
  if (description.empty()) return;
  out += R"(,"description":")";
  append_text(out, description, apart);
  out += '"';
}

std::size_t room_for(const llm::Request& request) {
  constexpr std::size_t kRest = 4096, kPerMessage = 512, kPerTool = 128;
  std::size_t room = kRest + kPerMessage * request.messages.size();
  for (const auto& tool : request.tools) room += kPerTool + tool.description.written.size() + tool.schema.raw.size();
  return room;
}

SchemaBudget budget_for(const std::vector<llm::Tool>& tools) {
  std::size_t written = 0;
  for (const auto& tool : tools) written += tool.schema.raw.size();
  return SchemaBudget(written);
}

void note_spent(const SchemaBudget& budget, std::vector<std::string>& dropped) {
  if (budget.is_spent()) note_dropped(dropped, "tools.input_schema");
}

SentSchema schema_to_send(std::string_view written, bool strict, const ChatQuirks& quirks, SchemaBudget& budget, SchemaCache* cache) {
  if (written.empty()) written = "{}";
  const bool demanded = quirks.schema == SchemaDialect::openai_strict;  // then null is better than a refusal
  if (demanded || (strict && quirks.schema == SchemaDialect::openai)) {
    auto closed = clean_schema(written, SchemaDialect::openai_strict, budget, cache);
    if (closed.faithful && !budget.is_spent() && (demanded || !closed.adds_null)) return {std::move(closed.text), strict};
    return {clean_schema(written, SchemaDialect::openai, budget, cache).text, false};
  }
  auto clean = clean_schema(written, quirks.schema, budget, cache);
  return {std::move(clean.text), strict && clean.faithful && !budget.is_spent()};
}

}  // namespace penstock::dialect
