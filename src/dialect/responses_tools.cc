#include "dialect/responses_tools.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/append.h"
#include "dialect/arguments.h"
#include "dialect/chat_parts.h"
#include "dialect/typed_tools.h"
#include "dialect/web_search.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

struct Function {
  std::string_view name, description;  // insides of JSON strings
  std::string_view schema;
  bool strict = false;
};

class ToolsWriter {
 public:
  ToolsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), dropped_(dropped), out_(out) {}

  void write(const std::vector<llm::Tool>& tools) {
    const auto begin = out_.size();
    out_ += R"(,"tools":[)";
    for (const auto& tool : tools) write_tool(tool);
    if (empty())
      out_.resize(begin);
    else
      out_ += ']';
  }

  [[nodiscard]] bool empty() const { return names_.empty() && !searches_; }
  [[nodiscard]] bool searches() const { return searches_; }
  /// The provider's names of the functions that were written.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  void write_tool(const llm::Tool& tool) {
    if (tool.type.empty())
      write_function({tool.name.written, tool.description.written, tool.schema.raw, tool.strict.value_or(false)});
    else if (is_web_search(tool) && quirks_.web_search == ChatQuirks::WebSearch::tool)
      write_search(tool);
    else
      write_typed(tool);
  }

  /// Tools that Anthropic's models know by type. Those which the client carries out can be described.
  void write_typed(const llm::Tool& tool) {
    const auto members = expand_typed_tool(unescape(tool.type.written), unescape(tool.name.written));
    if (!members) return note_dropped(dropped_, "tools." + std::string(tool.type.written));
    const json::Padded text("{" + *members + "}");
    json::Document document;
    if (!document.index(text.text())) return;
    const auto root = document.root();
    write_function({tool.name.written, root.find("description")->raw_text(), root.find("input_schema")->raw(), false});
  }

  /// The provider's own search, once.
  void write_search(const llm::Tool& tool) {
    if (std::exchange(searches_, true)) return;
    append(out_, out_.back() == '[' ? "" : ",", R"({"type":"web_search")");
    const json::Padded text(tool.raw.raw);
    json::Document document;
    if (document.index(text.text())) write_search_limits(document.root());
    out_ += '}';
  }

  void write_search_limits(json::Value tool) {
    const auto filled = [&](const char* name) {
      const auto value = tool.find(name);
      return value && !value->is_null() && !value->is_empty() ? value : std::nullopt;
    };
    if (const auto domains = filled("allowed_domains"); domains && domains->is_array())
      append(out_, R"(,"filters":{"allowed_domains":)", domains->raw(), '}');
    if (const auto place = filled("user_location"); place && place->is_object()) append(out_, R"(,"user_location":)", place->raw());
    if (filled("blocked_domains")) note_dropped(dropped_, "web_search.blocked_domains");
    if (const auto most = tool.find("max_uses"); most && !most->is_null()) note_dropped(dropped_, "web_search.max_uses");
  }

  void write_function(const Function& function) {
    const std::string name(options_.names->to_provider(function.name));
    append(out_, out_.back() == '[' ? "" : ",", R"({"type":"function","name":")", name, '"');
    if (!function.description.empty()) append(out_, R"(,"description":")", function.description, '"');
    write_schema(function);
    out_ += '}';
    names_.push_back(name);
  }

  /// `strict` is always said: here a function is strict unless told otherwise.
  void write_schema(const Function& function) {
    const bool wanted = quirks_.strict_tools == Keep::keep && function.strict;
    const auto dialect = wanted && quirks_.schema == SchemaDialect::openai ? SchemaDialect::openai_strict : quirks_.schema;
    auto schema = clean_schema(function.schema, dialect);
    const bool strict = wanted && dialect == SchemaDialect::openai_strict && schema.faithful;
    if (dialect == SchemaDialect::openai_strict && !strict) schema = clean_schema(function.schema, SchemaDialect::openai);
    append(out_, R"(,"parameters":)", schema.text, R"(,"strict":)", strict ? "true" : "false");
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  std::vector<std::string> names_;
  bool searches_ = false;
};

using Kind = llm::ToolChoice::Kind;

/// The choice as the provider may be told it.
Kind allowed_choice(Kind wanted, const ChatQuirks& quirks, bool thinks) {
  const bool forced = wanted == Kind::any || wanted == Kind::named;
  const bool only_auto = quirks.tool_choice == ToolChoice::auto_only || (quirks.tool_choice == ToolChoice::auto_when_thinking && thinks);
  if (quirks.tool_choice == ToolChoice::strip) return Kind::absent;
  return forced && only_auto ? Kind::automatic : wanted;
}

/// What cannot be named: a tool that is not there becomes auto, and the search, where it is the only tool, the demand for any.
Kind nameable(Kind kind, std::string_view name, const ToolsWriter& tools) {
  if (kind != Kind::named || std::ranges::find(tools.names(), name) != tools.names().end()) return kind;
  return tools.searches() && tools.names().empty() ? Kind::any : Kind::automatic;
}

void append_choice(Kind kind, std::string_view name, std::string& out) {
  switch (kind) {
    case Kind::absent: break;
    case Kind::automatic: out += R"(,"tool_choice":"auto")"; break;
    case Kind::any: out += R"(,"tool_choice":"required")"; break;
    case Kind::none: out += R"(,"tool_choice":"none")"; break;
    case Kind::named: append(out, R"(,"tool_choice":{"type":"function","name":")", name, "\"}"); break;
  }
}

}  // namespace

bool append_responses_tools(const llm::Request& request, const OpenAiChatOptions& options, bool thinks, std::vector<std::string>& dropped,
                            std::string& out) {
  ToolsWriter tools(options, dropped, out);
  tools.write(request.tools);
  if (tools.empty()) return false;
  const auto& choice = request.tool_choice;
  const auto name = options.names->to_provider(choice.name.written);
  const auto kind = nameable(allowed_choice(choice.kind, *options.quirks, thinks), name, tools);
  if (kind != choice.kind && !(kind == Kind::any && choice.kind == Kind::named)) note_dropped(dropped, "tool_choice");
  append_choice(kind, name, out);
  if (!choice.parallel) return tools.searches();
  if (options.quirks->parallel_tools == Keep::keep)
    append(out, R"(,"parallel_tool_calls":)", *choice.parallel ? "true" : "false");
  else
    note_dropped(dropped, "parallel_tool_calls");
  return tools.searches();
}

void append_text_format(const llm::AnswerFormat& format, const ChatQuirks& quirks, std::string& out) {
  using Format = llm::AnswerFormat::Kind;
  if (format.kind == Format::text || quirks.json_schema == ChatQuirks::JsonSchema::none) return;
  if (format.kind == Format::json_object || quirks.json_schema == ChatQuirks::JsonSchema::json_object) {
    out += R"(,"text":{"format":{"type":"json_object"}})";
    return;
  }
  const auto given = format.schema.empty() ? std::string_view("{}") : format.schema.raw;
  const bool wanted = format.strict.value_or(true);
  auto schema = clean_schema(given, wanted && quirks.schema == SchemaDialect::openai ? SchemaDialect::openai_strict : quirks.schema);
  const bool faithful = schema.faithful;
  if (!faithful) schema = clean_schema(given, quirks.schema);
  append(out, R"(,"text":{"format":{"type":"json_schema","name":")", format.name.empty() ? std::string_view("output") : format.name.written,
         R"(","schema":)", schema.text, R"(,"strict":)", wanted && faithful ? "true" : "false", "}}");
}

}  // namespace penstock::dialect
