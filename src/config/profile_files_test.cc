#include "config/profile_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace penstock::config {
namespace {

namespace fs = std::filesystem;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

LoadContext context() { return {.environment = environment({{"HOME", "/home/u"}}), .catalog_names = {"deepseek", "kimi", "zai"}}; }

class ProfileFiles : public testing::Test {
 protected:
  ProfileFiles() {
    std::string pattern = (fs::temp_directory_path() / "penstock-profiles-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ProfileFiles() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) { std::ofstream(folder_ + "/" + name) << text; }

  std::string faults() {
    std::string lines;
    for (const auto& fault : load_profile_files(folder_, context(), config_)) lines += to_text(fault).substr(folder_.size() + 1) + "\n";
    return lines;
  }

  std::string folder_;
  Config config_;
};

TEST_F(ProfileFiles, every_yaml_file_is_a_profile_by_its_name) {
  write("zoe.yaml", "provider: zai\nmodels: { haiku: zai/glm-5.3-flash }\nclaude_channel: stable\n");
  write("anna.yaml", "models: { main: kimi/k3 }\nappend_system_prompt: add.md\ncommand: ~/bin/anna\nstatus_line: on\n");
  write(".hidden.yaml", "what: ever\n");
  write("notes.txt", "what: ever\n");
  EXPECT_EQ(faults(), "");
  ASSERT_EQ(config_.profiles.size(), 2U);
  EXPECT_EQ(config_.profiles[0].name, "anna");
  EXPECT_EQ(config_.profiles[0].main, "kimi/k3");
  EXPECT_EQ(config_.profiles[0].append_system_prompt, folder_ + "/add.md");
  EXPECT_EQ(config_.profiles[0].command, "/home/u/bin/anna");
  EXPECT_TRUE(config_.profiles[0].status_line);
  EXPECT_EQ(config_.profiles[1].name, "zoe");
  EXPECT_EQ(config_.profiles[1].haiku, "zai/glm-5.3-flash");
  EXPECT_EQ(config_.profiles[1].claude_channel, "stable");
}

TEST_F(ProfileFiles, faults_have_their_place_and_the_good_files_are_read) {
  config_.profiles.push_back({.name = "taken"});
  write("a.yaml", "provider: zai\nthem: brand\nclaude_channel: nightly\n");
  write("b.yaml", "");
  write("c.yaml", "- zai\n");
  write("d.yaml", "provider: zay\n");
  write("e.yaml", "theme: dark\n");
  write("f.yaml", "provider: zai\n");
  write("kimi.yaml", "provider: kimi\n");
  write("taken.yaml", "provider: kimi\n");
  write("x.yaml", "provider: [\n");
  EXPECT_EQ(faults(),
            "a.yaml:2:1: unknown key \"them\" in \"profiles.a\"; did you mean \"theme\"?\n"
            "a.yaml:3:17: \"profiles.a.claude_channel\": \"nightly\" is not known here; write latest or stable\n"
            "b.yaml: is empty; a profile needs a provider, or models with main\n"
            "c.yaml:1:1: \"profiles.c\" must be a map (key: value), not a list\n"
            "d.yaml:1:11: no provider is called \"zay\"; did you mean \"zai\"?\n"
            "e.yaml:1:1: a profile needs a provider, or models with main\n"
            "kimi.yaml:1:1: a provider is called \"kimi\" already; give the profile another name\n"
            "taken.yaml: the configuration has a profile \"taken\" already; give this file another name\n"
            "x.yaml:2:1: not valid YAML: end of sequence flow not found\n");
  ASSERT_EQ(config_.profiles.size(), 2U);
  EXPECT_EQ(config_.profiles[1].name, "f");
  EXPECT_EQ(config_.left_out.size(), 8U);
  EXPECT_EQ(config_.left_out["d"], folder_ + "/d.yaml:1:11: no provider is called \"zay\"; did you mean \"zai\"?\n");
}

TEST_F(ProfileFiles, a_folder_in_a_files_place_is_a_fault_and_no_folder_is_none) {
  fs::create_directory(folder_ + "/a.yaml");
  EXPECT_EQ(::mkfifo((folder_ + "/b.yaml").c_str(), 0600), 0);
  EXPECT_EQ(faults(), "a.yaml: it is not a file\nb.yaml: it is not a file\n") << "and a pipe that nobody writes to is not waited for";
  EXPECT_TRUE(load_profile_files(folder_ + "/nowhere", context(), config_).empty());
  EXPECT_TRUE(load_profile_files("", context(), config_).empty());
}

TEST(profile_files, what_is_written_is_read_back) {
  const Profile all{.name = "all",
                    .provider = "zai",
                    .main = "zai/glm-5.3",
                    .opus = "o",
                    .sonnet = "s",
                    .haiku = "h",
                    .subagent = "sub",
                    .env = {{"A", "with ${HOME} and \"quotes\"\tand \xc3\xa4"}, {"B", "2"}},
                    .args = {"--verbose", "two words: # yes", "no"},
                    .append_system_prompt = "/p/add.md",
                    .config_dir = "/d/cfg",
                    .claude_version = "2.1.197",
                    .theme = "brand",
                    .status_line = true,
                    .claude_channel = "latest",
                    .command = "/home/u/my bin/all"};
  Config config;
  const auto faults = add_profile(to_yaml(all), "/p/all.yaml", context(), config);
  ASSERT_TRUE(faults.empty()) << to_text(faults.front());
  const auto& read = config.profiles.back();
  EXPECT_EQ(read.name, all.name);
  EXPECT_EQ(read.subagent, all.subagent);
  EXPECT_EQ(read.args, all.args);
  EXPECT_EQ(read.command, all.command);
  EXPECT_EQ(to_yaml(read), to_yaml(all));
}

TEST(profile_files, the_folder_follows_xdg) {
  EXPECT_EQ(profile_folder(environment({{"HOME", "/h"}})), "/h/.config/penstock/profiles");
  EXPECT_EQ(profile_folder(environment({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}})), "/x/penstock/profiles");
  EXPECT_EQ(profile_folder(environment({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "relative"}})), "/h/.config/penstock/profiles");
  EXPECT_EQ(profile_folder(environment({})), "");
}

}  // namespace
}  // namespace penstock::config
