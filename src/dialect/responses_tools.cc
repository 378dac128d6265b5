#include "dialect/responses_tools.h"

#include <algorithm>
#include <utility>

#include "base/append.h"
#include "dialect/chat_parts.h"
#include "dialect/function_tools.h"
#include "dialect/web_search.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

class ToolsWriter {
 public:
  ToolsWriter(const OpenAiChatOptions& options, std::vector<std::string>& dropped, std::string& out)
      : options_(options), quirks_(*options.quirks), dropped_(dropped), out_(out) {}

  void write(const std::vector<llm::Tool>& tools) {
    const auto begin = out_.size();
    budget_ = budget_for(tools);
    out_ += R"(,"tools":[)";
    for (const auto& tool : tools) write_tool(tool);
    note_spent(budget_, dropped_);
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
    if (is_web_search(tool) && quirks_.web_search == ChatQuirks::WebSearch::tool) return write_search(tool);
    as_function(tool, dropped_, [this](const FunctionTool& function) { write_function(function); });
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

  void write_function(const FunctionTool& function) {
    const std::string name(options_.names->to_provider(function.name));
    append(out_, out_.back() == '[' ? "" : ",", R"({"type":"function","name":")", name, '"');
    append_description(function.description, options_.long_texts, out_);
    write_schema(function);
    out_ += '}';
    names_.push_back(name);
  }

  /// `strict` is always said: here a function is strict unless told otherwise.
  void write_schema(const FunctionTool& function) {
    const bool wanted = quirks_.strict_tools == Keep::keep && function.strict.value_or(false);
    const auto schema = schema_to_send(function.schema, wanted, quirks_, budget_, options_.schemas);
    append(out_, R"(,"parameters":)", schema.text, R"(,"strict":)", schema.strict ? "true" : "false");
  }

  const OpenAiChatOptions& options_;
  const ChatQuirks& quirks_;
  std::vector<std::string>& dropped_;
  std::string& out_;
  SchemaBudget budget_;
  std::vector<std::string> names_;
  bool searches_ = false;
};

using Kind = llm::ToolChoice::Kind;

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
  const auto schema = schema_to_send(format.schema.raw, format.strict.value_or(true), quirks);
  append(out, R"(,"text":{"format":{"type":"json_schema","name":")", format.name.empty() ? std::string_view("output") : format.name.written,
         R"(","schema":)", schema.text, R"(,"strict":)", schema.strict ? "true" : "false", "}}");
}

}  // namespace penstock::dialect
