#include "dialect/responses_reasoning.h"

#include "base/append.h"
#include "base/text.h"
#include "json/scan.h"

namespace penstock::dialect {

std::string close_reasoning(std::string_view text, std::string_view seal, bool sealed) {
  std::string block;
  block.reserve(text.size() + seal.size() + 40);
  append(block, sealed ? R"({"data":")" : R"({"signature":")", seal, '"');
  if (!sealed) append(block, R"(,"thinking":")", text, '"');
  block += '}';
  return std::string(kOwnReasoning) + to_base64url(block);
}

std::optional<llm::ThinkingPart> open_reasoning(std::string_view encrypted_content, llm::Request& request) {
  if (!encrypted_content.starts_with(kOwnReasoning)) return std::nullopt;
  auto block = from_base64url(encrypted_content.substr(kOwnReasoning.size()));
  if (!block) return std::nullopt;
  const auto size = block->size();
  block->append(json::kPadding, ' ');
  json::Document document;
  if (!document.index(request.keep(std::move(*block)).substr(0, size))) return std::nullopt;
  const auto text = [&](std::string_view name) {
    const auto value = document.root().find(name);
    return value && value->is_string() ? llm::Text{value->raw_text()} : llm::Text{};
  };
  if (const auto data = text("data"); !data.empty()) return llm::ThinkingPart{{}, data, true};
  if (text("signature").empty()) return std::nullopt;
  return llm::ThinkingPart{text("thinking"), text("signature"), false};
}

}  // namespace penstock::dialect
