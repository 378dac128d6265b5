// The array `messages` of an Anthropic request (wire-reference 1.4, 1.6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/claude_model.h"
#include "llm/request.h"

namespace penstock::dialect {

/// Appends the array to `out`. Neighbours of one role become one message; tool results stand at the beginning of the message behind their
/// calls, each call has one, and what belongs to no call becomes the user's text; the first message is the user's; a system turn stands
/// directly behind a user's (platform.claude.com, mid-conversation system messages) or becomes a reminder in one. Ids that Anthropic would
/// refuse (other characters, or the same one twice) are replaced on both sides. Thinking without a signature is left out. `marks_last`: a
/// cache mark on the last user turn. `dropped` gets the names of what had to be left out.
void append_anthropic_messages(const llm::Request& request, const ClaudeModel& model, bool marks_last, std::vector<std::string>& dropped,
                               std::string& out);

/// The member `,"cache_control":{…}`, or nothing.
void append_cache_mark(std::string& out, llm::CacheMark mark);

/// A text with something in it: Anthropic refuses white space alone.
[[nodiscard]] bool has_words(std::string_view written);

/// Adds a name to a list of what was left out, once.
void note_left_out(std::vector<std::string>& dropped, std::string_view name);

}  // namespace penstock::dialect
