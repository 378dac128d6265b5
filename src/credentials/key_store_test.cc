#include "credentials/key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "credentials/older_keys.h"
#include "credentials/stub_keyring_for_test.h"

namespace penstock::credentials {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

catalog::Provider row(const std::string& name, const std::string& variable, const std::string& older) {
  catalog::Provider made;
  made.name = name;
  made.env = {variable};
  made.key_files = {older};
  return made;
}

config::Provider entry(const std::string& name, const std::string& catalog = "") {
  config::Provider made;
  made.name = name;
  made.catalog = catalog;
  return made;
}

class KeyStoreTest : public testing::Test {
 protected:
  KeyStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock-store-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    places_.environment = [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    places_.home = folder_;
    places_.key_folder = folder_ + "/.config/penstock/keys";
    catalog_.providers = {row("zai", "ZAI_API_KEY", ".ZaiAZ1.api.key"), row("kimi", "KIMI_API_KEY", ".KimiAZ1.api.key")};
  }
  ~KeyStoreTest() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string key_at(const std::string& provider) const { return key_file(places_, provider); }
  static void put(const std::string& path, const std::string& text, mode_t mode = 0600) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string stored(const std::string& provider, const std::string& key) {
    const auto where = store_key(provider, Secret(key), places_);
    return where ? *where : "fault: " + where.error().message;
  }
  std::vector<std::string> removed(const std::string& provider) {
    const auto from = remove_key(provider, places_);
    return from ? *from : std::vector{"fault: " + from.error().message};
  }
  /// "provider: place …last" for each finding.
  std::vector<std::string> listed() const {
    std::vector<std::string> lines;
    for (const auto& keys : list_keys(config_, catalog_, places_).providers) {
      if (keys.passthrough) lines.push_back(keys.provider + ": passthrough");
      for (const auto& one : keys.findings)
        lines.push_back(keys.provider + ": " + std::string(name(one.place)) + " " + (one.fault ? "fault" : one.key.masked()));
    }
    return lines;
  }
  /// "provider outcome[ removed]" for each older file.
  std::vector<std::string> imported(const std::vector<std::string>& names = {}, bool remove_old = false) {
    constexpr std::array<const char*, 4> kWords{"copied", "same", "differs", "fault"};
    std::vector<std::string> lines;
    for (const auto& one : import_keys(catalog_, names, places_, remove_old)) {
      lines.push_back(one.provider + " " + kWords[static_cast<std::size_t>(one.outcome)] + (one.removed ? " removed" : ""));
      EXPECT_EQ(one.outcome == Outcome::fault, !one.message.empty());
      EXPECT_EQ(one.removed, !fs::exists(one.path));
      last_message_ = one.message;
    }
    return lines;
  }

