// The blocks of a Responses answer: its items' texts, reasoning and calls as they grow and as they end (wire-reference 3.7, 3.11).
// Everything is said up to four times (in deltas, at the end of a part, of an item, and of the answer): what was said first counts, and
// what is missing comes from the later ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dialect/answer_fields.h"
#include "dialect/chat_answer.h"
#include "dialect/responses_outputs.h"
#include "dialect/think_tags.h"
#include "json/scan.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// For one answer. All texts are the inside of a JSON string, and are needed for the call only.
class ResponsesBlocks {
 public:
  using Index = std::optional<std::int64_t>;

  /// The options must stay.
  ResponsesBlocks(const OpenAiChatAnswerOptions& options, llm::EventSink& out) : options_(options), out_(out) {}

  /// An item begins, as `output_item.added` has it.
  void begin(json::Value item, Index index);
  /// An item in its final form, as `output_item.done` has it.
  void end(json::Value item, Index index);
  /// The whole output in its final form.
  void end_all(json::Value output);

  /// More of a message. `part`: its content_index. `is_rest`: the text is all that the part says, and counts if nothing was said before.
  void text(OutputName item, Index part, std::string_view written, bool is_rest);
  void refusal(OutputName item, Index part, std::string_view written, bool is_rest);
  void annotation(OutputName item, Index part, json::Value annotation);
  /// More of the reasoning, or of the summary of it. Where a provider sends both, the client sees what came first.
  void thought(OutputName item, Index part, std::string_view written, bool is_summary);
  /// More of a call's arguments, or all of them.
  void arguments(OutputName item, std::string_view written, bool is_rest);
  /// A call's name, where it comes late.
  void call_name(OutputName item, std::string_view name);

  /// Nothing more comes: ends the items whose end nobody told. False when a call never got a name.
  [[nodiscard]] bool finish();

  [[nodiscard]] bool empty() const { return outputs_.empty(); }
  /// There is more to remember than any real answer brings: items, parts of messages, or bytes of them.
  [[nodiscard]] bool too_large() const { return kept_ > kMostKept || parts_ + outputs_.all().size() > kMostPieces; }
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  using Item = OutputItem;
  /// Items and parts of one answer. They are searched for one by one.
  static constexpr std::size_t kMostPieces = 4096;
  void close(Item& item, json::Value value);
  void close_message(Item& item, json::Value value);
  void close_reasoning(Item& item, json::Value value);
  void close_call(Item& item, json::Value value);
  void close_part(Item& item, std::int64_t index, json::Value value);
  Item::Part& part_of(Item& item, Index index);
  void read(Item::Part& part, std::string_view written);
  void say(Item::Part& part, std::string_view written);
  void open(Item::Part& part);
  void cite(Item::Part& part, json::Value annotation);
  void think(Item& item, std::int64_t part, std::string_view written, bool is_summary);
  void open_thought(Item& item, std::int64_t part, bool is_summary);
  void think_in_tags(std::string_view written);
  void end_tags();
  void flush_tags();
  void seal(std::uint32_t key, std::string_view payload);
  void open_call(Item& item);
  void argue(Item& item, std::string_view written);

  const OpenAiChatAnswerOptions& options_;
  llm::EventSink& out_;
  ResponsesOutputs outputs_;
  ThinkTags tags_;
  std::optional<std::uint32_t> tagged_;  // the key of the open thinking block whose text stands in tags
  std::size_t kept_ = 0, parts_ = 0;
  std::uint32_t next_key_ = 0;
  bool reasoned_ = false;  // reasoning came as an item
  bool refused_ = false;
};

}  // namespace penstock::dialect
