// Reasoning that a model writes into its answer's text, between <think> and </think>.
#pragma once

#include <string>
#include <string_view>

namespace penstock::dialect {

/// Tells the two apart in a text that arrives in any cut. Only what stands at the very beginning counts (white space aside), so that an
/// answer may speak of the tags; several blocks may follow each other. Also knows <thinking> and <thought>. Works on the inside of JSON
/// strings: a bracket may be written `\u003c`. For one answer.
class ThinkTags {
 public:
  /// Takes a piece and calls `thinking(view)` and `text(view)` for what is certain. White space around a block goes. The views live until
  /// the call returns. Templates, so that the calls are direct.
  template <typename Thinking, typename Text>
  void feed(std::string_view written, Thinking&& thinking, Text&& text) {
    while (!written.empty()) {
      if (state_ == State::text) return text(written);
      const Found found = step(written);
      if (found.kind == Kind::thinking) thinking(found.view);
      if (found.kind == Kind::text) text(found.view);
    }
  }
  /// The text has ended: what was held back because it might have become a tag.
  template <typename Thinking, typename Text>
  void finish(Thinking&& thinking, Text&& text) {
    if (held_.empty()) return;
    state_ == State::thinking ? thinking(std::string_view(held_)) : text(std::string_view(held_));
    held_.clear();
  }

 private:
  enum class State : unsigned char { start, thinking, text };
  enum class Kind : unsigned char { nothing, thinking, text };
  struct Found {
    Kind kind = Kind::nothing;
    std::string_view view;
  };
  Found step(std::string_view& rest);
  Found at_start(std::string_view& rest);
  Found in_thinking(std::string_view& rest);
  std::string_view release();

  State state_ = State::start;
  std::string held_;      // what may be part of a tag; at the start, the white space before it too
  std::string seen_;      // the tag so far, escapes resolved
  std::string closing_;   // the tag that ends the block
  std::string released_;  // what `view` of a Found points at
  bool trims_ = false;    // white space that comes next belongs to the tag before it
  bool after_block_ = false;
};

}  // namespace penstock::dialect
