#include "dialect/turn_order.h"

#include <string>
#include <utility>

namespace penstock::dialect {

namespace {

void append(std::string& list, const std::string& block) {
  if (!list.empty()) list += ',';
  list += block;
}

/// The blocks of several user turns on their way into one. They are put into the message that holds the first results, so that those (the
/// long ones) stay where they are.
class Merge {
 public:
  Merge(const Edit& edit, json::Value messages, std::span<const Turn> turns)
      : edit_(edit),
        messages_(messages),
        turns_(turns),
        base_(std::ranges::find_if(turns, [](const Turn& t) { return t.has(BlockKind::tool_result); })) {
    if (base_ == turns_.end()) base_ = turns_.begin();
  }

  void run() {
    for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
      if (turn == base_)
        take_base();
      else
        take(*turn, turn < base_ ? leading_ : trailing_);
    }
    put();
  }

 private:
  void take(const Turn& turn, std::string& others) {
    if (turn.is_text()) append(others, as_block(turn));
    for (const auto& block : turn.blocks)
      append(block.kind == BlockKind::tool_result ? results_ : others, edit_.patch.text_of(block.value));
    edit_.patch.remove(messages_, turn.message);
  }

  /// What stands before the base's last result goes behind it.
  void take_base() {
    const auto& blocks = base_->blocks;
    auto last = blocks.size();
    while (last > 0 && blocks[last - 1].kind != BlockKind::tool_result) --last;
    for (std::size_t i = 0; i < last; ++i) {
      if (blocks[i].kind == BlockKind::tool_result) continue;
      append(leading_, edit_.patch.text_of(blocks[i].value));
      edit_.patch.remove(base_->content, blocks[i].value);
    }
    if (last < blocks.size()) behind_results_ = blocks[last].value;
  }

  [[nodiscard]] std::string as_block(const Turn& turn) const {
    const auto text = edit_.patch.text_of(turn.content);
    return R"({"type":"text","text":)" + text + "}";
  }

  void put() {
    std::string front = std::move(results_);
    if (!leading_.empty()) append(front, leading_);
    if (base_->is_text()) {
      append(front, as_block(*base_));
      if (!trailing_.empty()) append(front, trailing_);
      edit_.patch.replace(base_->content, "[" + front + "]");
      return;
    }
    if (!front.empty() && behind_results_) edit_.patch.insert_before(*behind_results_, front);
    if (!front.empty() && !behind_results_) edit_.patch.add_element(base_->content, front);
    if (!trailing_.empty()) edit_.patch.add_element(base_->content, trailing_);
  }

  const Edit& edit_;
  json::Value messages_;
  std::span<const Turn> turns_;
  std::span<const Turn>::iterator base_;
  std::optional<json::Value> behind_results_;
  std::string results_, leading_, trailing_;  // blocks with commas between them
};

/// How many turns of a run must become one, from its first: up to the last results, when a former system turn stands before them.
std::size_t turns_to_merge(std::span<const Turn> run) {
  std::size_t many = 0;
  bool system_before = false;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (system_before && run[i].has(BlockKind::tool_result)) many = i + 1;
    system_before |= run[i].was_system;
  }
  return many;
}

/// Some other block stands before a tool result.
bool is_out_of_order(const Turn& turn) {
  bool other = false;
  for (const auto& block : turn.blocks) {
    if (block.kind == BlockKind::tool_result && other) return true;
    other |= block.kind != BlockKind::tool_result;
  }
  return false;
}

}  // namespace

void order_turns(const Edit& edit, json::Value messages, std::span<const Turn> turns) {
  const bool merges = edit.quirks.tool_results == ToolResults::merge;
  if (!merges && edit.quirks.system_turns == SystemTurns::keep) return;
  for (std::size_t first = 0; first < turns.size();) {
    std::size_t last = first;
    while (last < turns.size() && turns[last].role == Role::user && turns[last].has_content) ++last;
    const auto run = turns.subspan(first, last - first);
    const auto many = merges ? run.size() : turns_to_merge(run);
    if (many > 1 || (many == 1 && is_out_of_order(run.front()))) Merge(edit, messages, run.first(many)).run();
    first = std::max(last, first + 1);
  }
}

}  // namespace penstock::dialect
