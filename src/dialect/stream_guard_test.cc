#include "dialect/stream_guard.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dialect/events_for_test.h"

namespace penstock::dialect {
namespace {

using llm::BlockKind;
using llm::Event;
using llm::StopReason;

// Short words for the events of a table.
Event text(std::uint32_t key) { return llm::Open{.key = key, .kind = BlockKind::text}; }
Event thinking(std::uint32_t key) { return llm::Open{.key = key, .kind = BlockKind::thinking}; }
Event sealed(std::uint32_t key) { return llm::Open{.key = key, .kind = BlockKind::sealed_thinking}; }
Event other(std::uint32_t key, std::string_view raw) { return llm::Open{.key = key, .kind = BlockKind::other, .raw = {raw}}; }
Event call(std::uint32_t key, std::string_view id, std::string_view name) {
  return llm::Open{.key = key, .kind = BlockKind::tool_call, .id = {id}, .name = {name}};
}
Event more(std::uint32_t key, std::string_view words) { return llm::Delta{key, {words}}; }
Event seal(std::uint32_t key, std::string_view words) { return llm::Seal{key, {words}}; }
Event close(std::uint32_t key) { return llm::Close{key}; }
Event end(StopReason reason) { return llm::End{reason, {}}; }

struct Outcome {
  std::string text, objection;
};

/// What comes out of the guard, without the lines for Begin and Count that are there each time.
Outcome guarded(const std::vector<Event>& events) {
  EventRecorder recorder;
  LegalityChecker checker;
  TwoSinks both(recorder, checker);
  StreamGuard guard(both, "made_");
  for (const auto& event : events) guard.take(event);
  guard.finish();
  auto out = recorder.text();
  for (const std::string_view line : {"begin\n", "count input 0 output 0 read 0 write 0 thinking 0\n"})
    if (const auto at = out.find(line); at != std::string::npos) out.erase(at, line.size());
  return {out, checker.objection()};
}

struct Case {
  std::string_view about;
  std::vector<Event> events;
  std::string_view expected;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [about, events, expected] : cases) {
    const auto [out, objection] = guarded(events);
    EXPECT_EQ(out, expected) << about;
    EXPECT_EQ(objection, "") << about;
  }
}

TEST(StreamGuard, Prose) {
  check({
      {"plain",
       {text(0), more(0, "a"), more(0, "b"), close(0), end(StopReason::end_turn)},
       "open 0 text\ndelta 0 ab\nclose 0\nend end_turn\n"},
      {"never closed", {text(0), more(0, "a"), end(StopReason::none)}, "open 0 text\ndelta 0 a\nclose 0\nend end_turn\n"},
      {"never opened", {more(7, "a"), end(StopReason::end_turn)}, "open 0 text\ndelta 0 a\nclose 0\nend end_turn\n"},
      {"without a word", {text(0), close(0), text(1), end(StopReason::end_turn)}, "end end_turn\n"},
      {"nothing", {end(StopReason::end_turn)}, "end end_turn\n"},
      {"thinking gives way to text",
       {thinking(0), more(0, "a"), text(1), more(1, "b"), end(StopReason::end_turn)},
       "open 0 thinking\ndelta 0 a\nclose 0\nopen 1 text\ndelta 1 b\nclose 1\nend end_turn\n"},
      {"more for a block that gave way",
       {text(0), more(0, "a"), text(1), more(1, "b"), more(0, "c"), end(StopReason::end_turn)},
       "open 0 text\ndelta 0 a\nclose 0\nopen 1 text\ndelta 1 b\nclose 1\nopen 2 text\ndelta 2 c\nclose 2\nend end_turn\n"},
      {"a seal comes last",
       {thinking(0), seal(0, "s"), more(0, "a"), close(0), end(StopReason::end_turn)},
       "open 0 thinking\ndelta 0 a\nseal 0 s\nclose 0\nend end_turn\n"},
      {"a seal alone",
       {thinking(0), seal(0, "s"), text(1), more(1, "b"), end(StopReason::end_turn)},
       "open 0 thinking\nseal 0 s\nclose 0\nopen 1 text\ndelta 1 b\nclose 1\nend end_turn\n"},
      {"a late seal is not lost",
       {thinking(0), more(0, "a"), text(1), more(1, "b"), seal(0, "s"), end(StopReason::end_turn)},
       "open 0 thinking\ndelta 0 a\nclose 0\nopen 1 text\ndelta 1 b\nclose 1\nopen 2 thinking\nseal 2 s\nclose 2\nend end_turn\n"},
      {"a seal on text says nothing",
       {text(0), more(0, "a"), seal(0, "s"), end(StopReason::end_turn)},
       "open 0 text\ndelta 0 a\nclose 0\nend end_turn\n"},
      {"sealed thinking",
       {sealed(0), seal(0, "data"), text(1), more(1, "a"), end(StopReason::end_turn)},
       "open 0 sealed_thinking\nseal 0 data\nclose 0\nopen 1 text\ndelta 1 a\nclose 1\nend end_turn\n"},
      {"citations",
       {text(0), more(0, "a"), llm::Cite{0, {"{}"}}, llm::Cite{9, {"[]"}}, end(StopReason::end_turn)},
       "open 0 text\ndelta 0 a\ncite 0 {}\nclose 0\nopen 1 text\ncite 1 []\nclose 1\nend end_turn\n"},
  });
}

TEST(StreamGuard, Calls) {
  check({
      {"one",
       {call(0, "c", "Read"), more(0, R"({\"a\":)"), more(0, "1}"), close(0), end(StopReason::tool_use)},
       "open 0 tool_call c Read\ndelta 0 {\\\"a\\\":1}\nclose 0\nend tool_use\n"},
      {"no arguments", {call(0, "c", "Read"), end(StopReason::tool_use)}, "open 0 tool_call c Read\ndelta 0 {}\nclose 0\nend tool_use\n"},
      {"the reason is set right",
       {call(0, "c", "Read"), end(StopReason::end_turn)},
       "open 0 tool_call c Read\ndelta 0 {}\nclose 0\nend tool_use\n"},
      {"and the other way", {more(0, "a"), end(StopReason::tool_use)}, "open 0 text\ndelta 0 a\nclose 0\nend end_turn\n"},
      {"no ids, and one twice",
       {call(0, "", "A"), call(1, "x", "B"), call(2, "x", "C"), end(StopReason::tool_use)},
       "open 0 tool_call made_0 A\ndelta 0 {}\nclose 0\nopen 1 tool_call x B\ndelta 1 {}\nclose 1\nopen 2 tool_call made_1 C\ndelta 2 {}\n"
       "close 2\nend tool_use\n"},
      {"interleaved",
       {call(0, "a", "A"), call(1, "b", "B"), more(0, R"({\"x\":)"), more(1, R"({\"y\":)"), more(0, "1}"), more(1, "2}"),
        end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {\\\"x\\\":1}\nclose 0\nopen 1 tool_call b B\ndelta 1 {\\\"y\\\":2}\nclose 1\nend tool_use\n"},
      {"text behind a call",
       {call(0, "a", "A"), more(0, "{"), text(1), more(1, "t"), more(0, "}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {}\nclose 0\nopen 1 text\ndelta 1 t\nclose 1\nend tool_use\n"},
      {"a bracket too many",
       {call(0, "a", "A"), more(0, "{}"), more(0, "}"), more(0, R"(\n)"), text(1), more(0, "}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {}\nclose 0\nend tool_use\n"},
      {"cut",
       {call(0, "a", "A"), more(0, R"({\"x\":[\"y)"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {\\\"x\\\":[\\\"y\\\"]}\nclose 0\nend tool_use\n"},
      {"cut at the limit",
       {call(0, "a", "A"), more(0, R"({\"x\":tr)"), end(StopReason::max_tokens)},
       "open 0 tool_call a A\ndelta 0 {\\\"x\\\":tr\nclose 0\nend max_tokens\n"},
      {"brackets inside strings",
       {call(0, "a", "A"), more(0, R"({\"x\":\"}\")"), text(1), more(1, "t"), more(0, "}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {\\\"x\\\":\\\"}\\\"}\nclose 0\nopen 1 text\ndelta 1 t\nclose 1\nend tool_use\n"},
      {"quotes as code points",
       {call(0, "a", "A"), more(0, R"({\u0022x\u0022:\u0022}\u0022)"), text(1), more(1, "t"), more(0, "}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {\\u0022x\\u0022:\\u0022}\\u0022}\nclose 0\nopen 1 text\ndelta 1 t\nclose 1\nend tool_use\n"},
      {"a server's call waits for its arguments",
       {other(0, "{}"), more(0, "{"), text(1), more(1, "t"), more(0, "}"), end(StopReason::end_turn)},
       "open 0 other {}\ndelta 0 {}\nclose 0\nopen 1 text\ndelta 1 t\nclose 1\nend end_turn\n"},
      {"a number used again",
       {call(0, "a", "A"), more(0, "{}"), close(0), call(0, "b", "B"), more(0, "{}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {}\nclose 0\nopen 1 tool_call b B\ndelta 1 {}\nclose 1\nend tool_use\n"},
  });
}

TEST(StreamGuard, Failures) {
  check({
      {"no end",
       {text(0), more(0, "a")},
       "open 0 text\ndelta 0 a\nfailed 500 api_error the provider ended its answer before it was complete\n"},
      {"the provider's own",
       {more(0, "a"), llm::Failed{529, "overloaded_error", "full"}, more(0, "b"), end(StopReason::end_turn)},
       "open 0 text\ndelta 0 a\nfailed 529 overloaded_error full\n"},
      {"arguments that are no JSON",
       {call(0, "a", "A"), more(0, "{x}"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {x}\nfailed 500 api_error the provider's call of the tool A has arguments that are not JSON: {x}\n"},
      {"two objects",
       {call(0, "a", "A"), more(0, "{}"), more(0, R"({\"x\":1})"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {}{\\\"x\\\":1}\n"
       "failed 500 api_error the provider's call of the tool A has arguments that are not JSON: {}{\\\"x\\\":1}\n"},
      {"more for a call that is done",
       {call(0, "a", "A"), more(0, "{}"), close(0), more(0, "x"), end(StopReason::tool_use)},
       "open 0 tool_call a A\ndelta 0 {}\nclose 0\nfailed 500 api_error the provider adds to a part of its answer that was complete\n"},
  });
}

TEST(StreamGuard, CountsAndWhatItKnows) {
  EventRecorder recorder;
  StreamGuard guard(recorder, "made_");
  guard.take(llm::Begin{{"id"}, {"m"}});
  EXPECT_FALSE(guard.content_begun());
  guard.take(llm::Count{{.input = 1, .output = 1, .known = true}});
  guard.take(llm::Open{.key = 0, .kind = BlockKind::text});
  EXPECT_FALSE(guard.content_begun());
  guard.take(llm::Delta{0, {"a"}});
  EXPECT_TRUE(guard.content_begun());
  guard.take(llm::Count{{.input = 5, .output = 2, .known = true}});
  EXPECT_FALSE(guard.done());
  guard.take(llm::End{StopReason::stop_sequence, {"x"}});
  EXPECT_TRUE(guard.done());
  EXPECT_EQ(guard.usage().input, 5U);
  EXPECT_EQ(guard.stop_reason(), StopReason::stop_sequence);
  EXPECT_EQ(recorder.text(),
            "begin id m\nopen 0 text\ndelta 0 a\nclose 0\ncount input 5 output 2 read 0 write 0 thinking 0\nend stop_sequence x\n");
}

TEST(StreamGuard, WhatWaitsIsBounded) {
  EventRecorder recorder;
  StreamGuard guard(recorder, "made_");
  guard.take(call(0, "a", "A"));
  guard.take(text(1));
  const std::string large(8U << 20, 'x');
  for (int i = 0; i < 9 && !guard.done(); ++i) guard.take(more(1, large));
  EXPECT_TRUE(guard.done());
  EXPECT_TRUE(recorder.text().contains("failed 502 api_error the provider's answer is too large"));
}

/// Events without regard to any order.
class Noise {
 public:
  explicit Noise(unsigned seed) : random_(seed) {}

  Event event() {
    const auto key = static_cast<std::uint32_t>(pick(4));
    switch (pick(16)) {
      case 0: return llm::Begin{{"id"}, {"m"}};
      case 1:
      case 2:
      case 3: return open(key);
      case 4: return llm::Seal{key, {pick(3) == 0 ? "" : "seal"}};
      case 5: return llm::Cite{key, {"{}"}};
      case 6:
      case 7: return llm::Close{key};
      case 8: return llm::Count{{.input = pick(9), .known = true}};
      case 9: return pick(12) == 0 ? ending() : more(key, "word");
      default: return more(key, piece());
    }
  }

 private:
  Event open(std::uint32_t key) {
    const auto kind = static_cast<BlockKind>(pick(5));
    constexpr std::array<std::string_view, 3> kIds{"", "x", "y"};
    return llm::Open{.key = key, .kind = kind, .id = {kIds[pick(3)]}, .name = {"T"}, .raw = {"{}"}};
  }
  Event ending() {
    if (pick(4) == 0) return llm::Failed{500, "", "broken"};
    return end(static_cast<StopReason>(pick(8)));
  }
  std::string_view piece() {
    constexpr std::array<std::string_view, 12> kPieces{"{", "}",     "{}", R"({\"a\":)", R"(\"b\")", "1",
                                                       "}", R"(\n)", "",   R"(\u007b)",  R"(\\)",    "]"};
    return kPieces[pick(kPieces.size())];
  }
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::mt19937 random_;
};

TEST(StreamGuard, AnyOrderComesOutLegal) {
  unsigned failed = 0;
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    Noise noise(seed);
    EventRecorder recorder;
    LegalityChecker checker;
    TwoSinks both(recorder, checker);
    StreamGuard guard(both, "made_");
    for (int i = 0; i < 40; ++i) guard.take(noise.event());
    if (seed % 2 == 0) guard.take(end(static_cast<StopReason>(seed / 2 % 8)));
    guard.finish();
    ASSERT_EQ(checker.objection(), "") << "seed " << seed << "\n" << recorder.text();
    ASSERT_TRUE(checker.over()) << "seed " << seed;
    failed += checker.failed();
  }
  EXPECT_LT(failed, 4'750U) << "most of the noise should come through";
}

TEST(LegalityCheckerOfTheTests, SeesWhatIsWrong) {
  const auto objection = [](const std::vector<Event>& events) {
    LegalityChecker checker;
    for (const auto& event : events) checker.take(event);
    return checker.objection();
  };
  const Event begin = llm::Begin{}, count = llm::Count{};
  EXPECT_EQ(objection({begin, text(0), more(0, "a"), close(0), count, end(StopReason::end_turn)}), "");
  EXPECT_NE(objection({text(0)}), "");
  EXPECT_NE(objection({begin, text(1)}), "");
  EXPECT_NE(objection({begin, text(0), text(1)}), "");
  EXPECT_NE(objection({begin, text(0), more(1, "a")}), "");
  EXPECT_NE(objection({begin, text(0), close(0)}), "");
  EXPECT_NE(objection({begin, end(StopReason::end_turn)}), "");
  EXPECT_NE(objection({begin, call(0, "", "A")}), "");
  EXPECT_NE(objection({begin, call(0, "a", "A"), more(0, "{"), close(0), count, end(StopReason::tool_use)}), "");
  EXPECT_NE(objection({begin, count, end(StopReason::tool_use)}), "");
  EXPECT_NE(objection({begin, count, end(StopReason::end_turn), count}), "");
}

}  // namespace
}  // namespace penstock::dialect
