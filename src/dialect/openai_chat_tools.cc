#include "dialect/openai_chat_tools.h"

#include <algorithm>
#include <optional>

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/chat_search.h"
#include "dialect/typed_tools.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using Format = ChatQuirks::JsonSchema;

struct Function {
  std::string_view name, description;  // insides of JSON strings
  std::string_view schema;
  std::optional<bool> strict;
};

class ToolsWriter {
 public:
  ToolsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), dropped_(dropped), out_(out) {}

  /// The provider's names of the functions that were written.
  std::vector<std::string> write(const std::vector<llm::Tool>& tools) {
    const auto begin = out_.size();
    out_ += R"(,"tools":[)";
    for (const auto& tool : tools) tool.type.empty() ? write_function(plain(tool)) : write_typed(tool);
    if (out_.back() == '[')
      out_.resize(begin);
    else
      out_ += ']';
    return std::move(names_);
  }

 private:
  static Function plain(const llm::Tool& tool) { return {tool.name.written, tool.description.written, tool.schema.raw, tool.strict}; }

  /// Tools that Anthropic's models know by type. Those which the client carries out can be described.
  void write_typed(const llm::Tool& tool) {
    if (is_web_search(tool) && chat_searches(quirks_)) return write_entry(chat_search_tool(tool, quirks_));
    const auto members = expand_typed_tool(unescape(tool.type.written), unescape(tool.name.written));
    if (!members) return note_dropped(dropped_, "tools." + std::string(tool.type.written));
    const json::Padded text("{" + *members + "}");
    json::Document document;
    if (!document.index(text.text())) return;
    const auto root = document.root();
    write_function({tool.name.written, root.find("description")->raw_text(), root.find("input_schema")->raw(), {}});
  }

  void write_entry(std::string_view json) {
    if (!json.empty()) append(out_, out_.back() == '[' ? "" : ",", json);
  }

  void write_function(const Function& function) {
    const std::string name(options_.names->to_provider(function.name));
    append(out_, out_.back() == '[' ? "" : ",", R"({"type":"function","function":{"name":")", name, '"');
    if (!function.description.empty()) append(out_, R"(,"description":")", function.description, '"');
    write_schema(function);
    out_ += "}}";
    names_.push_back(name);
  }

  void write_schema(const Function& function) {
    const bool strict = quirks_.strict_tools == Keep::keep && function.strict.value_or(false);
    const auto dialect = strict && quirks_.schema == SchemaDialect::openai ? SchemaDialect::openai_strict : quirks_.schema;
    auto schema = clean_schema(function.schema, dialect);
    const bool closed = dialect == SchemaDialect::openai_strict && schema.faithful;
    if (dialect == SchemaDialect::openai_strict && !closed) schema = clean_schema(function.schema, SchemaDialect::openai);
    // Google refuses an object without properties; without parameters a function takes none.
    const bool bare = dialect == SchemaDialect::gemini && !schema.text.contains("\"properties\"");
    if (!bare) append(out_, R"(,"parameters":)", schema.text);
    if (quirks_.strict_tools == Keep::keep && function.strict) append(out_, R"(,"strict":)", strict && closed ? "true" : "false");
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  std::vector<std::string> names_;
};

/// The choice as the provider may be told it.
llm::ToolChoice::Kind allowed_choice(llm::ToolChoice::Kind wanted, const ChatQuirks& quirks, bool thinks) {
  using Kind = llm::ToolChoice::Kind;
  const bool forced = wanted == Kind::any || wanted == Kind::named;
  const bool only_auto = quirks.tool_choice == ToolChoice::auto_only || (quirks.tool_choice == ToolChoice::auto_when_thinking && thinks);
  if (quirks.tool_choice == ToolChoice::strip) return Kind::absent;
  return forced && only_auto ? Kind::automatic : wanted;
}

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
  const bool strict = format.strict.value_or(true);
  auto schema = clean_schema(schema_or_object(format),
                             strict && quirks.schema == SchemaDialect::openai ? SchemaDialect::openai_strict : quirks.schema);
  const bool faithful = schema.faithful;
  if (!faithful) schema = clean_schema(schema_or_object(format), quirks.schema);
  append(out, R"(,"response_format":{"type":"json_schema","json_schema":{"name":")",
         format.name.empty() ? std::string_view("output") : format.name.written, R"(","schema":)", schema.text, R"(,"strict":)",
         strict && faithful ? "true" : "false", "}}");
}

std::string format_instruction(const llm::AnswerFormat& format, const ChatQuirks& quirks) {
  using Kind = llm::AnswerFormat::Kind;
  if (format.kind == Kind::text || (format.kind == Kind::json_schema && quirks.json_schema == Format::json_schema)) return {};
  // JSON mode is refused by some where no message speaks of JSON.
  if (format.kind == Kind::json_object) return "Answer with one JSON object and nothing else.";
  return "Answer with one JSON object and nothing else. It has to fit this JSON schema: " + json_escape(schema_or_object(format));
}

}  // namespace penstock::dialect
