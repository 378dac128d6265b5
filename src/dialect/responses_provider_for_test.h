// What the tests of Responses providers share: requests of an Anthropic client as such a provider gets them, and its answers as events.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_for_test.h"
#include "dialect/openai_responses_answer_reader.h"
#include "dialect/openai_responses_request_writer.h"

namespace penstock::dialect {

/// The body that provider `p` gets for an Anthropic request.
inline WrittenRequest written_for_responses(std::string_view anthropic, const ChatQuirks& quirks, std::string_view model = "m",
                                            std::uint64_t max_output = 0) {
  ToolNames names;
  return written_by(write_openai_responses_request, anthropic, quirks, model, max_output, names);
}

inline std::string events_of_responses_stream(std::string_view bytes, const OpenAiChatAnswerOptions& options,
                                              const std::vector<std::size_t>& cuts = {}) {
  return stream_events<OpenAiResponsesStreamReader>(bytes, options, cuts);
}

inline std::string events_of_response(std::string_view body, const OpenAiChatAnswerOptions& options) {
  return answer_events(body, options, read_openai_responses_answer);
}

}  // namespace penstock::dialect
