#include "dialect/responses_thoughts.h"

#include <array>

#include "base/append.h"
#include "base/text.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

constexpr char kMark = 'r';  // tells the payload from those of Chat Completions, which begin with a bracket

std::optional<json::Value> filled_list(json::Value item, std::string_view name) {
  const auto list = item.find(name);
  return list && list->is_array() && !list->is_empty() ? list : std::nullopt;
}

std::optional<json::Value> filled_text(json::Value item, std::string_view name) {
  const auto text = item.find(name);
  return text && text->is_string() && !text->raw_text().empty() ? text : std::nullopt;
}

/// `unpacks`: a part without a text gets the block's; else one with the block's text loses it.
void append_part(std::string& out, json::Value part, std::string_view block_text, bool unpacks) {
  const auto type = part.find("type"), text = part.find("text");
  const bool has_text = text && text->is_string();
  append(out, out.back() == '[' ? "" : ",", R"({"type":)", type ? type->raw() : "\"summary_text\"");
  if (has_text && (unpacks || text->raw_text() != block_text)) append(out, R"(,"text":)", text->raw());
  if (!has_text && unpacks) append(out, R"(,"text":")", block_text, '"');
  out += '}';
}

/// The item's own members, with the texts of its parts taken out of the block or put back from it.
void append_members(std::string& out, json::Value item, std::string_view block_text, bool unpacks) {
  if (const auto id = filled_text(item, "id")) append(out, R"("id":)", id->raw(), ',');
  out += R"("summary":[)";
  if (const auto list = filled_list(item, "summary"))
    for (const auto part : list->elements()) append_part(out, part, block_text, unpacks);
  out += ']';
  if (const auto list = filled_list(item, "content")) {
    out += R"(,"content":[)";
    for (const auto part : list->elements()) append_part(out, part, block_text, unpacks);
    out += ']';
  }
  if (const auto seal = filled_text(item, "encrypted_content")) append(out, R"(,"encrypted_content":)", seal->raw());
  out += '}';
}

/// The payload of a tag that the provider's own answer was given.
std::optional<std::string> own_payload(std::string_view signature, const OpenAiChatOptions& options) {
  if (options.codec == nullptr || !signature.starts_with(kTagPrefix)) return std::nullopt;
  // A look at the name first: the MAC is the dear part.
  if (!signature.substr(kTagPrefix.size()).starts_with(options.provider)) return std::nullopt;
  auto opened = options.codec->open(signature);
  if (!opened || opened->provider != options.provider) return std::nullopt;
  return std::move(opened->original);
}

}  // namespace

std::string reasoning_payload(json::Value item, std::string_view model, std::string_view block_text) {
  if (!filled_text(item, "encrypted_content") && !filled_list(item, "content")) return {};
  std::string out(1, kMark);
  append(out, R"({"model":)", json_quote(model), ',');
  append_members(out, item, block_text, false);
  return out;
}

std::optional<std::string> restored_reasoning(const llm::ThinkingPart& part, const OpenAiChatOptions& options) {
  const auto payload = own_payload(part.signature.written, options);
  if (!payload || !payload->starts_with(kMark)) return std::nullopt;
  const json::Padded text(std::string_view(*payload).substr(1));
  json::Document document;
  if (!document.index(text.text())) return std::nullopt;
  const auto model = document.root().find("model");
  if (!model || !model->equals(options.model)) return std::nullopt;
  std::string out = R"({"type":"reasoning",)";
  append_members(out, document.root(), part.text.written, true);
  return out;
}

}  // namespace penstock::dialect
