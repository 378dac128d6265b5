#include "dialect/responses_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "dialect/answer_fields.h"
#include "dialect/responses_search.h"
#include "dialect/responses_thoughts.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::BlockKind;

/// A list that is there, else an empty one.
json::Elements list_in(Value object, std::string_view key) { return object.find(key).value_or(Value(object)).elements(); }

OutputName name_of(Value item, ResponsesBlocks::Index index) { return {index, text_in(item, "id")}; }

}  // namespace

// --- items

void ResponsesBlocks::begin(Value value, Index index) {
  const auto kind = output_kind(value);
  auto& item = outputs_.add(kind, name_of(value, index));
  if (kind == OutputKind::reasoning) reasoned_ = true;
  if (kind != OutputKind::call || item.opened) return;
  item.call_id = text_in(value, "call_id");
  item.name = text_in(value, "name");
  if (!item.call_id.empty() && !item.name.empty()) open_call(item);
}

void ResponsesBlocks::end(Value value, Index index) { close(outputs_.at(output_kind(value), name_of(value, index)), value); }

void ResponsesBlocks::end_all(Value output) {
  std::array<std::size_t, 5> seen{};
  std::int64_t index = 0;
  for (const auto value : output.elements()) {
    if (too_large()) return;
    const auto kind = output_kind(value);
    // Ids and indexes may differ from those before, the order does not.
    auto* item = outputs_.nth(kind, seen[static_cast<std::size_t>(kind)]++);
    if (item == nullptr) item = &outputs_.add(kind, name_of(value, index));
    close(*item, value);
    ++index;
  }
}

void ResponsesBlocks::close(Item& item, Value value) {
  if (std::exchange(item.done, true)) return;
  switch (item.kind) {
    case OutputKind::message: return close_message(item, value);
    case OutputKind::reasoning: return close_reasoning(item, value);
    case OutputKind::call: return close_call(item, value);
    case OutputKind::search: next_key_ += emit_search_call(value, next_key_, out_) ? 2 : 0; return;
    case OutputKind::other: return;
  }
}

bool ResponsesBlocks::finish() {
  flush_tags();
  for (auto& item : outputs_.all()) {
    if (item.kind == OutputKind::reasoning && item.opened && !item.done && item.key + 1 == next_key_) seal(item.key, {});
    if (item.kind != OutputKind::call || item.opened) continue;
    if (item.name.empty() && (item.done || item.has_arguments)) return false;
    if (!item.name.empty()) open_call(item);
  }
  return true;
}

// --- messages

void ResponsesBlocks::text(OutputName name, Index index, std::string_view written, bool is_rest) {
  auto& part = part_of(outputs_.at(OutputKind::message, name), index);
  if (!is_rest || !part.said) read(part, written);
}

void ResponsesBlocks::refusal(OutputName name, Index index, std::string_view written, bool is_rest) {
  refused_ = true;
  auto& part = part_of(outputs_.at(OutputKind::message, name), index);
  if (!is_rest || !part.said) say(part, written);
}

void ResponsesBlocks::annotation(OutputName name, Index index, Value annotation) {
  cite(part_of(outputs_.at(OutputKind::message, name), index), annotation);
}

OutputItem::Part& ResponsesBlocks::part_of(Item& item, Index index) {
  if (!index && !item.parts.empty()) return item.parts.back();
  const auto known = std::ranges::find(item.parts, index.value_or(0), &Item::Part::index);
  if (known != item.parts.end()) return *known;
  ++parts_;
  auto& part = item.parts.emplace_back();
  part.index = index.value_or(0);
  return part;
}

/// Reasoning that stands in tags is told from the text, unless the provider has told it already.
void ResponsesBlocks::read(Item::Part& part, std::string_view written) {
  if (written.empty()) return;
  part.said = true;
  if (reasoned_ || options_.think_tags == ChatQuirks::ThinkTags::never) return say(part, written);
  tags_.feed(written, [this](std::string_view view) { think_in_tags(view); }, [&](std::string_view view) { say(part, view); });
}

void ResponsesBlocks::say(Item::Part& part, std::string_view written) {
  if (written.empty()) return;
  open(part);
  part.said = true;
  out_.take(llm::Delta{part.key, {written}});
}

void ResponsesBlocks::open(Item::Part& part) {
  end_tags();
  if (std::exchange(part.opened, true)) return;
  part.key = next_key_++;
  out_.take(llm::Open{.key = part.key, .kind = BlockKind::text});
}

void ResponsesBlocks::cite(Item::Part& part, Value annotation) {
  const auto citation = citation_of(annotation);
  if (citation.empty()) return;
  open(part);
  part.cited = true;
  out_.take(llm::Cite{part.key, {citation}});
}

void ResponsesBlocks::close_message(Item& item, Value value) {
  if (const auto whole = text_in(value, "content"); item.parts.empty()) read(part_of(item, 0), whole);
  std::int64_t index = 0;
  for (const auto part : list_in(value, "content")) {
    if (too_large()) return;
    close_part(item, index++, part);
  }
  if (&item == outputs_.last(OutputKind::message)) flush_tags();
  for (const auto& part : item.parts)
    if (part.opened) out_.take(llm::Close{part.key});
}

