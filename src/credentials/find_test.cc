#include "credentials/find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

namespace penstock::credentials {
namespace {

using testing::HasSubstr;

class FindTest : public testing::Test {
 protected:
  FindTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-keys-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    places_.environment = [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    places_.home = folder_;
    places_.key_folder = folder_ + "/keys";
    provider_.name = "kimi";
    provider_.env = {"KIMI_API_KEY", "KIMI_KEY"};
    provider_.key_files = {".KimiAZ1.api.key"};
  }
  ~FindTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const auto path = std::filesystem::path(folder_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  /// "key from source", "none", or the fault.
  std::string found() const {
    const auto result = find(provider_, places_);
    if (!result) return result.error().message;
    return *result ? std::string((*result)->key.reveal()) + " from " + (*result)->source : "none";
  }

  std::string folder_;
  std::map<std::string, std::string> variables_;
  Places places_;
  catalog::Provider provider_;
};

TEST_F(FindTest, each_place_in_its_order) {
  EXPECT_EQ(found(), "none");
  write(".kimi/credentials/kimi-code.json", R"({"access_token":"oauth","refresh_token":"r"})");
  EXPECT_EQ(found(), "oauth from " + folder_ + "/.kimi/credentials/kimi-code.json");
  write(".KimiAZ1.api.key", " \n old-key\r\n");
  EXPECT_EQ(found(), "old-key from " + folder_ + "/.KimiAZ1.api.key");
  write("keys/kimi", "our-key\n");
  EXPECT_EQ(found(), "our-key from " + folder_ + "/keys/kimi");
  variables_["KIMI_KEY"] = "second";
  EXPECT_EQ(found(), "second from $KIMI_KEY");
  variables_["KIMI_API_KEY"] = " first ";
  EXPECT_EQ(found(), "first from $KIMI_API_KEY");
}

TEST_F(FindTest, empty_places_are_passed_over) {
  variables_["KIMI_API_KEY"] = " ";
  write("keys/kimi", "\n");
  write(".KimiAZ1.api.key", "k");
  EXPECT_EQ(found(), "k from " + folder_ + "/.KimiAZ1.api.key");
}

TEST_F(FindTest, a_file_that_others_can_read_is_not_used) {
  for (const mode_t mode : {0640U, 0604U, 0660U}) {
    write("keys/kimi", "key-in-the-open", mode);
    EXPECT_THAT(found(), HasSubstr("chmod 600 " + folder_ + "/keys/kimi"));
    EXPECT_THAT(found(), testing::Not(HasSubstr("key-in-the-open")));
  }
}

TEST_F(FindTest, a_login_that_has_expired_does_not_count) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  const auto write_login = [&](std::int64_t expires) {
    write(".kimi/credentials/kimi-code.json", R"({"access_token":"oauth","expires_at":)" + std::to_string(expires) + "}");
  };
  write_login(now - 10);
  EXPECT_EQ(found(), "none");
  write_login(now + 1000);
  EXPECT_THAT(found(), testing::StartsWith("oauth from "));
  write(".kimi/credentials/kimi-code.json", "no json");
  EXPECT_EQ(found(), "none");
  provider_.name = "other";
  write_login(now + 1000);
  EXPECT_EQ(found(), "none");
}

TEST_F(FindTest, a_key_with_a_line_break_is_no_key) {
  variables_["KIMI_API_KEY"] = "k\r\nx-evil: 1";
  const auto result = find(provider_, places_);
  EXPECT_FALSE(result);
}

TEST_F(FindTest, a_file_too_large_and_no_home) {
  write("keys/kimi", std::string(100'000, 'k'));
  EXPECT_THAT(found(), HasSubstr("too large"));
  places_.key_folder = "/nowhere";
  places_.home.clear();
  EXPECT_EQ(found(), "none");
}

}  // namespace
}  // namespace penstock::credentials
