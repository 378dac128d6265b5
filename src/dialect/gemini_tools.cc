#include "dialect/gemini_tools.h"

#include <algorithm>
#include <unordered_set>

#include "base/append.h"
#include "dialect/chat_parts.h"
#include "dialect/function_tools.h"
#include "dialect/web_search.h"

namespace penstock::dialect {

namespace {

class ToolsWriter {
 public:
  ToolsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), dropped_(dropped), out_(out) {}

  /// The provider's names of the functions that were declared.
  std::vector<std::string> write(const llm::Request& request) {
    const auto begin = out_.size();
    out_ += R"(,"tools":[{"functionDeclarations":[)";
    budget_ = budget_for(request.tools);
    for (const auto& tool : request.tools) write_tool(tool);
    note_spent(budget_, dropped_);
    if (names_.empty()) out_.resize(begin);
    if (!names_.empty()) out_ += "]}]";
    if (const auto* search = find_web_search(request); search != nullptr) write_search(*search);
    return std::move(names_);
  }

 private:
  void write_search(const llm::Tool& tool) {
    if (quirks_.web_search == ChatQuirks::WebSearch::tool && names_.empty())
      out_ += R"(,"tools":[{"google_search":{}}])";
    else
      note_dropped(dropped_, "tools." + std::string(tool.type.written));
  }

  void write_tool(const llm::Tool& tool) {
    if (is_web_search(tool)) return;
    as_function(tool, dropped_, [this](const FunctionTool& function) { write_function(function); });
  }

  /// A name that is declared twice is refused: the first counts.
  void write_function(const FunctionTool& function) {
    const std::string name(options_.names->to_provider(function.name));
    if (!declared_.insert(name).second) return;
    append(out_, names_.empty() ? "" : ",", R"({"name":")", name, '"');
    append_description(function.description, options_.long_texts, out_);
    write_schema(function.schema);
    out_ += '}';
    names_.push_back(name);
  }

  void write_schema(std::string_view written) {
    const auto schema = clean_schema(written, quirks_.schema, budget_, options_.schemas);
    if (quirks_.schema != SchemaDialect::gemini)
      append(out_, R"(,"parametersJsonSchema":)", schema.text);
    else if (schema.text.contains("\"properties\""))  // an object without properties is refused; without parameters a function takes none
      append(out_, R"(,"parameters":)", schema.text);
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  SchemaBudget budget_;
  std::unordered_set<std::string> declared_;
  std::vector<std::string> names_;
};

std::string_view mode_of(llm::ToolChoice::Kind kind) {
  using Kind = llm::ToolChoice::Kind;
  if (kind == Kind::none) return "NONE";
  return kind == Kind::any || kind == Kind::named ? "ANY" : "AUTO";
}

void append_choice(llm::ToolChoice::Kind kind, std::string_view name, std::string& out) {
  using Kind = llm::ToolChoice::Kind;
  if (kind == Kind::absent) return;
  append(out, R"(,"toolConfig":{"functionCallingConfig":{"mode":")", mode_of(kind), '"');
  if (kind == Kind::named) append(out, R"(,"allowedFunctionNames":[")", name, "\"]");
  out += "}}";
}

}  // namespace

bool append_gemini_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                         std::string& out) {
  using Kind = llm::ToolChoice::Kind;
  const auto names = ToolsWriter(options, dropped, out).write(request);
  if (names.empty()) return false;  // toolConfig without functions is refused
  const auto& choice = request.tool_choice;
  auto kind = allowed_choice(choice.kind, *options.quirks, thinks);
  const auto name = options.names->to_provider(choice.name.written);
  // A tool that is not there cannot be forced.
  if (kind == Kind::named && std::ranges::find(names, name) == names.end()) kind = Kind::automatic;
  if (kind != choice.kind) note_dropped(dropped, "tool_choice");
  append_choice(kind, name, out);
  if (choice.parallel == false) note_dropped(dropped, "parallel_tool_calls");
  return true;
}

void append_gemini_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, bool functions, std::string& out) {
  using Kind = llm::AnswerFormat::Kind;
  using Quirk = ChatQuirks::JsonSchema;
  if (format.kind == Kind::text || quirks.json_schema == Quirk::none) return;
  if (quirks.json_schema == Quirk::json_object && functions) return;
  append(out, out.back() == '{' ? "" : ",", R"("responseMimeType":"application/json")");
  if (format.kind != Kind::json_schema || quirks.json_schema != Quirk::json_schema) return;
  const auto schema = clean_schema(format.schema.empty() ? "{}" : format.schema.raw, quirks.schema);
  const bool native = quirks.schema == SchemaDialect::gemini;
  if (native && !schema.text.contains("\"properties\"")) return;
  append(out, native ? R"(,"responseSchema":)" : R"(,"responseJsonSchema":)", schema.text);
}

}  // namespace penstock::dialect
