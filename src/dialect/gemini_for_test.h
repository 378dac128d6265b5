// What the tests of Gemini's dialect share: requests of an Anthropic client as a provider gets them, and answers as events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_for_test.h"
#include "dialect/gemini_answer_reader.h"
#include "dialect/gemini_request_writer.h"

namespace penstock::dialect {

/// The body that provider `p` gets for an Anthropic request.
inline WrittenRequest gemini_request(std::string_view anthropic, const ChatQuirks& quirks, std::string_view model = "m",
                                     std::uint64_t max_output = 0, ToolNames* names = nullptr) {
  ToolNames own(ToolNames::Form::gemini);
  return written_by(write_gemini_request, anthropic, quirks, model, max_output, names == nullptr ? own : *names);
}

inline std::string gemini_stream_events(std::string_view bytes, const OpenAiChatAnswerOptions& options,
                                        const std::vector<std::size_t>& cuts = {}) {
  return stream_events<GeminiStreamReader>(bytes, options, cuts);
}

inline std::string gemini_answer_events(std::string_view body, const OpenAiChatAnswerOptions& options) {
  return answer_events(body, options, read_gemini_answer);
}

}  // namespace penstock::dialect
