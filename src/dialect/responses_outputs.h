// Which output item an event of a Responses stream speaks of. `output_index` and `item_id` say so where a provider is correct; some leave
// them out, some number everything 0, and some give an item a new id with every event.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "json/scan.h"

namespace penstock::dialect {

enum class OutputKind : std::uint8_t { message, reasoning, call, search, other };
/// By the item's `type`.
[[nodiscard]] OutputKind output_kind(json::Value item);

/// What an event says of the item that it belongs to.
struct OutputName {
  std::optional<std::int64_t> index;
  std::string_view id;  // as written; empty: not said
};

/// One item of the answer's output, and how far it has come. Texts are the insides of JSON strings.
struct OutputItem {
  /// A part of a message's content: a block of its own.
  struct Part {
    std::int64_t index = 0;
    std::uint32_t key = 0;
    bool opened = false, said = false, cited = false;
  };
  OutputKind kind = OutputKind::other;
  std::optional<std::int64_t> index;
  std::string id;
  bool done = false;
  std::deque<Part> parts;  // of a message

  std::uint32_t key = 0;  // of the block of reasoning or of a call
  bool opened = false;

  std::string thought;            // the text of a reasoning block so far
  std::int64_t thought_part = 0;  // where its end comes from
  bool is_summary = false;

  std::string call_id, name, waiting;  // of a call; `waiting`: arguments that came before its name
  bool has_arguments = false;
};

/// The items of one answer. References stay.
class ResponsesOutputs {
 public:
  /// An item begins.
  OutputItem& add(OutputKind kind, OutputName name);
  /// The item that an event of its kind is about; a new one where none fits.
  OutputItem& at(OutputKind kind, OutputName name);
  /// The n-th item of that kind, or null.
  [[nodiscard]] OutputItem* nth(OutputKind kind, std::size_t n);
  [[nodiscard]] OutputItem* last(OutputKind kind);

  [[nodiscard]] std::deque<OutputItem>& all() { return items_; }
  [[nodiscard]] const std::deque<OutputItem>& all() const { return items_; }
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  OutputItem* find(OutputKind kind, OutputName name);
  std::deque<OutputItem> items_;
};

}  // namespace penstock::dialect
