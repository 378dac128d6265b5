// The items of a response, as JSON (wire-reference 3.11).
#pragma once

#include <string>
#include <string_view>

#include "dialect/responses_echo.h"

namespace penstock::dialect {

/// A tool call of an answer. All but `tool` are insides of JSON strings.
struct ResponsesCall {
  const ResponsesTool* tool = nullptr;  // null: the client did not name it, and gets a function's call
  std::string id, call_id, name, arguments;

  [[nodiscard]] ResponsesTool::Form form() const { return tool == nullptr ? ResponsesTool::Form::function : tool->form; }
  /// The client's name for it.
  [[nodiscard]] std::string_view client_name() const { return tool == nullptr ? std::string_view(name) : tool->name; }
};

/// What `id` begins with: fc_, ctc_, tsc_ or lsh_.
[[nodiscard]] std::string_view call_id_prefix(ResponsesTool::Form form);

/// The text that a custom tool gets: the member `input` of the arguments, or all of them where it is missing. Insides of JSON strings.
[[nodiscard]] std::string custom_input(std::string_view arguments);

/// The item of a call. Without arguments it is one that has just begun.
void append_call_item(std::string& out, const ResponsesCall& call, std::string_view status);

/// A message with one text; `text` and `annotations` (elements of the list) as JSON.
void append_message_item(std::string& out, std::string_view id, std::string_view text, std::string_view annotations,
                         std::string_view status);
/// One that has just begun, without content.
void append_empty_message(std::string& out, std::string_view id);
/// The content of a message.
void append_text_part(std::string& out, std::string_view text, std::string_view annotations);

/// `encrypted` empty: null. Without text the list of summaries is empty.
void append_reasoning_item(std::string& out, std::string_view id, std::string_view text, std::string_view encrypted);
void append_summary_part(std::string& out, std::string_view text);

/// A search of the provider's. `query` empty: not known yet.
void append_search_item(std::string& out, std::string_view id, std::string_view query, std::string_view status);

}  // namespace penstock::dialect
