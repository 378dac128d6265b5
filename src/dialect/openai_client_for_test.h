// What the tests of OpenAI's clients on Anthropic providers share: requests as the provider gets them, and answers as the client does.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialect/adapt.h"
#include "dialect/anthropic_answer_reader.h"
#include "dialect/anthropic_request_writer.h"
#include "dialect/openai_chat_answer_writer.h"
#include "dialect/openai_chat_request_reader.h"
#include "dialect/stream_guard.h"
#include "dialect/strict_api_for_test.h"
#include "json/padded.h"

namespace penstock::dialect {

/// A text and its index, which live together.
struct Parsed {
  explicit Parsed(std::string_view json) : text(json) {
    const auto status = document.index(text.text());
    EXPECT_TRUE(status) << (status ? "" : status.error().message) << "\n" << json;
  }
  json::Padded text;
  json::Document document;
  [[nodiscard]] json::Value root() const { return document.root(); }
};

/// What an Anthropic provider gets for a Chat Completions request, or the message of the error.
struct WrittenForAnthropic {
  std::string body, error;
  std::vector<std::string> dropped;
};

inline WrittenForAnthropic written_for_anthropic(std::string_view chat, const AnthropicOptions& options) {
  const Parsed parsed(chat);
  auto request = read_openai_chat_request(parsed.document);
  if (!request) return {{}, request.error().message, {}};
  WrittenForAnthropic out{{}, {}, request->dropped};
  out.body = write_anthropic_request(*request, options, out.dropped);
  const Parsed again(out.body);
  return out;
}

inline const SignatureCodec& client_codec() {
  static const SignatureCodec codec(SignatureCodec::Key{9});
  return codec;
}

/// What a third party objects to in a body for Anthropic once the strict quirks have run over it; "": nothing.
inline std::string objection_to(const json::Document& body) {
  json::Patch patch(body);
  apply(strict(), body, {.provider = "zai", .model = "", .max_output = 0, .codec = &client_codec(), .facts = nullptr}, patch);
  const Parsed adapted(patch.text());
  return StrictApi::objection(adapted.root());
}

inline AnswerFrame client_frame() {
  return {.id = "msg_made", .model = "", .estimated_input = 77, .request_id = "req_1", .created = 1793000000, .stream_usage = true};
}

/// Feeds a stream, cut at these places, through reader and guard into `sink`.
inline void feed_anthropic_stream(std::string_view bytes, const std::vector<std::size_t>& cuts, const AnthropicAnswerOptions& options,
                                  llm::EventSink& sink) {
  StreamGuard guard(sink, "toolu_made_");
  AnthropicStreamReader reader(options, guard);
  wire::EventScanner scanner;
  std::size_t from = 0;
  const auto feed = [&](std::size_t to) {
    const std::string piece(bytes.substr(from, to - from));  // a copy of its own, so that a view that outlives it is seen
    scanner.feed(piece, [&](const wire::Event& event) { reader.take(event); });
    from = to;
  };
  for (const auto cut : cuts) feed(cut);
  feed(bytes.size());
  wire::Event last;
  if (scanner.finish(last)) reader.take(last);
  reader.finish();
  guard.finish();
}

inline void feed_anthropic_answer(std::string_view body, const AnthropicAnswerOptions& options, llm::EventSink& sink) {
  const Parsed parsed(body);
  StreamGuard guard(sink, "toolu_made_");
  read_anthropic_answer(parsed.document, options, guard);
  guard.finish();
}

/// The stream that a Chat Completions client gets for an Anthropic one.
inline std::string chat_stream_of(std::string_view bytes, const std::vector<std::size_t>& cuts = {},
                                  const AnthropicAnswerOptions& options = {}, AnswerFrame frame = client_frame()) {
  std::string out;
  OpenAiChatStreamWriter writer(std::move(frame), out);
  feed_anthropic_stream(bytes, cuts, options, writer);
  return out;
}

}  // namespace penstock::dialect
