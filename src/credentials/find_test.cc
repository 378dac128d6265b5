#include "credentials/find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "credentials/stub_keyring_for_test.h"

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
    provider_.oauth = catalog::OAuth{.credentials_file = ".kimi/credentials/kimi-code.json"};
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

TEST_F(FindTest, a_login_counts_as_long_as_there_is_one) {
  write(".kimi/credentials/kimi-code.json", R"({"access_token":"old","refresh_token":"r","expires_at":1})");
  EXPECT_THAT(found(), testing::StartsWith("old from ")) << "it is refreshed when it is used";
  EXPECT_TRUE(find(provider_, places_).value()->login);
  write("keys/kimi", "key");
  EXPECT_FALSE(find(provider_, places_).value()->login) << "a key wins";
  std::filesystem::remove(folder_ + "/keys/kimi");
  write(".kimi/credentials/kimi-code.json", "no json");
  EXPECT_THAT(found(), HasSubstr("is no login"));
  write(".kimi/credentials/kimi-code.json", R"({"access_token":"open"})", 0644);
  EXPECT_THAT(found(), HasSubstr("chmod 600"));
  provider_.oauth.reset();
  EXPECT_EQ(found(), "none");
}

TEST_F(FindTest, penstocks_own_login_lies_with_the_keys) {
  write("keys/kimi.oauth.json", R"({"access_token":"ours","refresh_token":"r"})");
  EXPECT_EQ(found(), "ours from " + folder_ + "/keys/kimi.oauth.json");
  write(".kimi/credentials/kimi-code.json", R"({"access_token":"shared","refresh_token":"r"})");
  EXPECT_EQ(found(), "shared from " + folder_ + "/.kimi/credentials/kimi-code.json");
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

/// What the walk shows, a line each, and whether it agrees with find().
std::string walked(const Sought& sought, const Places& places) {
  std::string lines, first;
  walk(sought, places, [&](const Finding& finding) {
    const std::string said = finding.fault ? finding.fault->message : std::string(finding.key.reveal()) + " from " + finding.source;
    if (lines.empty()) first = said;
    lines += std::string(name(finding.place)) + ": " + said + "\n";
    return true;
  });
  const auto winner = find(sought, places);
  const std::string found = !winner   ? winner.error().message
                            : *winner ? std::string((*winner)->key.reveal()) + " from " + (*winner)->source
                                      : "";
  EXPECT_EQ(found, first);
  return lines;
}

TEST_F(FindTest, the_walk_shows_every_place_in_the_order_of_the_search) {
  config::Provider entry;
  entry.name = "mine";
  entry.api_key = Secret("configured");
  entry.credentials.pool = {{.key = Secret("pooled")}};
  variables_["KIMI_API_KEY"] = "variable";
  write("keys/mine", "own");
  write("keys/kimi", "of-the-row", 0644);
  write(".KimiAZ1.api.key", "older");
  write(".kimi/credentials/kimi-code.json", R"({"access_token":"login"})");
  const StubKeyring stub({{"mine", "in-the-keyring"}});
  places_.keyring = stub.keyring();
  const std::string below_configuration =
      "environment: variable from $KIMI_API_KEY\n"
      "keyring: in-the-keyring from keyring\n"
      "key file: own from " +
      folder_ +
      "/keys/mine\n"
      "key file: " +
      folder_ + "/keys/kimi can be read by others, so it is not used; mend: chmod 600 " + folder_ +
      "/keys/kimi\n"
      "older file: older from " +
      folder_ +
      "/.KimiAZ1.api.key\n"
      "login: login from " +
      folder_ + "/.kimi/credentials/kimi-code.json\n";
  EXPECT_EQ(walked({&entry, &provider_}, places_),
            "configuration: configured from configuration\nconfiguration: pooled from configuration\n" + below_configuration);
  entry.api_key.reset();
  entry.credentials.pool.clear();
  EXPECT_EQ(walked({&entry, &provider_}, places_), below_configuration);
  EXPECT_EQ(walked({&entry, nullptr}, places_), "keyring: in-the-keyring from keyring\nkey file: own from " + folder_ + "/keys/mine\n");
}

TEST_F(FindTest, a_place_that_cannot_be_used_hides_those_behind_it) {
  write("keys/kimi", "in-the-open", 0644);
  write(".KimiAZ1.api.key", "older");
  EXPECT_THAT(walked({nullptr, &provider_}, places_), testing::StartsWith("key file: " + folder_ + "/keys/kimi can be read by others"));
}

TEST_F(FindTest, a_provider_that_passes_on_its_clients_credential_needs_no_search) {
  config::Provider entry;
  entry.name = "kimi";
  entry.credentials.mode = config::CredentialMode::passthrough;
  variables_["KIMI_API_KEY"] = "variable";
  EXPECT_EQ(walked({&entry, &provider_}, places_), "");
}

TEST_F(FindTest, the_keyring_is_asked_only_when_it_may_decide) {
  const StubKeyring stub({{"kimi", "in-the-keyring"}});
  places_.keyring = stub.keyring();
  variables_["KIMI_API_KEY"] = "variable";
  EXPECT_EQ(found(), "variable from $KIMI_API_KEY");
  EXPECT_EQ(stub.calls(), "");
  variables_.clear();
  write("keys/kimi", "our-key");
  EXPECT_EQ(found(), "in-the-keyring from keyring");
}

TEST_F(FindTest, a_keyring_that_fails_is_no_reason_to_take_another_key) {
  places_.keyring = std::make_shared<Keyring>("penstock-no-such-program");
  write("keys/kimi", "our-key");
  EXPECT_THAT(found(), HasSubstr("apt-get install libsecret-tools"));
}

TEST(Places, follow_home_and_the_configuration_folder) {
  const auto restore = [](const char* variable) {
    const char* value = std::getenv(variable);
    return [variable, old = value ? std::optional<std::string>(value) : std::nullopt] {
      old ? ::setenv(variable, old->c_str(), 1) : ::unsetenv(variable);
    };
  };
  const auto home = restore("HOME"), xdg = restore("XDG_CONFIG_HOME");
  ::setenv("HOME", "/h", 1);
  ::unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(key_file(process_places(), "zai"), "/h/.config/penstock/keys/zai");
  ::setenv("XDG_CONFIG_HOME", "relative", 1);
  EXPECT_EQ(process_places().key_folder, "/h/.config/penstock/keys");
  ::setenv("XDG_CONFIG_HOME", "/x", 1);
  EXPECT_EQ(process_places().key_folder, "/x/penstock/keys");
  ::unsetenv("HOME");
  ::unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(process_places().key_folder, "");
  EXPECT_EQ(process_places().keyring, nullptr);
  EXPECT_NE(process_places(config::CredentialStore::keyring).keyring, nullptr);
  home();
  xdg();
}

}  // namespace
}  // namespace penstock::credentials
