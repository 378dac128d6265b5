#include "dialect/openai_responses_answer_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "dialect/responses_client_for_test.h"
#include "dialect/responses_stream_check_for_test.h"

namespace penstock::dialect {
namespace {

using llm::BlockKind;
using llm::Event;
using llm::StopReason;

std::string stream_of(const std::vector<Event>& events, AnswerFrame frame = client_frame(), ResponsesEcho echo = {}) {
  std::string out;
  OpenAiResponsesStreamWriter writer(std::move(frame), out, std::move(echo));
  for (const auto& event : events) writer.take(event);
  EXPECT_EQ(ResponsesStreamCheck::objection(out), "") << out;
  return out;
}

std::string whole_of(const std::vector<Event>& events, AnswerFrame frame = client_frame()) {
  OpenAiResponsesWholeWriter writer(std::move(frame));
  for (const auto& event : events) writer.take(event);
  return writer.body();
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

/// An answer of one text that ends for a reason.
std::vector<Event> said(StopReason reason, llm::Begin begin = {{"msg_abc"}, {"m"}}) {
  return {begin,
          llm::Open{.key = 0},
          llm::Delta{0, {"half"}},
          llm::Close{0},
          llm::Count{{.input = 10, .output = 5, .cache_read = 30, .cache_write = 2, .thinking = 1, .known = true}},
          llm::End{reason}};
}

TEST(OpenAiResponsesAnswer, TheWholeAnswerIsTheStreamsLastResponse) {
  const auto stream = stream_of(said(StopReason::end_turn));
  const auto whole = whole_of(said(StopReason::end_turn));
  EXPECT_TRUE(stream.ends_with("\"response\":" + whole + "}\n\n"));
  EXPECT_FALSE(stream.contains("[DONE]"));
}

TEST(OpenAiResponsesAnswer, UsageCountsWhatTheCacheHeld) {
  EXPECT_TRUE(whole_of(said(StopReason::end_turn))
                  .contains(R"("usage":{"input_tokens":42,"input_tokens_details":{"cached_tokens":30,"cache_write_tokens":2},)"
                            R"("output_tokens":5,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":47})"));
  auto uncounted = said(StopReason::end_turn);
  uncounted[4] = llm::Count{};
  EXPECT_TRUE(whole_of(uncounted).contains(R"("input_tokens":77,)"));
}

TEST(OpenAiResponsesAnswer, SaysWhyItIsIncomplete) {
  const auto cut = stream_of(said(StopReason::max_tokens));
  EXPECT_TRUE(cut.contains("event: response.incomplete\n"));
  EXPECT_TRUE(cut.contains(R"("incomplete_details":{"reason":"max_output_tokens"})"));
  EXPECT_TRUE(cut.contains(R"("type":"message","status":"incomplete")"));
  EXPECT_TRUE(whole_of(said(StopReason::context_window)).contains(R"({"reason":"max_output_tokens"})"));
  EXPECT_TRUE(whole_of(said(StopReason::refusal)).contains(R"({"reason":"content_filter"})"));
  EXPECT_TRUE(whole_of(said(StopReason::stop_sequence)).contains(R"("status":"completed","background")"));
}

TEST(OpenAiResponsesAnswer, IdsAreOnesThatMayGoBack) {
  const auto id_of = [](std::string_view provider) {
    const Parsed body(whole_of(said(StopReason::end_turn, {{provider}, {"m"}})));
    return body.root().find("id")->text();
  };
  EXPECT_EQ(id_of("msg_abc"), "resp_abc");
  EXPECT_EQ(id_of("chatcmpl-12"), "resp_12");
  EXPECT_EQ(id_of(""), "resp_made");
  EXPECT_EQ(id_of("a:b/c"), "resp_made");
  EXPECT_LE(id_of(std::string(200, 'x')).size(), 52U);
}

TEST(OpenAiResponsesAnswer, TheNameIsTheOneToBeShown) {
  auto frame = client_frame();
  frame.model = "a\"b";
  EXPECT_TRUE(stream_of(said(StopReason::end_turn), frame).contains(R"("model":"a\"b")"));
}

TEST(OpenAiResponsesAnswer, SuccessiveTextsAreOneMessage) {
  const auto stream =
      stream_of({llm::Begin{{"msg_abc"}, {"m"}}, llm::Open{.key = 0}, llm::Delta{0, {"a"}}, llm::Close{0},
                 llm::Open{.key = 1, .kind = BlockKind::other, .raw = {R"({"type":"server_tool_use","name":"web_fetch"})"}},
                 llm::Delta{1, {"{}"}}, llm::Close{1}, llm::Open{.key = 2}, llm::Delta{2, {"b"}}, llm::Close{2}, llm::Count{}, llm::End{}});
  EXPECT_EQ(count(stream, "event: response.output_item.added"), 1U);
  EXPECT_TRUE(stream.contains(R"("type":"response.output_text.done","sequence_number":6,"item_id":"msg_abc_0","output_index":0,)"
                              R"("content_index":0,"text":"ab","logprobs":[]})"));
}

TEST(OpenAiResponsesAnswer, ThinkingWithoutASealHasNothingToGiveBack) {
  const auto stream = stream_of({llm::Begin{{"msg_abc"}, {"m"}}, llm::Open{.key = 0, .kind = BlockKind::thinking}, llm::Delta{0, {"t"}},
                                 llm::Close{0}, llm::Count{}, llm::End{}});
  EXPECT_TRUE(stream.contains(R"("summary":[{"type":"summary_text","text":"t"}],"encrypted_content":null})"));
}

TEST(OpenAiResponsesAnswer, CitationsCountCharacters) {
  const auto stream =
      stream_of({llm::Begin{{"msg_abc"}, {"m"}}, llm::Open{.key = 0}, llm::Delta{0, {R"(\u00fc\ud83d\ude00\\é)"}}, llm::Close{0},
                 llm::Open{.key = 1}, llm::Cite{1, {R"({"type":"web_search_result_location","url":"u","title":"t"})"}},
                 llm::Cite{1, {R"({"type":"char_location","document_title":"d"})"}}, llm::Delta{1, {"😀x"}}, llm::Close{1}, llm::Count{},
                 llm::End{}});
  EXPECT_TRUE(stream.contains(R"({"type":"url_citation","start_index":4,"end_index":6,"url":"u","title":"t"})"));
  EXPECT_EQ(count(stream, "event: response.output_text.annotation.added"), 1U);
}

TEST(OpenAiResponsesAnswer, AFailureEndsTheStreamInBothWays) {
  const auto stream = stream_of({llm::Begin{{"msg_abc"}, {"m"}}, llm::Failed{529, "overloaded_error", "Over\"loaded"}});
  EXPECT_TRUE(stream.contains(
      "event: error\ndata: {\"type\":\"error\",\"sequence_number\":2,\"code\":\"server_overloaded\",\"message\":\"Over\\\"loaded\""));
  EXPECT_TRUE(stream.contains(R"("status":"failed","background":false,"error":{"code":"server_overloaded","message":"Over\"loaded"})"));
  OpenAiResponsesWholeWriter whole(client_frame());
  whole.take(llm::Failed{400, "", "no"});
  ASSERT_TRUE(whole.failure());
  EXPECT_EQ(whole.failure()->status, 400);
  EXPECT_TRUE(stream_of({llm::Failed{500, "", "x"}}).contains(R"("id":"resp_made")"));  // before it began
}

TEST(ResponsesStreamCheck, Objects) {
  const auto good = stream_of(said(StopReason::end_turn));
  const auto with = [&](std::string_view what, std::string_view other) {
    auto text = good;
    text.replace(text.find(what), what.size(), other);
    return ResponsesStreamCheck::objection(text);
  };
  EXPECT_NE(with("\"sequence_number\":3", "\"sequence_number\":4"), "");
  EXPECT_NE(with("\"delta\":\"half\"", "\"delta\":\"hal\""), "");
  EXPECT_NE(with(",\"logprobs\":[]}\n", "}\n"), "");
  EXPECT_NE(with("event: response.completed", "event: response.done"), "");
  EXPECT_NE(with("\"item_id\":\"msg_abc_0\"", "\"item_id\":\"msg_abc_1\""), "");
  EXPECT_NE(ResponsesStreamCheck::objection(good + "event: x\ndata: {\"type\":\"x\",\"sequence_number\":9}\n\n"), "");
  EXPECT_NE(ResponsesStreamCheck::objection(good.substr(0, good.rfind("event: "))), "");
}

}  // namespace
}  // namespace penstock::dialect