  std::string folder_, last_message_;
  std::map<std::string, std::string> variables_;
  Places places_;
  config::Config config_;
  catalog::Catalog catalog_;
};

TEST_F(KeyStoreTest, a_key_file_is_private_and_found) {
  EXPECT_EQ(stored("zai", "sk-zai-0123456789abcd"), key_at("zai"));
  struct stat status{};
  ASSERT_EQ(::stat(key_at("zai").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat(places_.key_folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  EXPECT_EQ(find(catalog_.providers[0], places_).value()->key.reveal(), "sk-zai-0123456789abcd");
  EXPECT_EQ(stored("zai", "second"), key_at("zai"));
  EXPECT_EQ(find(catalog_.providers[0], places_).value()->key.reveal(), "second");
}

TEST_F(KeyStoreTest, an_open_folder_takes_no_key) {
  fs::create_directories(places_.key_folder);
  ::chmod(places_.key_folder.c_str(), 0755);
  EXPECT_EQ(stored("zai", "hunter2"),
            "fault: " + places_.key_folder + " is open to others, so no secret is kept there; mend: chmod 700 " + places_.key_folder);
  EXPECT_TRUE(fs::is_empty(places_.key_folder));
  places_.key_folder.clear();
  EXPECT_THAT(stored("zai", "hunter2"), HasSubstr("set HOME or XDG_CONFIG_HOME"));
}

TEST_F(KeyStoreTest, names_stay_in_the_folder) {
  for (const auto* bad : {"../zai", "a/b", ".changed", "", "a b"}) {
    EXPECT_THAT(stored(bad, "k"), HasSubstr("fault: a provider's name")) << bad;
    EXPECT_THAT(removed(bad), IsEmpty()) << bad;
  }
}

TEST_F(KeyStoreTest, keys_as_persons_give_them) {
  const auto made = [](const std::string& text) {
    const auto key = to_key(Secret(text));
    return key ? std::string(key->reveal()) : key.error().message;
  };
  EXPECT_EQ(made(" \r\n sk-1\n"), "sk-1");
  EXPECT_THAT(made(" \n"), HasSubstr("empty"));
  for (const auto* bad : {"hunter2 hunter3", "hunter2\nhunter3", "hunter2\x01", "hunter2\xc3\xa9", "hunter2\t3"}) {
    EXPECT_THAT(made(bad), HasSubstr("that no key has")) << bad;
    EXPECT_THAT(made(bad), Not(HasSubstr("hunter"))) << bad;
  }
}

TEST_F(KeyStoreTest, names_of_both_sources_and_near_ones) {
  config_.providers = {entry("mine"), entry("claude-kimi", "kimi"), entry("zai", "zai")};
  EXPECT_THAT(provider_names(config_, catalog_), ElementsAre("mine", "claude-kimi", "zai", "kimi"));
  EXPECT_EQ(sought("mine", config_, catalog_)->row, nullptr);
  EXPECT_EQ(sought("claude-kimi", config_, catalog_)->row, &catalog_.providers[1]);
  EXPECT_EQ(sought("claude-kimi", config_, catalog_)->entry, &config_.providers[1]);
  EXPECT_EQ(sought("kimi", config_, catalog_)->entry, nullptr);
  EXPECT_THAT(sought("kimy", config_, catalog_).error().message, HasSubstr("did you mean kimi"));
  const auto astray = sought("sk-hunter2-hunter2-hunter2", config_, catalog_);
  EXPECT_THAT(astray.error().message, Not(HasSubstr("hunter2")));
}

TEST_F(KeyStoreTest, the_list_shows_what_the_search_sees) {
  config_.providers = {entry("mine"), entry("claude", "anthropic")};
  config_.providers[0].api_key = Secret("configured-0123456789");
  config_.providers[1].credentials.mode = config::CredentialMode::passthrough;
  variables_["ZAI_API_KEY"] = "variable-0123456789";
  put(at(".ZaiAZ1.api.key"), "older-0123456789\n");
  stored("zai", "stored-0123456abcd");
  stored("kimi", "short");
  EXPECT_THAT(listed(), ElementsAre("mine: configuration …6789", "claude: passthrough", "zai: environment …6789", "zai: key file …abcd",
                                    "zai: older file …6789", "kimi: key file …"));
  ::chmod(key_at("kimi").c_str(), 0644);
  variables_.clear();
  EXPECT_THAT(listed(), ElementsAre("mine: configuration …6789", "claude: passthrough", "zai: key file …abcd", "zai: older file …6789",
                                    "kimi: key file fault"));
}

TEST_F(KeyStoreTest, removing_takes_loose_files_too) {
  EXPECT_THAT(removed("zai"), IsEmpty());
  stored("zai", "k");
  ::chmod(key_at("zai").c_str(), 0644);
  EXPECT_THAT(removed("zai"), ElementsAre(key_at("zai")));
  EXPECT_FALSE(fs::exists(key_at("zai")));
  EXPECT_THAT(listed(), IsEmpty());
}

TEST_F(KeyStoreTest, with_a_keyring_the_key_is_there_and_in_no_file) {
  const StubKeyring stub;
  places_.keyring = stub.keyring();
  EXPECT_EQ(stored("zai", "hunter2-0123456789"), "the keyring");
  EXPECT_EQ(stub.item("zai"), "hunter2-0123456789");
  for (const auto& file : fs::recursive_directory_iterator(folder_))
    if (file.is_regular_file()) EXPECT_THAT(text_of(file.path()), Not(HasSubstr("hunter2"))) << file.path();
  EXPECT_THAT(listed(), ElementsAre("zai: keyring …6789"));
  put(key_at("zai"), "in-a-file");
  EXPECT_THAT(listed(), ElementsAre("zai: keyring …6789", "zai: key file …"));
  EXPECT_THAT(removed("zai"), ElementsAre(key_at("zai"), "the keyring"));
  EXPECT_THAT(listed(), IsEmpty());
}

TEST_F(KeyStoreTest, a_keyring_out_of_order_is_said_once) {
  put(at(".ZaiAZ1.api.key"), "older-0123456789");
  places_.keyring = std::make_shared<Keyring>("penstock-no-such-program");
  EXPECT_THAT(listed(), ElementsAre("zai: keyring fault", "zai: older file …6789"));
  EXPECT_THAT(list_keys(config_, catalog_, places_).keyring_fault, HasSubstr("apt-get install libsecret-tools"));
  EXPECT_THAT(stored("zai", "k"), HasSubstr("apt-get install libsecret-tools"));
  EXPECT_FALSE(fs::exists(key_at("zai")));
}

TEST_F(KeyStoreTest, a_gateway_sees_every_change) {
  EXPECT_THAT(key_paths(catalog_, places_), ElementsAre(at(".ZaiAZ1.api.key"), at(".KimiAZ1.api.key")));
  stored("zai", "k");
  stored("mine", "k");
  for (const auto* other : {"kimi.oauth.json", "kimi.oauth.lock", ".zai.0123"}) put(places_.key_folder + "/" + other, "x");
  EXPECT_THAT(key_paths(catalog_, places_), ElementsAre(key_at("mine"), key_at("zai"), at(".ZaiAZ1.api.key"), at(".KimiAZ1.api.key")));
  const StubKeyring stub;
  places_.keyring = stub.keyring();
  const auto mark = [&] {
    struct stat status{};
    return ::stat(key_at(".changed").c_str(), &status) == 0 ? status.st_ino : 0;
  };
  EXPECT_EQ(mark(), 0U);
  stored("zai", "k");
  const auto first = mark();
  EXPECT_NE(first, 0U);
  EXPECT_THAT(key_paths(catalog_, places_), testing::Contains(key_at(".changed")));
  removed("zai");
  EXPECT_NE(mark(), first);
}

TEST_F(KeyStoreTest, older_keys_are_copied_and_stay) {
  EXPECT_THAT(imported(), IsEmpty());
  put(at(".ZaiAZ1.api.key"), " sk-zai\r\n");
  put(at(".KimiAZ1.api.key"), "sk-kimi");
  EXPECT_THAT(imported({"kimi"}), ElementsAre("kimi copied"));
  EXPECT_THAT(imported(), ElementsAre("zai copied", "kimi same"));
  EXPECT_EQ(text_of(key_at("zai")), "sk-zai\n");
  EXPECT_EQ(text_of(at(".ZaiAZ1.api.key")), " sk-zai\r\n");
}

TEST_F(KeyStoreTest, older_keys_go_only_once_ours_is_the_same) {
  put(at(".ZaiAZ1.api.key"), "sk-zai");
  put(at(".KimiAZ1.api.key"), "sk-kimi");
  stored("kimi", "sk-another");
  EXPECT_THAT(imported({}, true), ElementsAre("zai copied removed", "kimi differs"));
  EXPECT_EQ(text_of(key_at("kimi")), "sk-another\n");
  EXPECT_EQ(text_of(key_at("zai")), "sk-zai\n");
  put(at(".ZaiAZ1.api.key"), "sk-zai");
  EXPECT_THAT(imported({"zai"}, true), ElementsAre("zai same removed"));
}

TEST_F(KeyStoreTest, an_older_key_that_others_can_read_is_not_taken) {
  put(at(".ZaiAZ1.api.key"), "hunter2", 0644);
  EXPECT_THAT(imported({}, true), ElementsAre("zai fault"));
  EXPECT_THAT(last_message_, HasSubstr("chmod 600 " + at(".ZaiAZ1.api.key")));
  EXPECT_FALSE(fs::exists(places_.key_folder));
  ::chmod(at(".ZaiAZ1.api.key").c_str(), 0600);
  stored("zai", "other");
  ::chmod(key_at("zai").c_str(), 0644);
  EXPECT_THAT(imported({}, true), ElementsAre("zai fault"));
  EXPECT_THAT(last_message_, HasSubstr("chmod 600 " + key_at("zai")));
}

TEST_F(KeyStoreTest, older_keys_go_into_the_keyring_and_must_come_back) {
  put(at(".ZaiAZ1.api.key"), "sk-zai");
  const StubKeyring stub;
  places_.keyring = stub.keyring();
  EXPECT_THAT(imported({}, true), ElementsAre("zai copied removed"));
  EXPECT_EQ(stub.item("zai"), "sk-zai");
  put(at(".KimiAZ1.api.key"), "sk-kimi");
  stub.say("cat >/dev/null");  // takes everything and keeps nothing
  EXPECT_THAT(imported({"kimi"}, true), ElementsAre("kimi fault"));
  EXPECT_THAT(last_message_, HasSubstr("did not come back"));
}

}  // namespace
}  // namespace penstock::credentials
