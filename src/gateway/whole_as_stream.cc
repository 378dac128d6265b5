#include "gateway/whole_as_stream.h"

#include <fmt/format.h>

#include "json/padded.h"
#include "json/patch.h"
#include "wire/sse.h"

namespace penstock::gateway {

namespace {

void event(std::string& out, std::string_view name, std::string_view json) { out += wire::format_event(name, json); }

std::string_view raw_of(const json::Value& object, std::string_view key, std::string_view otherwise) {
  const auto value = object.find(key);
  return value ? value->raw() : otherwise;
}

/// JSON text on one line: line breaks between tokens become spaces (inside strings they cannot stand).
std::string one_line(std::string_view json) {
  std::string line(json);
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

void delta(std::string& out, std::size_t index, std::string_view type, std::string_view key, std::string_view raw) {
  event(out, "content_block_delta",
        fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{{"type":"{}","{}":{}}}}})", index, type, key, one_line(raw)));
}

std::string quoted(std::string_view raw_json) {
  std::string text = "\"";
  for (const char c : one_line(raw_json)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

void block(std::string& out, std::size_t index, const json::Value& value) {
  const auto type = value.find("type");
  const std::string kind = type ? type->text() : "";
  std::string start(value.raw());
  if (kind == "text") start = R"({"type":"text","text":""})";
  if (kind == "thinking") start = R"({"type":"thinking","thinking":"","signature":""})";
  const bool tool = kind == "tool_use" || kind == "server_tool_use";
  if (tool)
    start =
        fmt::format(R"({{"type":"{}","id":{},"name":{},"input":{{}}}})", kind, raw_of(value, "id", "\"\""), raw_of(value, "name", "\"\""));
  event(out, "content_block_start",
        fmt::format(R"({{"type":"content_block_start","index":{},"content_block":{}}})", index, one_line(start)));
  if (kind == "text") delta(out, index, "text_delta", "text", raw_of(value, "text", "\"\""));
  if (kind == "thinking") {
    delta(out, index, "thinking_delta", "thinking", raw_of(value, "thinking", "\"\""));
    delta(out, index, "signature_delta", "signature", raw_of(value, "signature", "\"\""));
  }
  if (tool) delta(out, index, "input_json_delta", "partial_json", quoted(raw_of(value, "input", "{}")));
  event(out, "content_block_stop", fmt::format(R"({{"type":"content_block_stop","index":{}}})", index));
}

std::string opening(const json::Document& document) {
  json::Patch patch(document);
  for (const auto& [key, value] : document.root().members()) {
    if (key.equals("content")) patch.replace(value, "[]");
    if (key.equals("stop_reason") || key.equals("stop_sequence")) patch.replace(value, "null");
  }
  return fmt::format(R"({{"type":"message_start","message":{}}})", one_line(patch.text()));
}

}  // namespace

std::string whole_as_stream(std::string_view message) {
  const json::Padded copy(message);
  json::Document document;
  if (!document.index(copy.text())) return {};
  const auto root = document.root();
  std::string out;
  event(out, "message_start", opening(document));
  std::size_t index = 0;
  if (const auto content = root.find("content"))
    for (const auto value : content->elements()) block(out, index++, value);
  event(out, "message_delta",
        fmt::format(R"({{"type":"message_delta","delta":{{"stop_reason":{},"stop_sequence":{}}},"usage":{}}})",
                    raw_of(root, "stop_reason", "\"end_turn\""), one_line(raw_of(root, "stop_sequence", "null")),
                    one_line(raw_of(root, "usage", R"({"output_tokens":0})"))));
  event(out, "message_stop", R"({"type":"message_stop"})");
  return out;
}

}  // namespace penstock::gateway
