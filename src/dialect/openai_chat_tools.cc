#include "dialect/openai_chat_tools.h"

#include <algorithm>

#include "base/append.h"
#include "base/text.h"
#include "dialect/chat_parts.h"
#include "dialect/chat_search.h"
#include "dialect/function_tools.h"

namespace penstock::dialect {

namespace {

using Format = ChatQuirks::JsonSchema;

class ToolsWriter {
 public:
  ToolsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), dropped_(dropped), out_(out) {}

  /// The provider's names of the functions that were written.
  std::vector<std::string> write(const std::vector<llm::Tool>& tools) {
    const auto begin = out_.size();
    budget_ = budget_for(tools);
    out_ += R"(,"tools":[)";
    for (const auto& tool : tools) write_tool(tool);
    note_spent(budget_, dropped_);
    if (out_.back() == '[')
      out_.resize(begin);
    else
      out_ += ']';
    return std::move(names_);
  }

 private:
  void write_tool(const llm::Tool& tool) {
    if (is_web_search(tool) && chat_searches(quirks_)) return write_entry(chat_search_tool(tool, quirks_));
    as_function(tool, dropped_, [this](const FunctionTool& function) { write_function(function); });
  }

  void write_entry(std::string_view json) {
    if (!json.empty()) append(out_, out_.back() == '[' ? "" : ",", json);
  }

  void write_function(const FunctionTool& function) {
    const std::string name(options_.names->to_provider(function.name));
    append(out_, out_.back() == '[' ? "" : ",", R"({"type":"function","function":{"name":")", name, '"');
    append_description(function.description, options_.long_texts, out_);
    write_schema(function);
    out_ += "}}";
    names_.push_back(name);
  }

  void write_schema(const FunctionTool& function) {
    const bool keeps = quirks_.strict_tools == Keep::keep;
    const auto schema = schema_to_send(function.schema, keeps && function.strict.value_or(false), quirks_, budget_, options_.schemas);
    // Google refuses an object without properties; without parameters a function takes none.
    const bool bare = quirks_.schema == SchemaDialect::gemini && !schema.text.contains("\"properties\"");
    if (!bare) append(out_, R"(,"parameters":)", schema.text);
    if (keeps && function.strict) append(out_, R"(,"strict":)", schema.strict ? "true" : "false");
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  SchemaBudget budget_;
  std::vector<std::string> names_;
};

void append_choice(llm::ToolChoice::Kind kind, std::string_view name, std::string& out) {
  using Kind = llm::ToolChoice::Kind;
  switch (kind) {
    case Kind::absent: break;
    case Kind::automatic: out += R"(,"tool_choice":"auto")"; break;
    case Kind::any: out += R"(,"tool_choice":"required")"; break;
    case Kind::none: out += R"(,"tool_choice":"none")"; break;
    case Kind::named: append(out, R"(,"tool_choice":{"type":"function","function":{"name":")", name, "\"}}"); break;
  }
}

std::string_view schema_or_object(const llm::AnswerFormat& format) { return format.schema.empty() ? "{}" : format.schema.raw; }

}  // namespace

void append_chat_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                       std::string& out) {
  const auto names = ToolsWriter(options, dropped, out).write(request.tools);
  if (names.empty()) return;
  const auto& choice = request.tool_choice;
  auto kind = allowed_choice(choice.kind, *options.quirks, thinks);
  const auto name = options.names->to_provider(choice.name.written);
  // A tool that is not there cannot be forced.
  if (kind == llm::ToolChoice::Kind::named && std::ranges::find(names, name) == names.end()) kind = llm::ToolChoice::Kind::automatic;
  if (kind != choice.kind) note_dropped(dropped, "tool_choice");
  append_choice(kind, name, out);
  if (!choice.parallel) return;
  if (options.quirks->parallel_tools == Keep::keep)
    append(out, R"(,"parallel_tool_calls":)", *choice.parallel ? "true" : "false");
  else
    note_dropped(dropped, "parallel_tool_calls");
}

void append_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, std::string& out) {
  using Kind = llm::AnswerFormat::Kind;
  if (format.kind == Kind::text || quirks.json_schema == Format::none) return;
  if (format.kind == Kind::json_object || quirks.json_schema == Format::json_object) {
    out += R"(,"response_format":{"type":"json_object"})";
    return;
  }
  const auto schema = schema_to_send(format.schema.raw, format.strict.value_or(true), quirks);
  append(out, R"(,"response_format":{"type":"json_schema","json_schema":{"name":")",
         format.name.empty() ? std::string_view("output") : format.name.written, R"(","schema":)", schema.text, R"(,"strict":)",
         schema.strict ? "true" : "false", "}}");
}

std::string format_instruction(const llm::AnswerFormat& format, const ChatQuirks& quirks) {
  using Kind = llm::AnswerFormat::Kind;
  if (format.kind == Kind::text || (format.kind == Kind::json_schema && quirks.json_schema == Format::json_schema)) return {};
  // JSON mode is refused by some where no message speaks of JSON.
  if (format.kind == Kind::json_object) return "Answer with one JSON object and nothing else.";
  return "Answer with one JSON object and nothing else. It has to fit this JSON schema: " + json_escape(schema_or_object(format));
}

}  // namespace penstock::dialect
