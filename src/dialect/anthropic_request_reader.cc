#include "dialect/anthropic_request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dialect/claude_code_marks.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::Part;
using llm::Text;

/// Fields that say something to Anthropic only, or to the gateway; leaving them out changes no answer.
constexpr std::array<std::string_view, 2> kSilent{"model", "cache_control"};

Text text_of(const std::optional<Value>& value) { return value && value->is_string() ? Text{value->raw_text()} : Text{}; }
llm::Json json_of(const std::optional<Value>& value) { return value && !value->is_null() ? llm::Json{value->raw()} : llm::Json{}; }

std::optional<std::uint64_t> count_of(Value value) {
  const auto number = value.integer();
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

llm::CacheMark cache_of(Value block) {
  const auto mark = block.find("cache_control");
  if (!mark || !mark->is_object()) return llm::CacheMark::none;
  const auto ttl = mark->find("ttl");
  return ttl && ttl->equals("1h") ? llm::CacheMark::one_hour : llm::CacheMark::ephemeral;
}

std::optional<llm::Media> media_of(Value block) {
  const auto source = block.find("source");
  if (!source || !source->is_object()) return std::nullopt;
  const auto type = source->find("type");
  if (!type) return std::nullopt;
  using From = llm::Media::From;
  if (type->equals("base64")) return llm::Media{From::base64, text_of(source->find("media_type")), text_of(source->find("data"))};
  if (type->equals("url")) return llm::Media{From::url, {}, text_of(source->find("url"))};
  if (type->equals("text")) return llm::Media{From::text, text_of(source->find("media_type")), text_of(source->find("data"))};
  if (type->equals("file")) return llm::Media{From::file, {}, text_of(source->find("file_id"))};
  return std::nullopt;
}

/// Reads one body.
class Reader {
 public:
  explicit Reader(const llm::ByteRange& subagent_tag) : subagent_tag_(subagent_tag) {}

  Result<llm::Request> read(Value root) {
    for (const auto [key, value] : root.members()) {
      std::string scratch;
      TRY_STATUS(top(key.text(scratch), value));
    }
    return std::move(request_);
  }

 private:
  using Read = Status (Reader::*)(Value);
  struct Field {
    std::string_view name;
    Read read;
  };

  Status top(std::string_view name, Value value) {
    static constexpr auto kFields = std::to_array<Field>({
        {"messages", &Reader::messages},
        {"system", &Reader::system},
        {"tools", &Reader::tools},
        {"tool_choice", &Reader::tool_choice},
        {"max_tokens", &Reader::max_tokens},
        {"temperature", &Reader::temperature},
        {"top_p", &Reader::top_p},
        {"top_k", &Reader::top_k},
        {"stop_sequences", &Reader::stop},
        {"stream", &Reader::stream},
        {"thinking", &Reader::thinking},
        {"output_config", &Reader::output_config},
        {"output_format", &Reader::format},
        {"metadata", &Reader::metadata},
        {"service_tier", &Reader::service_tier},
    });
    if (value.is_null()) return {};
    for (const auto& field : kFields)
      if (field.name == name) return (this->*field.read)(value);
    if (std::ranges::find(kSilent, name) == kSilent.end()) request_.dropped.emplace_back(name);
    return {};
  }

  Status messages(Value list) {
    std::size_t at = 0;
    for (const auto message : list.elements()) {
      message_ = at++;
      llm::Message made;
      const auto role = message.find("role");
      if (role && role->equals("assistant")) made.role = llm::Role::assistant;
      if (role && role->equals("system")) made.role = llm::Role::system;
      if (const auto content = message.find("content")) TRY_STATUS(content_of(*content, made.parts));
      request_.messages.push_back(std::move(made));
    }
    return {};
  }

  Status system(Value value) {
    message_.reset();
    return content_of(value, request_.system);
  }

  /// A string, or a list of blocks.
  Status content_of(Value content, std::vector<Part>& parts) {
    if (content.is_string()) {
      parts.push_back({llm::TextPart{words_of(content)}});
      return {};
    }
    std::size_t at = 0;
    for (const auto block : content.elements()) {
      TRY(auto part, part_of(block, at++));
      parts.push_back(std::move(part));
    }
    return {};
  }

  Text words_of(std::optional<Value> value) {
    if (subagent_tag_.empty() || !value) return text_of(value);
    auto left = without_tag(*value, subagent_tag_);
    return left ? Text{request_.keep(std::move(*left))} : text_of(value);
  }

  Result<Part> part_of(Value block, std::size_t at) {
    const auto type = block.find("type");
    const auto is = [&](std::string_view name) { return type && type->equals(name); };
    if (is("text")) return Part{llm::TextPart{words_of(block.find("text")), cache_of(block)}};
    if (is("tool_use")) return tool_call(block, at);
    if (is("tool_result")) return tool_result(block, at);
    if (is("thinking")) return Part{llm::ThinkingPart{text_of(block.find("thinking")), text_of(block.find("signature")), false}};
    if (is("redacted_thinking")) return Part{llm::ThinkingPart{{}, text_of(block.find("data")), true}};
    if (is("image") || is("document")) return media(block, at, is("image"));
    return Part{llm::OtherPart{text_of(type), {block.raw()}}};
  }

  Result<Part> tool_call(Value block, std::size_t at) {
    llm::ToolCall call{text_of(block.find("id")), text_of(block.find("name")), json_of(block.find("input")), cache_of(block)};
    if (call.name.empty()) return fail(fault(at, "tool_use.name: field required"));
    return Part{call};
  }

  Result<Part> tool_result(Value block, std::size_t at) {
    llm::ToolResult result;
    result.id = text_of(block.find("tool_use_id"));
    if (result.id.empty()) return fail(fault(at, "tool_result.tool_use_id: field required"));
    result.cache = cache_of(block);
    if (const auto is_error = block.find("is_error")) result.is_error = is_error->boolean().value_or(false);
    if (const auto content = block.find("content"); content && !content->is_null()) TRY_STATUS(content_of(*content, result.parts));
    return Part{std::move(result)};
  }

  Result<Part> media(Value block, std::size_t at, bool image) {
    auto source = media_of(block);
    // A document may be a list of blocks (search results and the like): its source is then of a kind that only Anthropic has.
    if (!source && !image) return Part{llm::OtherPart{{"document"}, {block.raw()}}};
    if (!source) return fail(fault(at, "image.source: expected base64, url or file"));
    if (image) return Part{llm::ImagePart{*source, {}, cache_of(block)}};
    return Part{llm::DocumentPart{*source, text_of(block.find("title")), text_of(block.find("context")), cache_of(block)}};
  }

  Status tools(Value list) {
    for (const auto tool : list.elements()) {
      llm::Tool made;
      made.name = text_of(tool.find("name"));
      made.description = text_of(tool.find("description"));
      made.schema = json_of(tool.find("input_schema"));
      if (const auto strict = tool.find("strict")) made.strict = strict->boolean();
      made.cache = cache_of(tool);
      if (const auto type = tool.find("type"); type && type->is_string() && !type->equals("custom")) made.type = {type->raw_text()};
      made.raw = {tool.raw()};
      request_.tools.push_back(made);
    }
    return {};
  }

  Status tool_choice(Value value) {
    using Kind = llm::ToolChoice::Kind;
    auto& choice = request_.tool_choice;
    const auto type = value.find("type");
    const auto is = [&](std::string_view name) { return type && type->equals(name); };
    choice.kind = is("any") ? Kind::any : is("none") ? Kind::none : is("tool") ? Kind::named : Kind::automatic;
    choice.name = text_of(value.find("name"));
    if (const auto single = value.find("disable_parallel_tool_use"); single && single->boolean()) choice.parallel = !*single->boolean();
    return {};
  }

  Status max_tokens(Value value) { return request_.max_tokens = count_of(value), Status{}; }
  Status temperature(Value value) { return request_.temperature = value.number(), Status{}; }
  Status top_p(Value value) { return request_.top_p = value.number(), Status{}; }
  Status top_k(Value value) { return request_.top_k = count_of(value), Status{}; }
  Status service_tier(Value value) { return request_.service_tier = text_of(value), Status{}; }
  Status stream(Value value) { return request_.stream = value.boolean().value_or(false), Status{}; }
  Status metadata(Value value) { return request_.user = text_of(value.find("user_id")), Status{}; }

  Status stop(Value list) {
    for (const auto word : list.elements())
      if (word.is_string()) request_.stop.push_back({word.raw_text()});
    return {};
  }

  Status thinking(Value value) {
    using Mode = llm::Reasoning::Mode;
    auto& reasoning = request_.reasoning;
    const auto type = value.find("type");
    const auto is = [&](std::string_view name) { return type && type->equals(name); };
    reasoning.mode = is("disabled") ? Mode::off : is("enabled") ? Mode::budget : Mode::adaptive;
    if (const auto budget = value.find("budget_tokens")) reasoning.budget = count_of(*budget).value_or(0);
    return {};
  }

  Status output_config(Value value) {
    if (const auto effort = value.find("effort")) request_.reasoning.effort = effort->text();
    if (const auto format = value.find("format"); format && !format->is_null()) return this->format(*format);
    return {};
  }

  Status format(Value value) {
    const auto type = value.find("type");
    if (!type || !type->equals("json_schema")) return {};
    request_.format.kind = llm::AnswerFormat::Kind::json_schema;
    request_.format.schema = json_of(value.find("schema"));
    request_.format.name = text_of(value.find("name"));
    return {};
  }

  Error fault(std::size_t at, std::string_view what) const {
    const auto path = message_ ? fmt::format("messages.{}", *message_) : std::string("system");
    return client_error(ErrorKind::invalid_request, fmt::format("{}.content.{}.{}", path, at, what));
  }

  llm::ByteRange subagent_tag_;
  llm::Request request_;
  std::optional<std::size_t> message_;  // that is being read; none: the system prompt
};

}  // namespace

Result<llm::Request> read_anthropic_request(const json::Document& body, const llm::ByteRange& subagent_tag) {
  TRY_STATUS(body.check_escapes());
  return Reader(subagent_tag).read(body.root());
}

}  // namespace penstock::dialect
