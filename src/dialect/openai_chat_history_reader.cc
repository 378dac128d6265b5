#include "dialect/openai_chat_history_reader.h"

#include <fmt/format.h>

#include "base/text.h"
#include "dialect/openai_chat_answer_writer.h"
#include "dialect/openai_media.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Part;
using llm::Role;
using llm::Text;

constexpr std::string_view kRequired = "field required", kNoObject = "expected the text of a JSON object";

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }

llm::CacheMark mark_of(const std::optional<Value>& mark) {
  if (!mark || !mark->is_object()) return llm::CacheMark::none;
  const auto ttl = mark->find("ttl");
  return ttl && ttl->equals("1h") ? llm::CacheMark::one_hour : llm::CacheMark::ephemeral;
}

/// The fields of a message, found in one walk.
struct Fields {
  explicit Fields(Value message) {
    std::string scratch;
    for (const auto& [key, value] : message.members())
      if (auto* const slot = slot_of(key.text(scratch))) *slot = value;
  }
  std::optional<Value> role, content, tool_calls, tool_call_id, function_call, refusal, reasoning_details, reasoning_content, reasoning,
      reasoning_text, cache_control;

 private:
  std::optional<Value>* slot_of(std::string_view name) {
    if (name == "role") return &role;
    if (name == "content") return &content;
    if (name == "tool_calls") return &tool_calls;
    if (name == "tool_call_id") return &tool_call_id;
    if (name == "function_call") return &function_call;
    if (name == "refusal") return &refusal;
    if (name == "reasoning_details") return &reasoning_details;
    if (name == "reasoning_content") return &reasoning_content;
    if (name == "reasoning") return &reasoning;
    if (name == "reasoning_text") return &reasoning_text;
    return name == "cache_control" ? &cache_control : nullptr;
  }
};

/// Reads one list of messages.
class HistoryReader {
 public:
  explicit HistoryReader(llm::Request& request) : request_(request) {}

  Status read(Value list) {
    if (!list.is_array()) return fail(client_error(ErrorKind::invalid_request, "messages: expected an array"));
    for (const auto value : list.elements()) {
      const Fields message(value);
      if (!message.role || !message.role->equals("tool")) results_ = nullptr;
      TRY_STATUS(read_message(message));
      ++message_;
    }
    return {};
  }

 private:
  Status read_message(const Fields& message) {
    const auto is = [&](std::string_view name) { return message.role && message.role->equals(name); };
    if (is("user")) return read_content(message, add(Role::user).parts);
    if (is("assistant")) return read_assistant(message);
    if (is("tool")) return read_tool(message);
    if (is("system") || is("developer")) return read_content(message, leading_ ? request_.system : add(Role::system).parts);
    if (is("function")) return read_function(message);
    return fault("role", "expected system, developer, user, assistant or tool");
  }

  llm::Message& add(Role role) {
    leading_ = false;
    return request_.messages.emplace_back(llm::Message{role, {}});
  }

  // --- the assistant's turns

  Status read_assistant(const Fields& message) {
    auto& parts = add(Role::assistant).parts;
    read_reasoning(message, parts);
    TRY_STATUS(read_content(message, parts));
    if (const auto refusal = text_of(message.refusal); !refusal.empty()) parts.push_back({llm::TextPart{refusal}});
    std::size_t at = 0;
    if (message.tool_calls)
      for (const auto call : message.tool_calls->elements()) TRY_STATUS(read_call(call, at++, parts));
    if (message.function_call && message.function_call->is_object()) return read_function_call(*message.function_call, parts);
    return {};
  }

  /// What we gave out with its seals goes back with them; reasoning from elsewhere is only text (openai_chat_answer_writer.h).
  static void read_reasoning(const Fields& message, std::vector<Part>& parts) {
    const auto before = parts.size();
    if (message.reasoning_details)
      for (const auto entry : message.reasoning_details->elements()) read_reasoning_entry(entry, parts);
    if (parts.size() != before) return;
    for (const auto* field : {&message.reasoning_content, &message.reasoning, &message.reasoning_text})
      if (const auto text = text_of(*field); !text.empty()) return parts.push_back({llm::ThinkingPart{text, {}, false}});
  }

  static void read_reasoning_entry(Value entry, std::vector<Part>& parts) {
    const auto format = entry.find("format"), type = entry.find("type");
    if (!format || !format->equals(kReasoningFormat) || !type) return;
    if (type->equals("reasoning.text"))
      parts.push_back({llm::ThinkingPart{text_of(entry.find("text")), text_of(entry.find("signature")), false}});
    if (type->equals("reasoning.encrypted")) parts.push_back({llm::ThinkingPart{{}, text_of(entry.find("data")), true}});
  }

  Status read_call(Value call, std::size_t at, std::vector<Part>& parts) {
    const auto refuse = [&](std::string_view field, std::string_view what) {
      return fault(fmt::format("tool_calls.{}.{}", at, field), what);
    };
    llm::ToolCall made;
    made.id = text_of(call.find("id"));
    if (made.id.empty()) return refuse("id", kRequired);
    const auto function = call.find("function");
    const auto custom = function ? std::nullopt : call.find("custom");
    const auto& holder = function ? function : custom;
    made.name = holder ? text_of(holder->find("name")) : Text{};
    if (made.name.empty()) return refuse("function.name", kRequired);
    if (custom) {
      const auto input = custom->find("input");
      made.input = {request_.keep(fmt::format(R"({{"input":{}}})", input ? input->raw() : "\"\""))};
    } else if (!read_arguments(function->find("arguments"), made.input)) {
      return refuse("function.arguments", kNoObject);
    }
    parts.push_back({made});
    return {};
  }

