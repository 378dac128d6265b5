#include "app/state_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace penstock::app {
namespace {

using testing::HasSubstr;

config::Environment environment(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(state_dir, where_it_is) {
  EXPECT_EQ(state_dir(environment({{"PENSTOCK_STATE_DIR", "/a"}, {"XDG_STATE_HOME", "/b"}, {"HOME", "/c"}})), "/a");
  EXPECT_EQ(state_dir(environment({{"XDG_STATE_HOME", "/b"}, {"HOME", "/c"}})), "/b/penstock");
  EXPECT_EQ(state_dir(environment({{"XDG_STATE_HOME", ""}, {"HOME", "/c"}})), "/c/.local/state/penstock");
  EXPECT_EQ(state_dir(environment({})), "");
  EXPECT_FALSE(signature_key(""));
}

class SignatureKeyTest : public testing::Test {
 protected:
  SignatureKeyTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-state-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~SignatureKeyTest() override { std::filesystem::remove_all(root_); }
  [[nodiscard]] std::string folder() const { return root_ + "/deep/state"; }
  [[nodiscard]] std::string file() const { return folder() + "/signature.key"; }
  static mode_t mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }
  std::string root_;
};

TEST_F(SignatureKeyTest, is_made_once_and_private) {
  const auto made = signature_key(folder());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(*made, dialect::SignatureCodec::Key{});
  EXPECT_EQ(mode(folder()), 0700U);
  EXPECT_EQ(mode(file()), 0600U);
  EXPECT_EQ(signature_key(folder()).value(), *made);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder()), {}), 1) << "nothing is left beside it";
}

TEST_F(SignatureKeyTest, that_is_damaged_or_open_to_others_is_refused) {
  ASSERT_TRUE(signature_key(folder()));
  ::chmod(file().c_str(), 0644);
  EXPECT_THAT(signature_key(folder()).error().message, HasSubstr(file()));
  std::ofstream(file(), std::ios::trunc) << "short";
  ::chmod(file().c_str(), 0600);
  EXPECT_THAT(signature_key(folder()).error().message, HasSubstr("damaged"));
}

TEST_F(SignatureKeyTest, in_a_folder_of_others_is_refused_with_the_mend) {
  EXPECT_TRUE(check_state_dir(folder())) << "it is not there yet";
  ASSERT_TRUE(make_state_dir(folder()));
  for (const mode_t mode : {0770U, 0702U, 01777U}) {
    ::chmod(folder().c_str(), mode);
    EXPECT_THAT(make_state_dir(folder()).error().message, HasSubstr("chmod go-w " + folder())) << mode;
    EXPECT_FALSE(signature_key(folder())) << mode;
  }
  ::chmod(folder().c_str(), 0755);
  EXPECT_TRUE(make_state_dir(folder()));
  if (::chown(folder().c_str(), ::geteuid() + 1, static_cast<gid_t>(-1)) != 0) return;  // only root can give it away
  EXPECT_THAT(make_state_dir(folder()).error().message, HasSubstr("belongs to another user"));
}

TEST_F(SignatureKeyTest, that_is_a_pipe_is_not_waited_for) {
  ASSERT_TRUE(make_state_dir(folder()));
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_THAT(signature_key(folder()).error().message, HasSubstr("damaged"));
}

TEST_F(SignatureKeyTest, in_a_folder_that_cannot_be_is_told) {
  std::ofstream(root_ + "/deep") << "a file";
  EXPECT_THAT(signature_key(folder()).error().message, HasSubstr("PENSTOCK_STATE_DIR"));
}

}  // namespace
}  // namespace penstock::app
