#include "dialect/responses_items.h"

#include "base/append.h"
#include "dialect/arguments.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using Form = ResponsesTool::Form;

void append_identity(std::string& out, const ResponsesCall& call, std::string_view type, std::string_view status) {
  append(out, R"({"id":")", call.id, R"(","type":")", type, R"(","status":")", status, R"(","call_id":")", call.call_id, '"');
}

void append_name(std::string& out, const ResponsesCall& call) {
  append(out, R"(,"name":")", call.client_name(), '"');
  if (call.tool != nullptr && !call.tool->space.empty()) append(out, R"(,"namespace":")", call.tool->space, '"');
}

/// What the client is to run, from the function's arguments.
void append_shell_action(std::string& out, std::string_view arguments) {
  const json::Padded text(on_one_line(unescape(arguments)));
  json::Document document;
  const bool read = document.index(text.text()).has_value();
  const auto member = [&](std::string_view name, json::Kind kind, std::string_view otherwise) {
    const auto value = read ? document.root().find(name) : std::nullopt;
    return value && value->kind() == kind ? value->raw() : otherwise;
  };
  append(out, R"(,"action":{"type":"exec","command":)", member("command", json::Kind::array, "[]"), R"(,"env":{},"timeout_ms":)",
         member("timeout_ms", json::Kind::number, "null"), R"(,"working_directory":)",
         member("working_directory", json::Kind::string, "null"), R"(,"user":null})");
}

}  // namespace

std::string_view call_id_prefix(Form form) {
  switch (form) {
    case Form::custom: return "ctc_";
    case Form::search: return "tsc_";
    case Form::local_shell: return "lsh_";
    case Form::function: break;
  }
  return "fc_";
}

std::string custom_input(std::string_view arguments) {
  const json::Padded text(unescape(arguments));
  json::Document document;
  if (!document.index(text.text())) return std::string(arguments);
  const auto input = document.root().find("input");
  return std::string(input && input->is_string() ? input->raw_text() : arguments);
}

void append_call_item(std::string& out, const ResponsesCall& call, std::string_view status) {
  switch (call.form()) {
    case Form::function:
      append_identity(out, call, "function_call", status);
      append_name(out, call);
      append(out, R"(,"arguments":")", call.arguments, "\"}");
      break;
    case Form::custom:
      append_identity(out, call, "custom_tool_call", status);
      append_name(out, call);
      append(out, R"(,"input":")", call.arguments.empty() ? std::string() : custom_input(call.arguments), "\"}");
      break;
    case Form::search: {
      append_identity(out, call, "tool_search_call", status);
      const auto arguments = on_one_line(unescape(call.arguments));
      append(out, R"(,"execution":"client","arguments":)", is_json_object(arguments) ? arguments : "{}", '}');
      break;
    }
    case Form::local_shell:
      append_identity(out, call, "local_shell_call", status);
      append_shell_action(out, call.arguments);
      out += '}';
      break;
  }
}

void append_text_part(std::string& out, std::string_view text, std::string_view annotations) {
  append(out, R"({"type":"output_text","annotations":[)", annotations, R"(],"logprobs":[],"text":")", text, "\"}");
}

void append_message_item(std::string& out, std::string_view id, std::string_view text, std::string_view annotations,
                         std::string_view status) {
  append(out, R"({"id":")", id, R"(","type":"message","status":")", status, R"(","role":"assistant","content":[)");
  append_text_part(out, text, annotations);
  out += "]}";
}

void append_empty_message(std::string& out, std::string_view id) {
  append(out, R"({"id":")", id, R"(","type":"message","status":"in_progress","role":"assistant","content":[]})");
}

void append_summary_part(std::string& out, std::string_view text) { append(out, R"({"type":"summary_text","text":")", text, "\"}"); }

void append_reasoning_item(std::string& out, std::string_view id, std::string_view text, std::string_view encrypted) {
  append(out, R"({"id":")", id, R"(","type":"reasoning","summary":[)");
  if (!text.empty()) append_summary_part(out, text);
  out += R"(],"encrypted_content":)";
  encrypted.empty() ? append(out, "null}") : append(out, '"', encrypted, "\"}");
}

void append_search_item(std::string& out, std::string_view id, std::string_view query, std::string_view status) {
  append(out, R"({"id":")", id, R"(","type":"web_search_call","status":")", status, R"(","action":{"type":"search","query":")", query, '"');
  if (!query.empty()) append(out, R"(,"queries":[")", query, "\"]");
  out += "}}";
}

}  // namespace penstock::dialect
