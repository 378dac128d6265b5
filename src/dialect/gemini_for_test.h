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
  const json::Padded text(with_chat_tags(std::string(anthropic)));
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << anthropic;
  const auto request = read_anthropic_request(document);
  EXPECT_TRUE(request) << anthropic;
  if (!request) return {};
  ToolNames own(ToolNames::Form::gemini);
  const OpenAiChatOptions options{model, max_output, "p", &chat_codec(), &quirks, names == nullptr ? &own : names};
  WrittenRequest out;
  out.body = write_gemini_request(*request, options, out.dropped);
  const json::Padded again(out.body);
  EXPECT_TRUE(document.index(again.text())) << out.body;
  return out;
}

/// Seals as a reader of a test wants them: `seal 0 p PAYLOAD`.
inline std::string with_open_seals(const std::string& events) {
  std::string out;
  for (std::size_t at = 0, end = 0; at < events.size(); at = end) {
    end = events.find('\n', at) + 1;
    const auto line = events.substr(at, end - at);
    out += line.starts_with("seal ") ? with_open_tags(line) : line;
  }
  return out;
}

/// A reading with what stands behind it. Its sinks must outlive the reader.
struct GeminiReading {
  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both{recorder, checker};
  StreamGuard guard{both, "call_"};

  std::string end(std::string_view bytes) {
    guard.finish();
    EXPECT_EQ(checker.objection(), "") << bytes;
    return with_open_seals(recorder.text());
  }
};

/// A stream's events behind the guard. `cuts`: where the bytes are cut.
inline std::string gemini_stream_events(std::string_view bytes, const OpenAiChatAnswerOptions& options,
                                        const std::vector<std::size_t>& cuts = {}) {
  GeminiReading reading;
  GeminiStreamReader reader(options, reading.guard);
  wire::EventScanner scanner;
  std::size_t from = 0;
  const auto feed = [&](std::size_t to) {
    const std::string piece(bytes.substr(from, to - from));
    scanner.feed(piece, [&](const wire::Event& event) { reader.take(event); });
    from = to;
  };
  for (const auto cut : cuts) feed(cut);
  feed(bytes.size());
  wire::Event last;
  if (scanner.finish(last)) reader.take(last);
  reader.finish();
  return reading.end(bytes);
}

inline std::string gemini_answer_events(std::string_view body, const OpenAiChatAnswerOptions& options) {
  GeminiReading reading;
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  read_gemini_answer(document, options, reading.guard);
  return reading.end(body);
}

}  // namespace penstock::dialect
