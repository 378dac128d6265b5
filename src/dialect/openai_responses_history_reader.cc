#include "dialect/openai_responses_history_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialect/openai_media.h"
#include "dialect/responses_reasoning.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Part;
using llm::Role;
using llm::Text;

constexpr std::string_view kRequired = "field required";

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }

bool is_type(Value value, std::string_view name) {
  const auto type = value.find("type");
  return type && type->equals(name);
}

/// What the client's search found, in words for the model; the inside of a JSON string.
std::string found_words(Value list, const ResponsesTools& tools, std::string_view space) {
  std::string out;
  for (const auto tool : list.elements()) {
    const auto name = text_of(tool.find("name")).written;
    if (const auto inner = tool.find("tools"); inner && is_type(tool, "namespace"))
      out += found_words(*inner, tools, name);
    else
      out += " " + tools.provider_name(space, name);
  }
  return out;
}

/// Reads one list of items.
class HistoryReader {
 public:
  HistoryReader(const ResponsesTools& tools, llm::Request& request) : tools_(tools), request_(request) {}

  Status read(Value input) {
    if (input.is_string()) return add(Role::user).parts.push_back({llm::TextPart{{input.raw_text()}}}), Status{};
    for (const auto item : input.elements()) {
      TRY_STATUS(read_item(item));
      ++item_;
    }
    return {};
  }

 private:
  using Read = Status (HistoryReader::*)(Value);
  struct Kind {
    std::string_view type;
    Read read;
  };

  Status read_item(Value item) {
    static constexpr auto kKinds = std::to_array<Kind>({
        {"message", &HistoryReader::message},
        {"agent_message", &HistoryReader::agent_message},
        {"reasoning", &HistoryReader::reasoning},
        {"function_call", &HistoryReader::function_call},
        {"function_call_output", &HistoryReader::output},
        {"custom_tool_call", &HistoryReader::custom_call},
        {"custom_tool_call_output", &HistoryReader::output},
        {"local_shell_call", &HistoryReader::shell_call},
        {"local_shell_call_output", &HistoryReader::output},
        {"tool_search_call", &HistoryReader::search_call},
        {"tool_search_output", &HistoryReader::search_output},
        {"additional_tools", &HistoryReader::skip},  // read before
        {"web_search_call", &HistoryReader::skip},   // what it found stands in the answer's words
        {"item_reference", &HistoryReader::reference},
    });
    const auto type = item.find("type");
    if (!type && item.find("role")) return message(item);
    if (!type && item.find("id")) return reference(item);
    if (!type || !type->is_string()) return fault("type", kRequired);
    for (const auto& kind : kKinds)
      if (type->equals(kind.type)) return (this->*kind.read)(item);
    drop("input." + type->text());
    return {};
  }

  Status skip(Value) { return {}; }

  Status reference(Value item) {
    const auto id = item.find("id");
    return fail(
        client_error(ErrorKind::invalid_request,
                     fmt::format("Item with id '{}' not found. Items are not persisted here: send the item itself in `input`, and set "
                                 "`store` to false so that your client does so.",
                                 id ? valid_utf8(id->text()) : "")));
  }

  void drop(std::string name) {
    if (std::ranges::find(request_.dropped, name) == request_.dropped.end()) request_.dropped.push_back(std::move(name));
  }

  // --- messages

  llm::Message& add(Role role) {
    leading_ = false;
    gathers_results_ = false;
    return request_.messages.emplace_back(llm::Message{role, {}});
  }

  std::vector<Part>& assistant() {
    auto& messages = request_.messages;
    const bool open = !messages.empty() && messages.back().role == Role::assistant;
    return open ? messages.back().parts : add(Role::assistant).parts;
  }

  std::vector<Part>& results() {
    if (!gathers_results_) add(Role::user);
    gathers_results_ = true;
    return request_.messages.back().parts;
  }

  Status message(Value item) {
    const auto role = item.find("role");
    const auto is = [&](std::string_view name) { return role && role->equals(name); };
    const auto content = item.find("content");
    if (is("user")) return read_content(content, add(Role::user).parts, "content");
    if (is("assistant")) return read_content(content, assistant(), "content");
    if (is("system") || is("developer")) return read_content(content, leading_ ? request_.system : add(Role::system).parts, "content");
    return fault("role", "expected system, developer, user or assistant");
  }

  /// codex: what another of its agents says. The parts that only OpenAI can read are left out.
  Status agent_message(Value item) { return read_content(item.find("content"), add(Role::user).parts, "content"); }

  Status reasoning(Value item) {
    const auto written = item.find("encrypted_content");
    if (!written || !written->is_string()) return {};
    if (const auto thinking = open_reasoning(written->raw_text(), request_)) assistant().push_back({*thinking});
    return {};
  }

  // --- calls

  Status add_call(Value item, Text name, llm::Json input) {
    const auto id = text_of(item.find("call_id"));
    if (id.empty()) return fault("call_id", kRequired);
    if (name.empty()) return fault("name", kRequired);
    assistant().push_back({llm::ToolCall{id, name, input}});
    return {};
  }

  Text name_of(Value item) {
    const auto name = text_of(item.find("name")), space = text_of(item.find("namespace"));
    if (name.empty() || space.empty()) return name;
    return {request_.keep(tools_.provider_name(space.written, name.written))};
  }

  /// The object in the text; arguments that are none, such as those of an answer that was cut, are shown as they are.
  llm::Json arguments_of(Value item) {
    const auto arguments = item.find("arguments");
    if (!arguments || arguments->is_null()) return {};
    if (arguments->is_object()) return {arguments->raw()};
    const auto text = trim(request_.keep(arguments->text()));
    padded_.assign(text);
    if (nested_.index(padded_.text()) && nested_.root().is_object()) return {text};
    if (arguments->is_string() && text.empty()) return {};
    return {request_.keep(fmt::format(R"({{"arguments":{}}})", arguments->raw()))};
  }

