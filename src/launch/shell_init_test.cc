#include "launch/shell_init.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

// What the real shells make of the functions and the block is tested in tests/e2e/shells.test.js.
namespace penstock::launch {
namespace {

constexpr Shell kShells[] = {Shell::bash, Shell::zsh, Shell::fish};

std::string installed(std::string_view text, Shell shell = Shell::bash, const std::string& program = "penstock") {
  return install_block(text, shell, program).value();
}

TEST(ShellInit, WritesAFunctionForEachName) {
  const std::vector<std::string> names{"deepseek", "kimi-k3.1"};
  EXPECT_EQ(
      functions(Shell::bash, names, "/opt/my tools/penstock"),
      "if [[ ! -o posix ]]; then\n"
      "\\unalias claude-deepseek 2>/dev/null || :; function claude-deepseek { '/opt/my tools/penstock' run deepseek -- \"$@\"; };\n"
      "\\unalias claude-kimi-k3.1 2>/dev/null || :; function claude-kimi-k3.1 { '/opt/my tools/penstock' run kimi-k3.1 -- \"$@\"; };\n"
      "fi;\n");
  EXPECT_EQ(functions(Shell::fish, std::vector<std::string>{"kimi"}, "penstock"),
            "function 'claude-kimi' --description 'Claude Code on kimi'; command 'penstock' run 'kimi' -- $argv; end;\n");
}

TEST(ShellInit, LeavesOutNamesThatWouldBeCode) {
  const std::vector<std::string> names{"a b", "$(id)", "x;y", "", "it's", "a/b", "\xc3\xa4"};
  for (const Shell shell : kShells) EXPECT_EQ(functions(shell, names, "penstock"), "");
}

TEST(ShellInit, UninstallRestoresEveryByte) {
  for (const Shell shell : kShells)
    for (const char* text : {"", "\n", "\n\n", "a", "a\n", "a\n\n", "a\r\nb\r\n", "# >>> penstock\n", "\xff\xfe"}) {
      const auto with = installed(text, shell);
      EXPECT_NE(with, text);
      EXPECT_EQ(remove_block(with).value(), text) << with;
      EXPECT_EQ(installed(with, shell), with);
    }
}

TEST(ShellInit, TheBlockIsReplacedWhereItStands) {
  const std::string around = installed("a\n") + "b\n";
  const std::string moved = installed(around, Shell::bash, "/new/penstock");
  EXPECT_TRUE(moved.starts_with("a\n\n# >>> penstock >>>\n")) << moved;
  EXPECT_TRUE(moved.ends_with("# <<< penstock <<<\nb\n")) << moved;
  EXPECT_NE(moved.find("'/new/penstock'"), std::string::npos);
  EXPECT_EQ(remove_block(moved).value(), "a\nb\n");
}

TEST(ShellInit, TextBehindTheBlockKeepsItsOwnLine) {
  EXPECT_EQ(remove_block(installed("a") + "b\n").value(), "a\nb\n");
  EXPECT_EQ(remove_block(installed("a\n") + "b").value(), "a\nb");
  EXPECT_EQ(remove_block(installed("") + "b\n").value(), "b\n");
}

TEST(ShellInit, SeveralBlocksBecomeOneAndGoTogether) {
  const std::string twice = installed("a\n") + "b\n\n" + installed("");
  EXPECT_EQ(installed(twice), installed("a\n") + "b\n");
  EXPECT_EQ(remove_block(twice).value(), "a\nb\n");
}

TEST(ShellInit, ADamagedBlockIsNamedByItsLine) {
  const struct {
    const char *text, *line;
  } damages[] = {{"a\n# >>> penstock >>>\nb\n", "line 2"},
                 {"a\nb\n# <<< penstock <<<", "line 3"},
                 {"# >>> penstock >>>\n# >>> penstock >>>\n# <<< penstock <<<\n", "line 1"},
                 {"# >>> penstock >>>\n# <<< penstock <<<\na\n  # >>> penstock >>>\r\n", "line 4"}};
  for (const auto& [text, line] : damages) {
    const auto without = remove_block(text);
    ASSERT_FALSE(without) << text;
    EXPECT_TRUE(without.error().message.starts_with(std::string(line) + ":")) << without.error().message;
  }
  EXPECT_FALSE(install_block(damages[0].text, Shell::zsh, "penstock"));
}

config::Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(ShellInit, KnowsTheFileOfEachShell) {
  const auto plain = environment_of({{"HOME", "/h"}, {"ZDOTDIR", ""}});
  EXPECT_EQ(rc_path(Shell::bash, plain), "/h/.bashrc");
  EXPECT_EQ(rc_path(Shell::zsh, plain), "/h/.zshrc");
  EXPECT_EQ(rc_path(Shell::fish, plain), "/h/.config/fish/config.fish");
  const auto moved = environment_of({{"HOME", "/h"}, {"ZDOTDIR", "/z"}, {"XDG_CONFIG_HOME", "/x"}});
  EXPECT_EQ(rc_path(Shell::zsh, moved), "/z/.zshrc");
  EXPECT_EQ(rc_path(Shell::fish, moved), "/x/fish/config.fish");
  EXPECT_FALSE(rc_path(Shell::bash, environment_of({})));
}

TEST(ShellInit, FaultsNameTheFile) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "penstock_shell_init";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / ".bashrc") << "# >>> penstock >>>\n";
  const auto environment = environment_of({{"HOME", folder.string()}});
  for (const auto& edited : {install_in_rc(Shell::bash, environment, "penstock"), remove_from_rc(Shell::bash, environment)}) {
    ASSERT_FALSE(edited);
    EXPECT_TRUE(edited.error().message.starts_with((folder / ".bashrc").string() + ": line 1:")) << edited.error().message;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::launch