  Status read_function_call(Value call, std::vector<Part>& parts) {
    llm::ToolCall made;
    made.id = last_function_id_ = {request_.keep(fmt::format("call_function_{}", functions_++))};
    made.name = text_of(call.find("name"));
    if (made.name.empty()) return fault("function_call.name", kRequired);
    if (!read_arguments(call.find("arguments"), made.input)) return fault("function_call.arguments", kNoObject);
    parts.push_back({made});
    return {};
  }

  /// JSON text in a string; some clients send the object itself. False: it is neither.
  bool read_arguments(const std::optional<Value>& arguments, llm::Json& input) {
    if (!arguments || arguments->is_null()) return true;
    if (arguments->is_object()) return input = {arguments->raw()}, true;
    const auto text = trim(request_.keep(arguments->text()));
    if (arguments->is_string() && text.empty()) return true;
    padded_.assign(text);
    if (!nested_.index(padded_.text()) || !nested_.root().is_object()) return false;
    input = {text};
    return true;
  }

  // --- results

  Status read_tool(const Fields& message) {
    llm::ToolResult result;
    result.id = text_of(message.tool_call_id);
    if (result.id.empty()) return fault("tool_call_id", kRequired);
    return add_result(message, std::move(result));
  }

  Status read_function(const Fields& message) {
    llm::ToolResult result;
    result.id = last_function_id_.empty() ? Text{"call_function"} : last_function_id_;
    return add_result(message, std::move(result));
  }

  Status add_result(const Fields& message, llm::ToolResult result) {
    result.cache = mark_of(message.cache_control);
    TRY_STATUS(read_content(message, result.parts));
    auto& parts = results_ != nullptr ? *results_ : add(Role::user).parts;
    parts.push_back({std::move(result)});
    results_ = &parts;
    return {};
  }

  // --- content

  Status read_content(const Fields& message, std::vector<Part>& parts) {
    const auto& content = message.content;
    if (!content || content->is_null()) return {};
    if (content->is_string()) {
      if (!content->raw_text().empty()) parts.push_back({llm::TextPart{{content->raw_text()}, mark_of(message.cache_control)}});
      return {};
    }
    if (!content->is_array()) return fault("content", "expected a string or a list of parts");
    std::size_t at = 0;
    for (const auto part : content->elements()) {
      TRY(auto made, read_part(part, at++));
      parts.push_back(std::move(made));
    }
    return {};
  }

  Result<Part> read_part(Value part, std::size_t at) {
    if (part.is_string()) return Part{llm::TextPart{{part.raw_text()}}};
    const auto type = part.find("type");
    const auto is = [&](std::string_view name) { return type && type->equals(name); };
    if (is("text") || is("input_text") || is("output_text")) return Part{llm::TextPart{text_of(part.find("text")), cache_mark_of(part)}};
    if (is("refusal")) return Part{llm::TextPart{text_of(part.find("refusal"))}};
    if (is("image_url")) return read_image(part, at);
    if (is("file")) return read_file(part, at);
    return Part{llm::OtherPart{text_of(type), {part.raw()}}};
  }

  Result<Part> read_image(Value part, std::size_t at) {
    const auto image = part.find("image_url");
    const auto url = image && image->is_object() ? image->find("url") : image;
    if (!url || !url->is_string()) return part_fault(at, "image_url.url: field required");
    const auto detail = image->is_object() ? text_of(image->find("detail")) : Text{};
    return checked(read_image_url(*url, detail, cache_mark_of(part), request_), at, "image_url.url");
  }

  /// A file's bytes. One that is only named by its id stays where it was uploaded, out of every other provider's reach.
  Result<Part> read_file(Value part, std::size_t at) {
    const auto file = part.find("file");
    const auto bytes = file ? file->find("file_data") : std::nullopt;
    if (!bytes || !bytes->is_string()) return Part{llm::OtherPart{{"file"}, {part.raw()}}};
    return checked(read_file_data(*bytes, text_of(file->find("filename")), cache_mark_of(part), request_), at, "file.file_data");
  }

  Result<Part> checked(MediaPart part, std::size_t at, std::string_view field) const {
    if (!part) return part_fault(at, fmt::format("{}: {}", field, part.error()));
    return *std::move(part);
  }

  std::unexpected<Error> fault(std::string_view field, std::string_view what) const {
    return fail(client_error(ErrorKind::invalid_request, fmt::format("messages.{}.{}: {}", message_, field, what)));
  }
  std::unexpected<Error> part_fault(std::size_t at, std::string_view what) const {
    return fail(client_error(ErrorKind::invalid_request, fmt::format("messages.{}.content.{}.{}", message_, at, what)));
  }

  llm::Request& request_;
  std::size_t message_ = 0;  // the place of the one that is being read
  bool leading_ = true;
  std::vector<Part>* results_ = nullptr;  // of the user message that gathers results; only valid while nothing else is added
  Text last_function_id_;
  unsigned functions_ = 0;
  json::Padded padded_;  // arguments
  json::Document nested_;
};

}  // namespace

llm::CacheMark cache_mark_of(Value holder) { return mark_of(holder.find("cache_control")); }

Status read_openai_chat_history(Value messages, llm::Request& request) { return HistoryReader(request).read(messages); }

}  // namespace penstock::dialect
