#include "app/learned_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock::app {
namespace {

using gateway::Lessons;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::int64_t kNow = std::time(nullptr) + 60;  // not before anything that is learned in these tests
constexpr std::int64_t kDay = 86'400;
const policy::Repair kNoThinking{"thinking_mode", "drop"}, kNoTopP{"top_p", "strip"}, kNever{"reasoning_back", "never"};

class LearnedFileTest : public testing::Test {
 protected:
  LearnedFileTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock-learned-XXXXXX").string();
    state_ = ::mkdtemp(pattern.data());
    path_ = state_ + "/learned.json";
  }
  ~LearnedFileTest() override { fs::remove_all(state_); }

  void write(const std::string& text) const {
    std::ofstream(path_ + ".new") << text;
    fs::rename(path_ + ".new", path_);  // another inode, so that it is seen within one tick of the clock
  }
  [[nodiscard]] std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] Lessons read(std::int64_t now = kNow) const {
    auto lessons = read_learned(path_, now);
    EXPECT_TRUE(lessons) << (lessons ? "" : lessons.error().message);
    return lessons.value_or(Lessons{});
  }

  std::string state_, path_;
};

TEST_F(LearnedFileTest, what_is_written_is_read) {
  EXPECT_TRUE(read().empty()) << "no file is no fault";
  const Lessons lessons{{"a/m", {{kNoThinking, kNow}, {kNoTopP, kNow - 5}}}, {"b/vendor/\"m\"", {{kNever, kNow - 7}}}};
  ASSERT_TRUE(write_learned(path_, lessons));
  EXPECT_EQ(read(), lessons);
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(state_), {}), 1) << "nothing is left beside it";
}

TEST_F(LearnedFileTest, a_torn_or_foreign_file_is_refused_at_every_length) {
  ASSERT_TRUE(write_learned(path_, {{"a/m", {{kNoThinking, kNow}}}}));
  const std::string whole = text();
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
    write(whole.substr(0, length));
    const auto lessons = read_learned(path_, kNow);
    ASSERT_FALSE(lessons) << length;
    EXPECT_THAT(lessons.error().message, HasSubstr("mend: remove it"));
  }
  for (const auto* foreign : {"[]", "{}", R"({"penstock_learned":2,"lessons":[]})", R"({"penstock_learned":1,"lessons":{}})"}) {
    write(foreign);
    EXPECT_FALSE(read_learned(path_, kNow)) << foreign;
  }
  write(whole);
  ::chmod(state_.c_str(), 0777);
  EXPECT_FALSE(read_learned(path_, kNow)) << "others may have written it";
}

TEST_F(LearnedFileTest, what_is_too_old_or_unknown_is_left_out) {
  ASSERT_TRUE(write_learned(path_, {{"a/m", {{kNoThinking, kNow - 30 * kDay}, {kNoTopP, kNow - 30 * kDay + 1}}},
                                    {"a/to-come", {{kNoTopP, kNow + 400 * kDay}}},
                                    {"b/m", {{{"thinking_mode", "no_such_value"}, kNow}, {{"no_such_quirk", "strip"}, kNow}}},
                                    {"no-target", {{kNoTopP, kNow}}}}));
  EXPECT_EQ(read(), (Lessons{{"a/m", {{kNoTopP, kNow - 30 * kDay + 1}}}, {"a/to-come", {{kNoTopP, kNow}}}}));
}

TEST_F(LearnedFileTest, a_gateway_that_starts_again_knows_what_it_knew) {
  {
    gateway::Learned learned;
    LearnedFile file(path_, learned);
    file.begin(kNow);
    file.look(kNow);
    EXPECT_FALSE(fs::exists(path_)) << "nothing learned, nothing written";
    learned.add("a/m", kNoThinking);
    file.look(kNow);
  }
  gateway::Learned learned;
  LearnedFile file(path_, learned);
  file.begin(kNow);
  EXPECT_THAT(learned.of("a/m"), ElementsAre(kNoThinking));
  const auto before = fs::last_write_time(path_);
  learned.add("a/m", kNoThinking);
  file.look(kNow);
  EXPECT_EQ(fs::last_write_time(path_), before) << "it says nothing new";
}

TEST_F(LearnedFileTest, what_goes_from_the_file_is_forgotten_and_what_is_new_stays) {
  gateway::Learned learned;
  LearnedFile file(path_, learned);
  file.begin(kNow);
  learned.add("a/m", kNoThinking);
  learned.add("b/m", kNoTopP);
  file.look(kNow);
  learned.add("c/m", kNoTopP);  // not in the file yet
  EXPECT_THAT(forget_learned(path_, "a/m", kNow).value(), ElementsAre("a/m"));
  file.look(kNow);
  EXPECT_TRUE(learned.of("a/m").empty());
  EXPECT_THAT(learned.of("b/m"), ElementsAre(kNoTopP));
  EXPECT_THAT(learned.of("c/m"), ElementsAre(kNoTopP));
  EXPECT_EQ(read().size(), 2U) << text();
  fs::remove(path_);
  file.look(kNow);
  EXPECT_TRUE(learned.empty());
}

TEST_F(LearnedFileTest, two_gateways_learn_from_each_other) {
  gateway::Learned one, two;
  LearnedFile first(path_, one), second(path_, two);
  first.begin(kNow);
  second.begin(kNow);
  one.add("a/m", kNoThinking);
  first.look(kNow);
  two.add("b/m", kNoTopP);
  second.look(kNow);
  first.look(kNow);
  EXPECT_EQ(one.all(), two.all());
  EXPECT_EQ(one.all().size(), 2U);
}

TEST_F(LearnedFileTest, a_torn_file_changes_nothing) {
  gateway::Learned learned;
  LearnedFile file(path_, learned);
  file.begin(kNow);
  learned.add("a/m", kNoThinking);
  file.look(kNow);
  write("{\"penstock_learned\":1,\"less");
  file.look(kNow);
  EXPECT_THAT(learned.of("a/m"), ElementsAre(kNoThinking));
  learned.add("b/m", kNoTopP);
  file.look(kNow);
  EXPECT_EQ(read().size(), 2U) << "the next finding makes it whole";
}

TEST_F(LearnedFileTest, a_gateway_forgets_after_thirty_days) {
  gateway::Learned learned;
  LearnedFile file(path_, learned);
  ASSERT_TRUE(write_learned(path_, {{"a/m", {{kNoThinking, kNow - kDay}, {kNoTopP, kNow}}}}));
  file.begin(kNow);
  file.look(kNow + 29 * kDay - 1);
  EXPECT_EQ(learned.of("a/m").size(), 2U);
  file.look(kNow + 29 * kDay);
  EXPECT_THAT(learned.of("a/m"), ElementsAre(kNoTopP));
  EXPECT_THAT(text(), testing::Not(HasSubstr("thinking_mode")));
}

TEST_F(LearnedFileTest, a_provider_is_forgotten_with_all_its_models) {
  ASSERT_TRUE(write_learned(path_, {{"a/m", {{kNoThinking, kNow}}}, {"a/n", {{kNoTopP, kNow}}}, {"ab/m", {{kNoTopP, kNow}}}}));
  EXPECT_THAT(forget_learned(path_, "a", kNow).value(), ElementsAre("a/m", "a/n"));
  EXPECT_EQ(read().size(), 1U);
  EXPECT_TRUE(forget_learned(path_, "a", kNow).value().empty());
  EXPECT_TRUE(forget_learned(path_, "", kNow).value().empty());
}

}  // namespace
}  // namespace penstock::app