void ResponsesBlocks::close_part(Item& item, std::int64_t index, Value value) {
  auto& part = part_of(item, index);
  if (const auto refusal = text_in(value, "refusal"); !refusal.empty()) {
    refused_ = true;
    if (!part.said) say(part, refusal);
  } else if (!part.said) {
    read(part, text_in(value, "text"));
  }
  if (part.cited) return;
  for (const auto annotation : list_in(value, "annotations")) cite(part, annotation);
}

// --- reasoning

void ResponsesBlocks::thought(OutputName name, Index part, std::string_view written, bool is_summary) {
  think(outputs_.at(OutputKind::reasoning, name), part.value_or(0), written, is_summary);
}

void ResponsesBlocks::think(Item& item, std::int64_t part, std::string_view written, bool is_summary) {
  if (written.empty()) return;
  if (!item.opened) open_thought(item, part, is_summary);
  if (item.is_summary != is_summary) return;
  if (std::exchange(item.thought_part, part) != part) think(item, part, "\\n\\n", is_summary);
  item.thought += written;
  kept_ += written.size();
  out_.take(llm::Delta{item.key, {written}});
}

void ResponsesBlocks::open_thought(Item& item, std::int64_t part, bool is_summary) {
  reasoned_ = item.opened = true;
  item.is_summary = is_summary;
  item.thought_part = part;
  item.key = next_key_++;
  out_.take(llm::Open{.key = item.key, .kind = BlockKind::thinking});
}

void ResponsesBlocks::close_reasoning(Item& item, Value value) {
  for (const std::string_view member : {"summary", "content"}) {
    if (item.opened) break;
    std::int64_t index = 0;
    for (const auto part : list_in(value, member)) think(item, index++, text_in(part, "text"), member == "summary");
  }
  // Once another block has begun, StreamGuard has closed this one, and its seal becomes a block without text.
  const bool has_text = item.opened && item.key + 1 == next_key_;
  const auto payload = reasoning_payload(value, options_.errors.model, has_text ? std::string_view(item.thought) : "");
  const bool is_worth = options_.codec != nullptr && !payload.empty();
  if (!item.opened && is_worth) open_thought(item, 0, true);
  if (has_text || is_worth) seal(item.key, payload);
}

/// Ends a thinking block.
void ResponsesBlocks::seal(std::uint32_t key, std::string_view payload) {
  if (options_.codec != nullptr) {
    const auto tag = json_escape(options_.codec->tag(options_.provider, payload));
    out_.take(llm::Seal{key, {tag}});
  }
  out_.take(llm::Close{key});
}

void ResponsesBlocks::think_in_tags(std::string_view written) {
  if (written.empty()) return;
  if (!tagged_) {
    tagged_ = next_key_++;
    out_.take(llm::Open{.key = *tagged_, .kind = BlockKind::thinking});
  }
  out_.take(llm::Delta{*tagged_, {written}});
}

void ResponsesBlocks::end_tags() {
  if (tagged_) seal(*std::exchange(tagged_, std::nullopt), {});
}

/// What was held back because it might have become a tag.
void ResponsesBlocks::flush_tags() {
  auto* const message = outputs_.last(OutputKind::message);
  if (message == nullptr || message->parts.empty()) return;
  tags_.finish([this](std::string_view view) { think_in_tags(view); }, [&](std::string_view view) { say(message->parts.back(), view); });
  end_tags();
}

// --- calls

void ResponsesBlocks::arguments(OutputName name, std::string_view written, bool is_rest) {
  auto& item = outputs_.at(OutputKind::call, name);
  if (!is_rest || !item.has_arguments) argue(item, written);
}

void ResponsesBlocks::call_name(OutputName name, std::string_view written) {
  auto& item = outputs_.at(OutputKind::call, name);
  if (item.name.empty()) item.name = written;
}

void ResponsesBlocks::argue(Item& item, std::string_view written) {
  if (written.empty()) return;
  item.has_arguments = true;
  if (item.opened) return out_.take(llm::Delta{item.key, {written}});
  item.waiting += written;
  kept_ += written.size();
}

/// A call without a call_id is answered by the item's own id.
void ResponsesBlocks::open_call(Item& item) {
  item.opened = true;
  item.key = next_key_++;
  const auto name = options_.names == nullptr ? std::string_view(item.name) : options_.names->to_client(item.name);
  const auto& id = item.call_id.empty() ? item.id : item.call_id;
  out_.take(llm::Open{.key = item.key, .kind = BlockKind::tool_call, .id = {id}, .name = {name}});
  if (!item.waiting.empty()) out_.take(llm::Delta{item.key, {item.waiting}});
}

void ResponsesBlocks::close_call(Item& item, Value value) {
  if (item.call_id.empty()) item.call_id = text_in(value, "call_id");
  if (item.name.empty()) item.name = text_in(value, "name");
  const auto given = value.find("arguments");
  if (given && given->is_object() && !item.has_arguments) argue(item, json_escape(given->raw()));
  if (!item.has_arguments) argue(item, text_in(value, "arguments"));
  if (item.name.empty()) return;  // finish() tells
  if (!item.opened) open_call(item);
  // One that the limit has cut stays open: what the answer's end says of it counts.
  if (text_in(value, "status") != "incomplete") out_.take(llm::Close{item.key});
}

}  // namespace penstock::dialect
