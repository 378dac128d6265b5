// What the tests of translated providers share, and those of Chat Completions: requests of an Anthropic client as a provider gets them, and
// answers as events.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/anthropic_request_reader.h"
#include "dialect/events_for_test.h"
#include "dialect/openai_chat_answer_reader.h"
#include "dialect/openai_chat_request_writer.h"
#include "dialect/stream_guard.h"
#include "json/padded.h"

namespace penstock::dialect {

using NamedQuirks = std::map<std::string, std::string>;

inline const SignatureCodec& chat_codec() {
  static const SignatureCodec codec(SignatureCodec::Key{7});
  return codec;
}

inline ChatQuirks chat_quirks(const NamedQuirks& named) {
  const auto quirks = parse_chat_quirks(named, ChatQuirks());
  EXPECT_TRUE(quirks) << quirks.error().message;
  return quirks.value_or(ChatQuirks());
}

/// "tag:PROVIDER:PAYLOAD" (a whole string; quotes in the payload are written `'`) stands for the tag that the client was given.
inline std::string with_chat_tags(std::string text) {
  constexpr std::string_view kMark = "\"tag:";
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + 1)) {
    const auto provider = at + kMark.size();
    const auto colon = text.find(':', provider), end = text.find('"', provider);
    auto payload = text.substr(colon + 1, end - colon - 1);
    std::ranges::replace(payload, '\'', '"');
    text.replace(at, end + 1 - at, '"' + chat_codec().tag(text.substr(provider, colon - provider), payload) + '"');
  }
  return text;
}

struct WrittenRequest {
  std::string body;
  std::vector<std::string> dropped;
};

/// The body that provider `p` gets for an Anthropic request, as `write` (write_openai_chat_request and its like) makes it.
template <typename Write>
WrittenRequest written_by(Write write, std::string_view anthropic, const ChatQuirks& quirks, std::string_view model,
                          std::uint64_t max_output, ToolNames& names) {
  const json::Padded text(with_chat_tags(std::string(anthropic)));
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << anthropic;
  const auto request = read_anthropic_request(document);
  EXPECT_TRUE(request) << anthropic;
  if (!request) return {};
  WrittenRequest out;
  const OpenAiChatOptions options{
      .model = model, .max_output = max_output, .provider = "p", .codec = &chat_codec(), .quirks = &quirks, .names = &names};
  out.body = write(*request, options, out.dropped);
  const json::Padded again(out.body);
  EXPECT_TRUE(document.index(again.text())) << out.body;
  return out;
}

inline WrittenRequest written_request(std::string_view anthropic, const ChatQuirks& quirks, std::string_view model = "m",
                                      std::uint64_t max_output = 0, ToolNames* names = nullptr) {
  ToolNames own;
  return written_by(write_openai_chat_request, anthropic, quirks, model, max_output, names == nullptr ? own : *names);
}

/// Tags as a reader of a test wants them: `seal 0 p PAYLOAD`.
inline std::string with_open_tags(std::string events) {
  for (auto at = events.find(kTagPrefix); at != std::string::npos; at = events.find(kTagPrefix, at)) {
    const auto end = events.find('\n', at);
    const auto opened = chat_codec().open(events.substr(at, end - at));
    if (!opened) return "a tag that does not open: " + events.substr(at, end - at);
    events.replace(at, end - at, opened->provider + " " + opened->original);
  }
  return events;
}

inline OpenAiChatAnswerOptions answer_options() {
  OpenAiChatAnswerOptions options;
  options.provider = "p";
  options.codec = &chat_codec();
  options.errors = {.provider = "p", .model = "m", .window = 200'000, .estimated_input_tokens = 1'000};
  return options;
}

/// Seals alone: other tags stay.
inline std::string with_open_seals(const std::string& events) {
  std::istringstream lines(events);
  std::string out, line;
  while (std::getline(lines, line)) out += line.starts_with("seal ") ? with_open_tags(line + "\n") : line + "\n";
  return out;
}

/// The events that `feed` gives to a guard, as text.
template <typename Feed>
std::string guarded_events(Feed feed) {
  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both(recorder, checker);
  StreamGuard guard(both, "call_");
  feed(guard);
  guard.finish();
  EXPECT_EQ(checker.objection(), "") << recorder.text();
  return with_open_seals(recorder.text());
}

/// A stream's events behind the guard, read by a `Reader`. `cuts`: where the bytes are cut.
template <typename Reader>
std::string stream_events(std::string_view bytes, const OpenAiChatAnswerOptions& options, std::vector<std::size_t> cuts) {
  return guarded_events([&](StreamGuard& guard) {
    Reader reader(options, guard);
    wire::EventScanner scanner;
    cuts.push_back(bytes.size());
    std::size_t from = 0;
    for (const auto cut : cuts) {
      const std::string piece(bytes.substr(from, cut - from));  // a copy of its own, so that a view that outlives it is seen
      scanner.feed(piece, [&](const wire::Event& event) { reader.take(event); });
      from = cut;
    }
    wire::Event last;
    if (scanner.finish(last)) reader.take(last);
    reader.finish();
  });
}

/// The same of a whole answer, as `read` (read_openai_chat_answer and its like) reads it.
template <typename Read>
std::string answer_events(std::string_view body, const OpenAiChatAnswerOptions& options, Read read) {
  const json::Padded text(body);
  json::Document document;
  EXPECT_TRUE(document.index(text.text())) << body;
  return guarded_events([&](StreamGuard& guard) { read(document, options, guard); });
}

inline std::string events_of_stream(std::string_view bytes, const OpenAiChatAnswerOptions& options,
                                    const std::vector<std::size_t>& cuts = {}) {
  return stream_events<OpenAiChatStreamReader>(bytes, options, cuts);
}

inline std::string events_of_answer(std::string_view body, const OpenAiChatAnswerOptions& options) {
  return answer_events(body, options, read_openai_chat_answer);
}

}  // namespace penstock::dialect
