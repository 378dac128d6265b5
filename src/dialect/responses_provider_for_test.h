// What the tests of Responses providers share: requests of an Anthropic client as such a provider gets them, and its answers as events.
#pragma once

#include <sstream>
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
  const json::Padded text(with_chat_tags(std::string(anthropic)));
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << anthropic;
  const auto request = read_anthropic_request(document);
  EXPECT_TRUE(request) << anthropic;
  if (!request) return {};
  ToolNames names;
  WrittenRequest out;
  const OpenAiChatOptions options{
      .model = model, .max_output = max_output, .provider = "p", .codec = &chat_codec(), .quirks = &quirks, .names = &names};
  out.body = write_openai_responses_request(*request, options, out.dropped);
  const json::Padded again(out.body);
  EXPECT_TRUE(document.index(again.text())) << out.body;
  return out;
}

/// Tags as a reader of a test wants them: `seal 0 p PAYLOAD`. Other tags stay.
inline std::string with_open_seals(const std::string& events) {
  std::istringstream lines(events);
  std::string out, line;
  while (std::getline(lines, line)) out += (line.starts_with("seal ") ? with_open_tags(line + "\n") : line + "\n");
  return out;
}

/// The events that `feed` gives to a guard, as text.
template <typename Feed>
std::string responses_events(Feed&& feed) {
  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both(recorder, checker);
  StreamGuard guard(both, "call_");
  feed(guard);
  guard.finish();
  EXPECT_EQ(checker.objection(), "") << recorder.text();
  return with_open_seals(recorder.text());
}

/// A stream's events behind the guard. `cuts`: where the bytes are cut.
inline std::string events_of_responses_stream(std::string_view bytes, const OpenAiChatAnswerOptions& options,
                                              std::vector<std::size_t> cuts = {}) {
  return responses_events([&](StreamGuard& guard) {
    OpenAiResponsesStreamReader reader(options, guard);
    wire::EventScanner scanner;
    cuts.push_back(bytes.size());
    std::size_t from = 0;
    for (const auto cut : cuts) {
      const std::string piece(bytes.substr(from, cut - from));
      scanner.feed(piece, [&](const wire::Event& event) { reader.take(event); });
      from = cut;
    }
    wire::Event last;
    if (scanner.finish(last)) reader.take(last);
    reader.finish();
  });
}

inline std::string events_of_response(std::string_view body, const OpenAiChatAnswerOptions& options) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  return responses_events([&](StreamGuard& guard) { read_openai_responses_answer(document, options, guard); });
}

}  // namespace penstock::dialect