  Status function_call(Value item) { return add_call(item, name_of(item), arguments_of(item)); }

  Status custom_call(Value item) {
    const auto input = item.find("input");
    return add_call(item, name_of(item), {request_.keep(fmt::format(R"({{"input":{}}})", input ? input->raw() : "\"\""))});
  }

  Status shell_call(Value item) {
    const auto action = item.find("action");
    return add_call(item, {"local_shell"}, action && action->is_object() ? llm::Json{action->raw()} : llm::Json{});
  }

  /// OpenAI's own searches have no call_id and mean nothing elsewhere.
  Status search_call(Value item) {
    const auto id = item.find("call_id");
    return id && id->is_string() ? add_call(item, {"tool_search"}, arguments_of(item)) : Status{};
  }

  // --- outputs

  Status output(Value item) {
    llm::ToolResult result;
    result.id = text_of(item.find("call_id").has_value() ? item.find("call_id") : item.find("id"));
    if (result.id.empty()) return fault("call_id", kRequired);
    TRY_STATUS(read_content(item.find("output"), result.parts, "output"));
    results().push_back({std::move(result)});
    return {};
  }

  Status search_output(Value item) {
    llm::ToolResult result;
    result.id = text_of(item.find("call_id"));
    if (result.id.empty()) return {};
    const auto list = item.find("tools");
    const auto names = list ? found_words(*list, tools_, "") : std::string();
    result.parts.push_back({llm::TextPart{{names.empty() ? "No tools were found." : request_.keep("These tools are there now:" + names)}}});
    results().push_back({std::move(result)});
    return {};
  }

  // --- content

  /// A text or a list of parts; what else stands there is shown as it is.
  Status read_content(const std::optional<Value>& content, std::vector<Part>& parts, std::string_view field) {
    if (!content || content->is_null()) return {};
    if (!content->is_array()) {
      const auto text = content->is_string() ? content->raw_text() : request_.keep(json_escape(content->raw()));
      if (!text.empty()) parts.push_back({llm::TextPart{{text}}});
      return {};
    }
    std::size_t at = 0;
    for (const auto part : content->elements()) TRY_STATUS(read_part(part, parts, fmt::format("{}.{}", field, at++)));
    return {};
  }

  Status read_part(Value part, std::vector<Part>& parts, const std::string& path) {
    if (part.is_string()) return parts.push_back({llm::TextPart{{part.raw_text()}}}), Status{};
    if (is_type(part, "input_image") || is_type(part, "computer_screenshot")) return read_image(part, parts, path);
    if (is_type(part, "input_file")) return read_file(part, parts, path);
    if (is_type(part, "refusal")) return parts.push_back({llm::TextPart{text_of(part.find("refusal"))}}), Status{};
    const auto text = part.find("text");  // input_text, output_text, text, summary_text
    if (text && text->is_string()) return parts.push_back({llm::TextPart{{text->raw_text()}}}), Status{};
    if (!is_type(part, "encrypted_content")) parts.push_back({llm::OtherPart{text_of(part.find("type")), {part.raw()}}});
    return {};
  }

  /// One that is only named by its id stays where it was uploaded, out of every other provider's reach.
  Status read_image(Value part, std::vector<Part>& parts, const std::string& path) {
    auto url = part.find("image_url");
    if (url && url->is_object()) url = url->find("url");
    if (!url || !url->is_string()) return parts.push_back({llm::OtherPart{{"input_image"}, {part.raw()}}}), Status{};
    return add_media(read_image_url(*url, text_of(part.find("detail")), llm::CacheMark::none, request_), parts, path + ".image_url");
  }

  Status read_file(Value part, std::vector<Part>& parts, const std::string& path) {
    const auto name = text_of(part.find("filename"));
    if (const auto data = part.find("file_data"); data && data->is_string())
      return add_media(read_file_data(*data, name, llm::CacheMark::none, request_), parts, path + ".file_data");
    if (const auto url = text_of(part.find("file_url")); !url.empty())
      return parts.push_back({llm::DocumentPart{{llm::Media::From::url, {}, url}, name, {}}}), Status{};
    return parts.push_back({llm::OtherPart{{"input_file"}, {part.raw()}}}), Status{};
  }

  Status add_media(MediaPart made, std::vector<Part>& parts, const std::string& field) {
    if (!made) return fault(field, made.error());
    parts.push_back(std::move(*made));
    return {};
  }

  std::unexpected<Error> fault(std::string_view field, std::string_view what) const {
    return fail(client_error(ErrorKind::invalid_request, fmt::format("input.{}.{}: {}", item_, field, what)));
  }

  const ResponsesTools& tools_;
  llm::Request& request_;
  std::size_t item_ = 0;  // the place of the one that is being read
  bool leading_ = true;
  bool gathers_results_ = false;  // the last message is made of outputs, and takes more
  json::Padded padded_;           // arguments
  json::Document nested_;
};

}  // namespace

Status read_openai_responses_item_tools(Value input, ResponsesToolReader& tools) {
  std::size_t at = 0;
  for (const auto item : input.elements()) {
    const auto path = fmt::format("input.{}.tools", at++);
    const bool lists = is_type(item, "additional_tools") || is_type(item, "tool_search_output");
    if (const auto list = lists ? item.find("tools") : std::nullopt) TRY_STATUS(tools.read(*list, path));
  }
  return {};
}

Status read_openai_responses_history(Value input, const ResponsesTools& tools, llm::Request& request) {
  return HistoryReader(tools, request).read(input);
}

}  // namespace penstock::dialect
