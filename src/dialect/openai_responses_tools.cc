#include "dialect/openai_responses_tools.h"

#include <algorithm>

#include "base/append.h"
#include "base/text.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Text;
using Form = ResponsesTool::Form;

constexpr std::string_view kShellSchema =
    R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"description":"The program and its arguments."},)"
    R"("working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["command"]})";
constexpr std::string_view kCustomSchema =
    R"({"type":"object","properties":{"input":{"type":"string","description":"The whole input of the tool, as plain text."}},)"
    R"("required":["input"],"additionalProperties":false})";

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }

/// What the grammar of a custom tool asks for, as words; the inside of a JSON string.
std::string grammar_words(Value tool) {
  const auto format = tool.find("format");
  const auto definition = format ? text_of(format->find("definition")) : Text{};
  if (definition.empty()) return {};
  std::string words;
  append(words, R"(\n\nThe input must follow this grammar ()", text_of(format->find("syntax")).written, R"():\n)", definition.written);
  return words;
}

/// Anthropic's field for where the user is; empty for none. OpenAI's may hold nulls, which are refused there.
std::string location_of(Value tool) {
  const auto given = tool.find("user_location");
  const auto location = given && given->is_object() ? given->find("approximate").value_or(*given) : Value();
  std::string out;
  if (!given || !given->is_object()) return out;
  for (const std::string_view name : {"city", "region", "country", "timezone"})
    if (const auto text = text_of(location.find(name)); !text.empty()) append(out, ",\"", name, "\":\"", text.written, '"');
  return out.empty() ? out : R"(,"user_location":{"type":"approximate")" + out + '}';
}

}  // namespace

bool is_live_web_search(Value tool) {
  const auto type = tool.find("type");
  if (!type || !type->is_string() || !type->raw_text().starts_with("web_search")) return false;
  const auto access = tool.find("external_web_access");
  return !access || access->boolean().value_or(true);
}

Status ResponsesToolReader::read(Value list, const std::string& path) {
  std::size_t at = 0;
  for (const auto tool : list.elements()) TRY_STATUS(read_one(tool, path + "." + std::to_string(at++), "", {}));
  return {};
}

Status ResponsesToolReader::read_namespace(Value space, const std::string& path) {
  const auto name = text_of(space.find("name")), about = text_of(space.find("description"));
  const auto list = space.find("tools");
  bool first = true;
  std::size_t at = 0;
  if (list)
    for (const auto tool : list->elements()) {
      TRY_STATUS(read_one(tool, path + ".tools." + std::to_string(at++), name.written, first ? about : Text{}));
      first = false;
    }
  return {};
}

Status ResponsesToolReader::read_one(Value tool, const std::string& path, std::string_view space, Text about) {
  const auto type = tool.find("type");
  const auto is = [&](std::string_view name) { return type && type->equals(name); };
  if (is("namespace")) return read_namespace(tool, path);
  if (is_live_web_search(tool)) return add_web_search(tool), Status{};
  if (is("local_shell")) return add_shell(), Status{};
  const bool search = is("tool_search") && tool.find("parameters");  // without, OpenAI would search
  if (type && !search && !is("function") && !is("custom")) return drop("tools." + type->text()), Status{};
  ResponsesTool known{search         ? Form::search
                      : is("custom") ? Form::custom
                                     : Form::function,
                      std::string(space), search ? "tool_search" : std::string(text_of(tool.find("name")).written)};
  if (known.name.empty()) return fail(client_error(ErrorKind::invalid_request, path + ".name: field required"));
  add(std::move(known), function_of(tool, about, is("custom")));
  return {};
}

/// `about`: what the namespace is, which its first tool says.
llm::Tool ResponsesToolReader::function_of(Value tool, Text about, bool custom) {
  llm::Tool made;
  const auto own = text_of(tool.find("description"));
  const auto grammar = custom ? grammar_words(tool) : std::string();
  std::string words;
  if (!about.empty() || !grammar.empty()) append(words, about.written, about.empty() ? "" : R"(\n\n)", own.written, grammar);
  made.description = words.empty() ? own : Text{request_.keep(std::move(words))};
  if (const auto schema = tool.find("parameters"); schema && schema->is_object()) made.schema = {schema->raw()};
  if (custom) made.schema = {kCustomSchema};
  if (const auto strict = tool.find("strict")) made.strict = strict->boolean();
  return made;
}

void ResponsesToolReader::add_shell() {
  llm::Tool made;
  made.description = {"Runs a program on the user's machine and returns what it prints."};
  made.schema = {kShellSchema};
  add({Form::local_shell, "", "local_shell"}, made);
}

void ResponsesToolReader::add(ResponsesTool known, llm::Tool tool) {
  tool.name = {request_.keep(tools_.provider_name(known.space, known.name))};
  if (tools_.add(std::move(known))) request_.tools.push_back(tool);
}

/// Anthropic's server tool, which a provider's writer or the gateway knows how to serve (dialect/web_search.h).
void ResponsesToolReader::add_web_search(Value tool) {
  if (std::ranges::any_of(request_.tools, [](const llm::Tool& each) { return !each.type.empty(); })) return;
  const auto filters = tool.find("filters");
  const auto domains = filters ? filters->find("allowed_domains") : std::nullopt;
  std::string raw = R"({"type":"web_search_20250305","name":"web_search")";
  if (domains && !domains->is_empty()) append(raw, R"(,"allowed_domains":)", domains->raw());
  append(raw, location_of(tool), '}');
  llm::Tool made;
  made.name = {"web_search"};
  made.type = {"web_search_20250305"};
  made.raw = {request_.keep(std::move(raw))};
  request_.tools.push_back(made);
}

void ResponsesToolReader::choose(Value value) {
  if (value.is_string()) return choose_word(value.text());
  const auto type = value.find("type");
  if (type && type->equals("allowed_tools")) {
    const auto mode = value.find("mode");
    choose_word(mode ? mode->text() : "auto");
    if (const auto list = value.find("tools")) keep_allowed(*list);
    return;
  }
  choose_named(value);
}

void ResponsesToolReader::choose_word(std::string_view word) {
  using Kind = llm::ToolChoice::Kind;
  request_.tool_choice.kind = word == "none" ? Kind::none : word == "required" ? Kind::any : Kind::automatic;
}

void ResponsesToolReader::choose_named(Value holder) {
  const auto name = provider_name(holder);
  const auto known = [&](const llm::Tool& tool) { return tool.name == name; };
  if (!std::ranges::any_of(request_.tools, known)) return drop("tool_choice");
  request_.tool_choice.name = name;
  request_.tool_choice.kind = llm::ToolChoice::Kind::named;
}

/// A choice among some of the tools; the others are as good as not there.
void ResponsesToolReader::keep_allowed(Value list) {
  std::vector<Text> allowed;
  for (const auto entry : list.elements()) allowed.push_back(provider_name(entry));
  std::erase_if(request_.tools, [&](const llm::Tool& tool) { return std::ranges::find(allowed, tool.name) == allowed.end(); });
}

Text ResponsesToolReader::provider_name(Value holder) {
  if (const auto name = text_of(holder.find("name")); !name.empty())
    return {request_.keep(tools_.provider_name(text_of(holder.find("namespace")).written, name.written))};
  const auto type = text_of(holder.find("type"));  // a tool that has no other name
  return type.written.starts_with("web_search") ? Text{"web_search"} : type;
}

void ResponsesToolReader::drop(std::string name) {
  if (std::ranges::find(request_.dropped, name) == request_.dropped.end()) request_.dropped.push_back(std::move(name));
}

}  // namespace penstock::dialect
