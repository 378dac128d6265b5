#include "launch/variant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "base/process.h"
#include "config/profile_files.h"
#include "launch/claude_program.h"

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A home with an npm in its PATH that has the versions 2.1.1 (stable) and 2.1.9 (latest), until the test says otherwise.
class Variant : public testing::Test {
 protected:
  Variant() {
    std::string pattern = (fs::temp_directory_path() / "penstock-variant-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    fs::create_directories(home_ + "/bin");
    channels("2.1.1", "2.1.9");
    variables_ = {{"HOME", home_}, {"PATH", home_ + "/bin:" + home_ + "/.local/bin:/usr/bin:/bin"}};
    configure("providers: { zai: {}, deepseek: {} }\n");
  }
  ~Variant() override { fs::remove_all(home_); }

  void program(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << text;
    fs::permissions(path, fs::perms::owner_all);
  }
  void channels(const std::string& stable, const std::string& latest) {
    program(home_ + "/bin/npm", "if [ \"$1\" = view ]; then echo '{\"stable\":\"" + stable + "\",\"latest\":\"" + latest + R"("}'; exit; fi
for last; do :; done
bin="$3/node_modules/.bin"
mkdir -p "$bin"
printf '#!/bin/sh\necho %s\n' "${last##*@}" > "$bin/claude"
chmod +x "$bin/claude"
)");
  }
  void configure(const std::string& yaml) { yaml_ = yaml; }
  /// As the program would see it now.
  VariantGround ground() {
    const auto environment = [variables = variables_](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    VariantGround ground{.install = {.environment = environment, .state_dir = home_ + "/state", .say = [](const std::string&) {}},
                         .context = {environment, {"zai", "deepseek", "kimi"}},
                         .config = &config_,
                         .profiles = home_ + "/.config/penstock/profiles",
                         .penstock = home_ + "/opt/penstock"};
    config_ = config::parse(yaml_, "penstock.yaml", ground.context).value();
    const auto faults = config::load_profile_files(ground.profiles, ground.context, config_);
    EXPECT_TRUE(faults.empty()) << config::to_text(faults.front());
    return ground;
  }
  std::string fault(const VariantWish& wish) {
    const auto made = create_variant(wish, ground());
    return made ? "no fault" : made.error().message;
  }
  config::Profile create(VariantWish wish) {
    const auto made = create_variant(wish, ground());
    EXPECT_TRUE(made) << made.error().message;
    return made ? variant(wish.profile.name) : config::Profile{};
  }
  config::Profile variant(const std::string& name) {
    for (const auto& profile : variants_of(ground()))
      if (profile.name == name) return profile;
    return {};
  }
  [[nodiscard]] std::string path(const std::string& below) const { return home_ + "/" + below; }
  [[nodiscard]] std::string file(const std::string& name) const { return path(".config/penstock/profiles/" + name + ".yaml"); }
  [[nodiscard]] bool has(const std::string& below) const { return fs::exists(path(below)); }

  std::string home_, yaml_;
  std::map<std::string, std::string> variables_;
  config::Config config_;
};

TEST_F(Variant, of_a_provider) {
  const auto made = create_variant({.profile = {.name = "big", .status_line = true}, .from = "zai"}, ground());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->warnings, IsEmpty());
  EXPECT_EQ(
      read(file("big")),
      "# A variant of Claude Code, made by `penstock variant create`. The keys are those of an entry of `profiles` in penstock.yaml.\n"
      "provider: \"zai\"\ntheme: \"brand\"\nstatus_line: on\ncommand: \"" +
          path(".local/bin/big") + "\"\n");
  struct stat status{};
  ASSERT_EQ(::stat(file("big").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U) << "its variables may hold secrets";
  ASSERT_EQ(::stat(path("state/claude/big").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_TRUE(is_variant_script(path(".local/bin/big")));
  EXPECT_FALSE(has("state/claude-code")) << "no version was asked for";
}

TEST_F(Variant, the_script_calls_penstock_where_it_is) {
  create({.profile = {.name = "big"}, .from = "zai", .config_option = path("my\tconf's.yaml")});
  const std::string tell = "for word; do printf '<%s>' \"$word\"; done\n";
  const auto call = [&] {
    return run({path(".local/bin/big"), "-p", "two words", "", "--model"}, "", std::chrono::seconds(10), variables_).value().out;
  };
  const std::string arguments = "<run><--config><" + path("my\tconf's.yaml") + "><big><--><-p><two words><><--model>";
  program(path("bin/penstock"), "printf 'path '\n" + tell);
  EXPECT_EQ(call(), "path " + arguments) << "it moved: PATH is asked";
  program(path("opt/penstock"), "printf 'full '\n" + tell);
  EXPECT_EQ(call(), "full " + arguments);
}

TEST_F(Variant, of_a_profile_with_words_of_its_own) {
  configure(
      "providers: { zai: {} }\nprofiles: { heavy: { models: { main: zai/glm-5.3, haiku: zai/small }, env: { A: '1', B: '2' }, args: [ "
      "--verbose ], "
      "theme: light, config_dir: /shared, claude_version: stable } }\n");
  const auto big = create({.profile = {.name = "big", .haiku = "zai/tiny", .env = {{"B", "two"}}, .args = {"--x"}}, .from = "heavy"});
  EXPECT_EQ(big.main, "zai/glm-5.3");
  EXPECT_EQ(big.haiku, "zai/tiny");
  EXPECT_EQ(big.env, (std::map<std::string, std::string>{{"A", "1"}, {"B", "two"}}));
  EXPECT_THAT(big.args, ElementsAre("--verbose", "--x"));
  EXPECT_EQ(big.theme, "light");
  EXPECT_EQ(big.config_dir, "") << "sessions are its own";
  EXPECT_EQ(big.claude_version, "2.1.1");
  EXPECT_EQ(big.claude_channel, "stable");
  EXPECT_EQ(find_claude(ground().install.environment, path("state"), big.claude_version).value_or(""),
            path("state/claude-code/2.1.1/node_modules/.bin/claude"));
}

TEST_F(Variant, what_cannot_be_made_is_told_and_leaves_nothing) {
  EXPECT_EQ(fault({.profile = {.name = "a b"}, .from = "zai"}),
            "\"a b\" cannot be a command's name here; use letters, digits, -, _ and ., beginning with a letter or digit");
  EXPECT_THAT(fault({.profile = {.name = "-x"}, .from = "zai"}), HasSubstr("cannot be a command's name"));
  EXPECT_THAT(fault({.profile = {.name = ".x"}, .from = "zai"}), HasSubstr("cannot be a command's name"));
  EXPECT_THAT(fault({.profile = {.name = "claude"}, .from = "zai"}), HasSubstr("would hide the program of that name"));
  EXPECT_THAT(fault({.profile = {.name = "big"}}), HasSubstr("--from PROVIDER"));
  EXPECT_EQ(fault({.profile = {.name = "big"}, .from = "zay"}), "no provider is called \"zay\"; did you mean \"zai\"?");
  EXPECT_EQ(fault({.profile = {.name = "zai"}, .from = "zai"}), "a provider is called \"zai\" already; give the profile another name");
  EXPECT_EQ(fault({.profile = {.name = "big", .env = {{"A B", "1"}}}, .from = "zai"}), "\"A B\" is not the name of a variable");
  EXPECT_EQ(fault({.profile = {.name = "big", .claude_version = "newest"}, .from = "zai"}),
            "\"newest\" is no version; write X.Y.Z, latest or stable");
  program(path("bin/npm"), "echo 'no network' >&2; exit 1\n");
  EXPECT_EQ(fault({.profile = {.name = "big", .claude_version = "2.1.1"}, .from = "zai"}),
            "npm could not install Claude Code 2.1.1:\n  no network");
  EXPECT_FALSE(has(".config") || has(".local") || has("state/claude"));
}

TEST_F(Variant, files_of_others_are_not_overwritten) {
  program(path(".local/bin/big"), "echo mine\n");
  EXPECT_EQ(fault({.profile = {.name = "big"}, .from = "zai"}),
            path(".local/bin/big") + " is there already, and no variant's; mend: another name, or --bin-dir FOLDER");
  EXPECT_FALSE(has(".config"));
  fs::create_symlink("/nowhere", path(".local/bin/dangling"));
  EXPECT_THAT(fault({.profile = {.name = "dangling"}, .from = "zai"}), HasSubstr("is there already"));
  create({.profile = {.name = "big"}, .from = "zai", .bin_dir = path("other")});
  EXPECT_THAT(fault({.profile = {.name = "big"}, .from = "zai", .bin_dir = path("third")}), StartsWith("there is a variant big already"));
  configure("providers: { zai: {} }\nprofiles: { heavy: { provider: zai } }\n");
  EXPECT_THAT(fault({.profile = {.name = "heavy"}, .from = "heavy"}), HasSubstr("penstock.yaml has a profile heavy already"));
  EXPECT_EQ(read(path(".local/bin/big")), "#!/bin/sh\necho mine\n");
}

TEST_F(Variant, a_command_that_cannot_be_reached_is_told) {
  const auto warnings = [&](VariantWish wish) { return create_variant(wish, ground()).value().warnings; };
  EXPECT_THAT(warnings({.profile = {.name = "a"}, .from = "zai", .bin_dir = path("apart")}),
              ElementsAre(path("apart") + " is not in PATH: so a does not start it yet; its full path does"));
  program(path("bin/b"), "echo another\n");
  EXPECT_THAT(warnings({.profile = {.name = "b"}, .from = "zai"}),
              ElementsAre(path("bin/b") + " comes first in PATH: so b does not start it yet; its full path does"));
  EXPECT_EQ(look_at_variant(variant("b"), ground()).command.state, path("bin/b") + " comes first in PATH");
}

TEST_F(Variant, update_follows_the_channel_and_leaves_the_rest) {
  create({.profile = {.name = "big", .claude_version = "latest"}, .from = "zai"});
  const std::string mine =
      "# my own words\nprovider: zai   # why\nclaude_version: \"2.1.9\"\nclaude_channel: latest\ncommand: " + path(".local/bin/big");
  std::ofstream(file("big")) << mine;
  fs::remove(path(".local/bin/big"));
  channels("2.1.9", "2.2.0");
  const auto made = update_variant(variant("big"), "", ground());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->profile.claude_version, "2.2.0");
  EXPECT_EQ(read(file("big")), "# my own words\nprovider: zai   # why\nclaude_version: \"2.2.0\"\nclaude_channel: latest\ncommand: " +
                                   path(".local/bin/big") + "\n");
  EXPECT_TRUE(is_variant_script(path(".local/bin/big"))) << "the script is made again";
  EXPECT_THAT(remove_unused_versions(variants_of(ground()), ground()), ElementsAre("2.1.9"));

  ASSERT_TRUE(update_variant(variant("big"), "2.1.1", ground()));
  EXPECT_EQ(variant("big").claude_version, "2.1.1");
  EXPECT_EQ(variant("big").claude_channel, "") << "a version of one's own choice stays";
  channels("2.1.9", "2.3.0");
  ASSERT_TRUE(update_variant(variant("big"), "", ground()));
  EXPECT_EQ(variant("big").claude_version, "2.1.1");
  ASSERT_TRUE(update_variant(variant("big"), "stable", ground()));
  EXPECT_EQ(variant("big").claude_version, "2.1.9");
  ASSERT_TRUE(update_variant(variant("big"), "none", ground()));
  EXPECT_EQ(variant("big").claude_version + variant("big").claude_channel, "");
  EXPECT_THAT(read(file("big")), StartsWith("# my own words\nprovider: zai   # why\n"));
}

TEST_F(Variant, a_file_in_another_style_is_left_alone) {
  create({.profile = {.name = "big", .claude_version = "latest"}, .from = "zai"});
  const std::string mine = "{ provider: zai, claude_version: 2.1.9, claude_channel: latest, command: " + path(".local/bin/big") + " }\n";
  std::ofstream(file("big")) << mine;
  ASSERT_TRUE(update_variant(variant("big"), "", ground())) << "nothing to change";
  channels("2.1.9", "2.2.0");
  EXPECT_FALSE(update_variant(variant("big"), "", ground()));
  EXPECT_EQ(read(file("big")), mine);
}

TEST_F(Variant, a_profile_of_the_configuration_file_gets_its_version) {
  configure("providers: { zai: {} }\nprofiles: { heavy: { provider: zai, claude_version: latest }, light: { provider: zai } }\n");
  const auto now = ground();
  ASSERT_TRUE(update_variant(config_.profiles[0], "", now));
  EXPECT_TRUE(find_claude(now.install.environment, path("state"), "latest")) << "as penstock run looks for it";
  ASSERT_TRUE(update_variant(config_.profiles[1], "", now));
  EXPECT_THAT(update_variant(config_.profiles[1], "2.1.1", now).error().message, HasSubstr("change claude_version there"));
  EXPECT_FALSE(has(".local") || has(".config"));
  EXPECT_THAT(remove_unused_versions(config_.profiles, now), IsEmpty());
}

TEST_F(Variant, remove_takes_what_is_its_own) {
  const auto big = create({.profile = {.name = "big"}, .from = "zai"});
  for (const auto* name : {"penstock-00.json", "settings.json", "themes/penstock-zai.json", "projects/-work/s.jsonl"}) {
    fs::create_directories(fs::path(path("state/claude/big/") + name).parent_path());
    std::ofstream(path("state/claude/big/") + name) << "{}";
  }
  const auto said = remove_variant(big, false, ground());
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, ElementsAre("removed " + path(".local/bin/big"), "removed " + file("big"),
                                 path("state/claude/big") + " stays, with its sessions and settings"));
  EXPECT_TRUE(has("state/claude/big/settings.json") && has("state/claude/big/projects/-work/s.jsonl"));
  EXPECT_FALSE(has("state/claude/big/penstock-00.json")) << "it may hold a token";
  EXPECT_FALSE(has("state/claude/big/themes"));
  EXPECT_THAT(remove_variant(big, true, ground()).value(), ElementsAre("removed " + path("state/claude/big")));
  EXPECT_THAT(remove_variant(big, true, ground()).value(), IsEmpty());
}

TEST_F(Variant, remove_leaves_what_is_not) {
  const auto apart = create({.profile = {.name = "apart", .config_dir = path("mine")}, .from = "zai"});
  const auto owner = create({.profile = {.name = "owner"}, .from = "zai"});
  const auto guest = create({.profile = {.name = "guest", .config_dir = path("state/claude/owner")}, .from = "zai"});
  program(apart.command, "echo mine now\n");
  EXPECT_THAT(remove_variant(apart, true, ground()).value(),
              ElementsAre(apart.command + " stays: it is no variant's", "removed " + file("apart"),
                          path("mine") +
                              " stays: it was chosen with --config-dir, another profile uses it, or it is not in Penstock's own folder"));
  EXPECT_TRUE(has("mine"));
  ASSERT_TRUE(remove_variant(guest, true, ground()));
  EXPECT_TRUE(has("state/claude/owner")) << "the owner still uses it";
  ASSERT_TRUE(remove_variant(owner, true, ground()));
  EXPECT_FALSE(has("state/claude/owner"));
}

TEST_F(Variant, a_folder_that_was_chosen_is_never_removed) {
  const auto inside = create({.profile = {.name = "inside", .config_dir = path("state/claude/mine")}, .from = "zai"});
  ASSERT_TRUE(remove_variant(inside, true, ground()));
  EXPECT_TRUE(has("state/claude/mine")) << "though it lies in our state folder";
  create({.profile = {.name = "hurt", .config_dir = path("state/claude/hurt")}, .from = "zai"});
  const auto before = ground();
  std::ofstream(file("hurt"), std::ios::app) << "nonsense: [\n";
  ASSERT_TRUE(remove_variant(nameless_variant("hurt", before), true, before));
  EXPECT_TRUE(has("state/claude/hurt"));
}

TEST_F(Variant, its_profile_is_sound_without_the_config_option_too) {
  auto now = ground();
  const auto usual =
      config::parse("providers: { only: { base_url: 'http://h' } }\n", "usual.yaml", {now.install.environment, {"kimi"}}).value();
  now.context.catalog_names = {"kimi"};
  now.usual = &usual;
  const VariantWish wish{.profile = {.name = "big"}, .from = "zai", .config_option = "/f.yaml"};
  EXPECT_THAT(create_variant(wish, now).error().message,
              HasSubstr("without --config, where profile files are read too (usual.yaml): no provider"));
  EXPECT_FALSE(has(".config"));
  now.usual = nullptr;
  EXPECT_TRUE(create_variant(wish, now));
  EXPECT_THAT(fault({.profile = {.name = "big2"}, .from = "zai", .config_option = "/a\nb"}), HasSubstr("line break"));
}

TEST_F(Variant, of_several_at_once_one_is_made) {
  const auto now = ground();
  std::atomic<int> made = 0;
  std::vector<std::jthread> calls;
  for (int i = 0; i < 8; ++i)
    calls.emplace_back([&, i] {
      const VariantWish wish{.profile = {.name = "big", .main = "zai/m" + std::to_string(i)}, .bin_dir = path("bin" + std::to_string(i))};
      made += create_variant(wish, now) ? 1 : 0;
    });
  calls.clear();
  EXPECT_EQ(made, 1);
  const auto big = variant("big");
  EXPECT_EQ(fs::path(big.command).parent_path().filename().string().substr(3), big.main.substr(5)) << "the file and the script are of one";
  EXPECT_TRUE(is_variant_script(big.command));
}

TEST_F(Variant, a_broken_profile_file_can_still_be_removed) {
  create({.profile = {.name = "big"}, .from = "zai"});
  const auto before = ground();
  std::ofstream(file("big")) << "provider: [\n";
  ASSERT_TRUE(remove_variant(nameless_variant("big", before), false, before));
  EXPECT_FALSE(fs::exists(file("big")) || has(".local/bin/big"));
}

TEST_F(Variant, its_parts_and_how_they_are) {
  const auto big = create({.profile = {.name = "big", .claude_version = "stable"}, .from = "zai"});
  auto state = look_at_variant(big, ground());
  EXPECT_EQ(state.command.state + state.file.state + state.config_dir.state + state.claude.state, "readyreadyreadyready");
  EXPECT_EQ(state.claude.path, path("state/claude-code/2.1.1/node_modules/.bin/claude"));
  fs::create_directories(path("state/claude/big/projects/-work"));
  for (const auto* name : {"a.jsonl", "b.jsonl", "notes.txt"}) std::ofstream(path("state/claude/big/projects/-work/") + name) << "{}";
  EXPECT_EQ(look_at_variant(big, ground()).sessions, 2U);
  fs::remove(big.command);
  fs::remove_all(path("state"));
  state = look_at_variant(big, ground());
  EXPECT_EQ(state.command.state, "missing; mend: penstock variant update big");
  EXPECT_EQ(state.config_dir.state, "not made yet");
  EXPECT_EQ(state.claude.state, "missing; mend: penstock variant update big");
}

TEST(variant, a_key_of_the_top_level_is_set) {
  EXPECT_EQ(with_key("a: 1\nkey: old # x\nb:\n  key: below\n", "key", "new"), "a: 1\nkey: \"new\"\nb:\n  key: below\n");
  EXPECT_EQ(with_key("a: 1", "key", "new"), "a: 1\nkey: \"new\"\n");
  EXPECT_EQ(with_key("keys: 1\n", "key", "new"), "keys: 1\nkey: \"new\"\n");
  EXPECT_EQ(with_key("key: 1\na: 1\n", "key", ""), "a: 1\n");
  EXPECT_EQ(with_key("a: 1\n", "key", ""), "a: 1\n");
  EXPECT_EQ(with_key("", "key", "v"), "key: \"v\"\n");
}

}  // namespace
}  // namespace penstock::launch
