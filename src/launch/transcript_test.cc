#include "launch/transcript.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "json/padded.h"

namespace penstock::launch {
namespace {

std::string answer(std::string_view id, std::string_view model, unsigned input, unsigned output, std::string_view more = {}) {
  return fmt::format(
      R"({{"parentUuid":null,"type":"assistant","requestId":"req_{}","message":{{"id":"{}","model":"{}","content":[{{"type":"text",)"
      R"("text":"with \"usage\" in it"}}],"usage":{{"input_tokens":{},"output_tokens":{}{}}}}}}})"
      "\n",
      id, id, model, input, output, more);
}

std::vector<Spent> spent_in(std::initializer_list<std::string> files) {
  Transcript transcript;
  for (const auto& file : files) {
    const json::Padded padded(file);
    transcript.read(padded.text());
  }
  return transcript.spent();
}

TEST(transcript, counts_each_answer_once_as_its_last_line_has_it) {
  const auto spent = spent_in({answer("a", "m", 10, 1) + answer("a", "m", 10, 5) + answer("b", "m", 20, 2) + answer("a", "m", 10, 7)});
  ASSERT_EQ(spent.size(), 1U);
  EXPECT_EQ(spent[0].model, "m");
  EXPECT_EQ(spent[0].usage.input, 30U);
  EXPECT_EQ(spent[0].usage.output, 9U);
}

TEST(transcript, one_message_id_for_all_answers_does_not_hide_them) {
  const std::string first = R"({"type":"assistant","requestId":"r1","message":{"id":"msg","model":"m","usage":{"output_tokens":1}}})";
  const std::string second = R"({"type":"assistant","requestId":"r2","message":{"id":"msg","model":"m","usage":{"output_tokens":2}}})";
  const std::string bare = R"({"type":"assistant","message":{"model":"m","usage":{"output_tokens":4}}})";
  EXPECT_EQ(spent_in({first + '\n' + second})[0].usage.output, 3U);
  EXPECT_EQ(spent_in({bare + '\n' + bare})[0].usage.output, 8U) << "without any id each line counts";
}

TEST(transcript, adds_up_files_by_model) {
  const auto spent = spent_in({answer("a", "big", 1, 1) + answer("b", "small", 2, 2), answer("c", "big", 4, 4) + answer("a", "big", 1, 1)});
  ASSERT_EQ(spent.size(), 2U);
  EXPECT_EQ(spent[0].model, "big");
  EXPECT_EQ(spent[0].usage.input, 5U) << "an answer that stands in two files counts once";
  EXPECT_EQ(spent[1].usage.input, 2U);
}

TEST(transcript, knows_what_is_cached_and_for_how_long) {
  const auto spent = spent_in({answer("a", "m", 3, 1,
                                      R"(,"cache_read_input_tokens":100,"cache_creation_input_tokens":50,)"
                                      R"("cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":40})")});
  ASSERT_EQ(spent.size(), 1U);
  EXPECT_EQ(spent[0].usage.cache_read, 100U);
  EXPECT_EQ(spent[0].usage.cache_write, 50U);
  EXPECT_EQ(spent[0].cache_write_hour, 40U);
  EXPECT_EQ(spent[0].usage.prompt(), 153U);
}

TEST(transcript, passes_over_what_is_no_answer) {
  const std::string_view lines[] = {
      R"({"type":"user","message":{"role":"user","content":"\"assistant\" \"usage\":{\"input_tokens\":9}"}})",
      R"({"type":"user","message":{"role":"assistant","model":"m","usage":{"input_tokens":9}}})",
      R"({"type":"assistant","message":{"model":"m","usage":null}})",
      R"({"type":"assistant","message":{"model":"m","usage":{"input_tokens":"9","output_tokens":-3,"cache_read_input_tokens":1.5}}})",
      R"({"type":"assistant","message":{"model":"<synthetic>","usage":{"input_tokens":0,"output_tokens":0}}})",
      R"({"type":"assistant","message":["usage"]})",
      R"({"type":"assistant","message":{"model":"m","usage":{"input_tok)",
      R"("assistant" "usage")",
      "",
      "\x01\xff \"assistant\" \"usage\"",
  };
  for (const auto line : lines) EXPECT_TRUE(spent_in({std::string(line)}).empty()) << line;
  std::string all;
  for (const auto line : lines) all += std::string(line) + '\n';
  EXPECT_EQ(spent_in({all + answer("a", "m", 7, 0)})[0].usage.input, 7U) << "what follows them counts";
}

class TranscriptFiles : public testing::Test {
 protected:
  TranscriptFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-transcript-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TranscriptFiles() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, std::string_view text) const {
    const auto path = std::filesystem::path(folder_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string folder_;
};

TEST_F(TranscriptFiles, are_the_session_and_its_subagents) {
  write("s.jsonl", "{}");
  write("s/subagents/agent-1.jsonl", "{}");
  write("s/subagents/agent-1.meta.json", "{}");
  write("other/subagents/agent-2.jsonl", "{}");
  const std::string session = folder_ + "/s.jsonl";
  EXPECT_EQ(transcript_files(session), (std::vector{session, folder_ + "/s/subagents/agent-1.jsonl"}));
  EXPECT_EQ(transcript_files(folder_ + "/none.jsonl").size(), 1U);
  EXPECT_EQ(transcript_files(folder_).size(), 1U);
}

TEST_F(TranscriptFiles, are_read_in_pieces_and_no_line_is_lost) {
  // Lines of every length around that of a piece, one far longer, and a last one without its line break.
  std::string text;
  unsigned answers = 0;
  for (const std::size_t length : {10UL, 1'000UL, 262'000UL, 262'144UL, 262'200UL, 1'500'000UL, 0UL}) {
    text += fmt::format("{{\"type\":\"user\",\"text\":\"{}\"}}\n", std::string(length, 'x'));
    text += answer(fmt::format("id{}", ++answers), "m", 1, 0, fmt::format(",\"more\":\"{}\"", std::string(length, 'y')));
  }
  text.pop_back();
  write("s.jsonl", text);
  Transcript transcript;
  transcript.read_file(folder_ + "/s.jsonl");
  transcript.read_file(folder_ + "/none.jsonl");
  transcript.read_file(folder_);
  transcript.read_file("");
  ASSERT_EQ(transcript.spent().size(), 1U);
  EXPECT_EQ(transcript.spent()[0].usage.input, answers);
}

}  // namespace
}  // namespace penstock::launch
