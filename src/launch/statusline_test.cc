#include "launch/statusline.h"

#include <gtest/gtest.h>

#include <limits>

namespace penstock::launch {
namespace {

std::optional<NamedModel> find(std::string_view name) {
  if (name == "zai/glm") return NamedModel{"zai", "glm", "GLM", {1'400'000, 4'400'000, 260'000, 1'400'000, true}};
  if (name == "claude") return NamedModel{"anthropic", "claude", "", {4'000'000, 20'000'000, 200'000, 5'000'000, true}};
  if (name == "plan") return NamedModel{"kimi", "plan", "", {}};
  return std::nullopt;
}

llm::Usage usage(std::uint64_t input, std::uint64_t output, std::uint64_t cache_read = 0, std::uint64_t cache_write = 0) {
  return {input, output, cache_read, cache_write, 0, true};
}

TEST(statusline, reads_what_claude_code_writes) {
  const auto session = read_session(R"({"session_id":"s","transcript_path":"/t/s.jsonl","cwd":"/w",
    "model":{"id":"zai/glm","display_name":"zai/glm"},"workspace":{"current_dir":"/w"},"cost":{"total_cost_usd":9.9},
    "context_window":{"context_window_size":200000,"used_percentage":34.4,"current_usage":{"input_tokens":8,"output_tokens":1,
    "cache_creation_input_tokens":2,"cache_read_input_tokens":90}}})");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->model_id, "zai/glm");
  EXPECT_EQ(session->transcript, "/t/s.jsonl");
  EXPECT_EQ(session->used, 34.4);
  EXPECT_EQ(session->last.prompt(), 100U);
}

TEST(statusline, any_field_may_be_missing_null_or_nonsense) {
  const std::string_view inputs[] = {
      "{}",
      R"({"model":null,"context_window":null,"transcript_path":null})",
      R"({"model":"m","context_window":[],"transcript_path":7})",
      R"({"model":{"id":null,"display_name":[]},"context_window":{"used_percentage":null,"current_usage":null}})",
      R"({"context_window":{"context_window_size":null,"current_usage":{"input_tokens":null}}})",
      R"({"context_window":{"used_percentage":"34","current_usage":{"input_tokens":-5},"context_window_size":0}})",
  };
  for (const auto input : inputs) {
    const auto session = read_session(input);
    ASSERT_TRUE(session) << input;
    EXPECT_EQ(status_line(*session, {}, find, {}), "") << input;
  }
  for (const auto* garbage : {"", "[]", "null", "{", "\xff\xfe", "{}{}", "hello"}) EXPECT_FALSE(read_session(garbage)) << garbage;
}

TEST(statusline, works_out_the_percentage_that_was_not_told) {
  const auto session = read_session(R"({"context_window":{"context_window_size":1000,"used_percentage":null,
    "current_usage":{"input_tokens":100,"cache_read_input_tokens":150,"output_tokens":999}}})");
  EXPECT_EQ(session->used, 25.0) << "the answer is no part of it";
}

TEST(statusline, is_one_line) {
  const Session session{"zai/glm", "zai/glm", "", 34.4, {}};
  const std::vector<Spent> spent{{"zai/glm", usage(100'000, 10'000, 300'000), 0}};
  // 100k at 1.4, 10k at 4.4, 300k at 0.26 dollars a million.
  EXPECT_EQ(status_line(session, spent, find, {false, "other"}), "GLM · zai · $0.262 · cache 75% · context 34%");
  EXPECT_EQ(status_line(session, spent, find, {true, ""}),
            "\x1b[1mGLM\x1b[0m · \x1b[36mzai\x1b[0m · $0.262 · cache 75% · \x1b[32mcontext 34%\x1b[0m");
}

TEST(statusline, of_an_unknown_model_says_what_it_knows) {
  const Session session{"x-1", "X One", "", std::nullopt, usage(50, 1, 50)};
  EXPECT_EQ(status_line(session, {{"x-1", usage(1, 1), 0}}, find, {false, "place"}), "X One · place · cache 0%");
  EXPECT_EQ(status_line(session, {}, find, {false, ""}), "X One · cache 50%") << "before a transcript, the last answer's";
}

TEST(statusline, context_turns_yellow_and_red) {
  const std::pair<double, std::string_view> cases[] = {{59.9, "32"}, {60, "33"}, {84.9, "33"}, {85, "31"}, {250, "31"}};
  for (const auto& [used, colour] : cases)
    EXPECT_TRUE(status_line({"", "", "", used, {}}, {}, find, {}).starts_with("\x1b[" + std::string(colour) + "m")) << used;
}

TEST(statusline, names_cannot_act_on_the_terminal) {
  const Session session{"evil\x1b[2J\n\x07", "", "", std::nullopt, {}};
  EXPECT_EQ(status_line(session, {}, find, {false, "p\x1b]0;x\x07"}), "evil\xef\xbf\xbd[2J \xef\xbf\xbd · p\xef\xbf\xbd]0;x\xef\xbf\xbd");
  EXPECT_EQ(status_line({"a\u009b2J\u202e", "", "", std::nullopt, {}}, {}, find, {false, ""}), "a\ufffd2J\ufffd");
}

TEST(statusline_cost, is_exact) {
  struct {
    std::vector<Spent> spent;
    std::optional<std::int64_t> nano;
  } const cases[] = {
      {{}, std::nullopt},
      {{{"zai/glm", usage(1'000, 0), 0}}, 1'400'000},
      {{{"zai/glm", usage(0, 1'000'000), 0}, {"claude", usage(0, 0, 1'000'000), 0}}, 4'400'000'000 + 200'000'000},
      {{{"claude", usage(0, 0, 0, 1'000'000), 0}}, 5'000'000'000},
      {{{"claude", usage(0, 0, 0, 1'000'000), 1'000'000}}, 8'000'000'000},   // an hour in the cache: twice the input price
      {{{"zai/glm", usage(0, 0, 0, 1'000'000), 1'000'000}}, 1'400'000'000},  // whose cache costs nothing extra
      {{{"plan", usage(1, 1), 0}}, std::nullopt},
      {{{"zai/glm", usage(1, 1), 0}, {"unheard-of", usage(1, 1), 0}}, std::nullopt},  // half a cost is a wrong one
  };
  for (const auto& one : cases) EXPECT_EQ(cost_of(one.spent, find), one.nano) << (one.spent.empty() ? "" : one.spent.front().model);
}

TEST(statusline_cost, of_absurd_counts_stays_a_number) {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  const std::vector<Spent> spent{{"claude", usage(most, most, most, most), most}, {"zai/glm", usage(most, most), 0}};
  EXPECT_EQ(cost_of(spent, find), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cost_of({{"claude", usage(0, 0, 0, 0), 0}}, find), 0);
}

TEST(statusline_cost, reads_well) {
  const auto line = [](std::uint64_t output) { return status_line({}, {{"zai/glm", usage(0, output), 0}}, find, {false, ""}); };
  EXPECT_EQ(line(1'000), "$0.004");
  EXPECT_EQ(line(10'000'000), "$44.00");
}

}  // namespace
}  // namespace penstock::launch
