#include "dialect/gemini_tools.h"

#include <algorithm>
#include <optional>

#include "base/append.h"
#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/typed_tools.h"
#include "dialect/web_search.h"
#include "json/padded.h"

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
    for (const auto& tool : request.tools) tool.type.empty() ? write_plain(tool) : write_typed(tool);
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

  void write_plain(const llm::Tool& tool) { write_function(tool.name.written, tool.description.written, tool.schema.raw); }

  /// Tools that Anthropic's models know by type. Those which the client carries out can be described.
  void write_typed(const llm::Tool& tool) {
    if (is_web_search(tool)) return;
    const auto members = expand_typed_tool(unescape(tool.type.written), unescape(tool.name.written));
    if (!members) return note_dropped(dropped_, "tools." + std::string(tool.type.written));
    const json::Padded text("{" + *members + "}");
    json::Document document;
    if (!document.index(text.text())) return;
    const auto root = document.root();
    write_function(tool.name.written, root.find("description")->raw_text(), root.find("input_schema")->raw());
  }

  /// A name that is declared twice is refused: the first counts.
  void write_function(std::string_view client_name, std::string_view description, std::string_view schema) {
    const std::string name(options_.names->to_provider(client_name));
    if (std::ranges::find(names_, name) != names_.end()) return;
    append(out_, names_.empty() ? "" : ",", R"({"name":")", name, '"');
    if (!description.empty()) append(out_, R"(,"description":")", description, '"');
    write_schema(schema);
    out_ += '}';
    names_.push_back(name);
  }

  void write_schema(std::string_view written) {
    const auto schema = clean_schema(written, quirks_.schema);
    if (quirks_.schema != SchemaDialect::gemini)
      append(out_, R"(,"parametersJsonSchema":)", schema.text);
    else if (schema.text.contains("\"properties\""))  // an object without properties is refused; without parameters a function takes none
      append(out_, R"(,"parameters":)", schema.text);
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  std::vector<std::string> names_;
};

llm::ToolChoice::Kind allowed_choice(llm::ToolChoice::Kind wanted, const ChatQuirks& quirks, bool thinks) {
  using Kind = llm::ToolChoice::Kind;
  const bool forced = wanted == Kind::any || wanted == Kind::named;
  const bool only_auto = quirks.tool_choice == ToolChoice::auto_only || (quirks.tool_choice == ToolChoice::auto_when_thinking && thinks);
  if (quirks.tool_choice == ToolChoice::strip) return Kind::absent;
  return forced && only_auto ? Kind::automatic : wanted;
}

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
