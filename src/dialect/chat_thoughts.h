// Reasoning that a Chat Completions provider made, on its way to the client and back (wire-reference 3.6). What the provider wants back
// beyond the text travels in the tag of a thinking block (dialect/signature.h):
//   ""   nothing but the text
//   […]  its reasoning_details; one whose text is the block's own text stands there without it
//   {…}  the extra_content of the tool call that follows the block (Google's thought signatures)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/signature.h"
#include "json/scan.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Puts streamed reasoning_details together: consecutive pieces of one text become one, sealed ones stay apart.
class ReasoningDetails {
 public:
  /// The value of a delta's or message's `reasoning_details`.
  void add(json::Value list);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// What it holds, in bytes, roughly.
  [[nodiscard]] std::size_t kept() const { return kept_; }
  /// The text of what `add` got last, for a provider that says its reasoning nowhere else. The inside of a JSON string.
  [[nodiscard]] const std::string& last_text() const { return last_text_; }
  /// The payload for a block whose text is `block_text`; "" without details. Begins anew afterwards.
  [[nodiscard]] std::string take_payload(std::string_view block_text);

 private:
  struct Member {
    std::string key, value;  // as written
  };
  struct Entry {
    std::string type, index, text;  // as written; text without quotes
    bool has_text = false;
    std::vector<Member> others;
  };
  void add_entry(json::Value detail);
  void note_member(Entry& entry, std::string_view name, std::string_view value);
  std::vector<Entry> entries_;
  std::string last_text_;
  std::size_t kept_ = 0;
};

/// What one assistant turn gives back to the provider that made it.
class RestoredThoughts {
 public:
  RestoredThoughts(std::string_view provider, const SignatureCodec* codec) : provider_(provider), codec_(codec) {}

  /// A block of the history. Those of other makers, Anthropic among them, are passed over. True when it was the provider's own.
  bool add(const llm::ThinkingPart& part);
  /// The text of all of them, the inside of a JSON string.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The reasoning_details, elements without brackets; empty: none.
  [[nodiscard]] const std::string& details() const { return details_; }
  /// The extra_content for the call that comes now; empty: none.
  [[nodiscard]] std::string take_extra();

 private:
  void add_details(std::string_view payload, std::string_view block_text);
  std::string_view provider_;
  const SignatureCodec* codec_;
  std::string text_, details_, extra_;
};

}  // namespace penstock::dialect
