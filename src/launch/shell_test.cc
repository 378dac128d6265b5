#include "launch/shell.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

namespace penstock::launch {
namespace {

TEST(Shell, IsNamedByNameOrPath) {
  EXPECT_EQ(parse_shell("bash"), Shell::bash);
  EXPECT_EQ(parse_shell("/usr/bin/zsh"), Shell::zsh);
  EXPECT_EQ(parse_shell("fish"), Shell::fish);
  for (const char* other : {"", "sh", "fish ", "bash/", "Bash"}) EXPECT_FALSE(parse_shell(other)) << other;
}

TEST(Shell, QuotesPlainText) {
  EXPECT_EQ(quote(Shell::bash, ""), "''");
  EXPECT_EQ(quote(Shell::bash, "$HOME `x` \"!*\\ \xc3\xa4"), "'$HOME `x` \"!*\\ \xc3\xa4'");
  EXPECT_EQ(quote(Shell::zsh, "it's"), "'it'\\''s'");
  EXPECT_EQ(quote(Shell::fish, "it's \\n $x"), "'it\\'s \\\\n $x'");
}

TEST(Shell, WritesControlCharactersAsEscapes) {
  EXPECT_EQ(quote(Shell::bash, "a\n'b'!\\\x7f"), "$'a\\012\\'b\\'\\041\\\\\\177'");
  EXPECT_EQ(quote(Shell::fish, "a\nb"), "'a'\\x0a'b'");
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish})
    for (int c = 0; c < ' '; ++c)
      EXPECT_EQ(quote(shell, std::string(1, static_cast<char>(c))).find(static_cast<char>(c)), std::string::npos);
}

TEST(Shell, LeavesOutWhatNoArgumentCanHold) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(quote(Shell::zsh, text), "$'ab'");
  EXPECT_EQ(quote(Shell::fish, text), "'ab'");
}

TEST(Shell, ExportsAndUnsets) {
  EXPECT_EQ(export_line(Shell::bash, "A_1", "x y"), "export A_1='x y';\n");
  EXPECT_EQ(export_line(Shell::fish, "A_1", "x\ny"), "set -gx A_1 'x'\\x0a'y';\n");
  EXPECT_EQ(unset_line(Shell::zsh, "A_1"), "unset -v A_1;\n");
}

TEST(Shell, ANameIsNeverCode) {
  for (const char* name : {"", "1A", "A B", "A;id", "A$(id)", "A=B", "\xc3\xa4", "A\n"}) {
    EXPECT_FALSE(is_variable_name(name)) << name;
    EXPECT_EQ(export_line(Shell::bash, name, "x"), "") << name;
    EXPECT_EQ(unset_line(Shell::fish, name), "") << name;
  }
}

// --- the real shells (./dev test installs them) ---

/// What the shell prints for the script, with no rc files and an empty home.
std::string run(Shell shell, const std::string& script, const std::string& locale) {
  std::string folder = testing::TempDir() + "penstock_shell_XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return "(no folder)";
  std::ofstream(folder + "/script", std::ios::binary) << script;
  const char* flags = shell == Shell::bash ? "--norc" : shell == Shell::zsh ? "-f" : "";
  const auto command =
      fmt::format("env -i HOME={0} PATH=\"$PATH\" LC_ALL={1} timeout 60 {2} {3} {0}/script 2>&1", folder, locale, name(shell), flags);
  std::string output;
  if (std::FILE* pipe = ::popen(command.c_str(), "r")) {
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
    ::pclose(pipe);
  }
  std::filesystem::remove_all(folder);
  return output;
}

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> pieces{"'",
                                               "\"",
                                               "\\",
                                               "!",
                                               "$x",
                                               "`",
                                               "\n",
                                               "\t",
                                               "\r",
                                               "\x01",
                                               "\x1b",
                                               "\x7f",
                                               " ",
                                               "*",
                                               "?",
                                               "[a]",
                                               "{",
                                               "}",
                                               "~",
                                               "#",
                                               "%",
                                               "=",
                                               ";",
                                               "&",
                                               "|",
                                               "(",
                                               ")",
                                               "<",
                                               ">",
                                               "^",
                                               "-",
                                               "a",
                                               "0",
                                               "x41",
                                               "\xc3\xa4",
                                               "\xe8\xaa\x9e",
                                               "\xf0\x9f\x98\x80",
                                               "\xef\xbb\xbf",
                                               "\xef\x98\x93",
                                               "\xff",
                                               "\xc3"};
  std::string text;
  const std::size_t length = random() % 12;
  for (std::size_t i = 0; i < length; ++i) text += pieces[random() % pieces.size()];
  return text;
}

TEST(Shell, RealShellsReadBackWhatWasQuoted) {
  std::mt19937 random(20261120);
  std::vector<std::string> texts{"", "-n", "--", "~", "=ls", "a\n", "\n", "!!", "$'x'", "''", "'''", "\\'", "\\\\", "\\x41"};
  for (int byte = 1; byte < 256; ++byte) texts.emplace_back(1, static_cast<char>(byte));
  for (int i = 0; i < 500; ++i) texts.push_back(random_text(random));
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    std::string script, wanted;
    for (const auto& text : texts) {
      script += fmt::format("printf '%s\\0' {}\n", quote(shell, text));
      wanted += text + '\0';
    }
    for (const char* locale : {"C.UTF-8", "C"}) EXPECT_EQ(run(shell, script, locale), wanted) << name(shell) << " in " << locale;
  }
}

TEST(Shell, RealShellsExportAndForget) {
  const std::string value = "it's\n\t$HOME `id` \\n \"\xc3\xa4\" !", show = "printenv PENSTOCK_X\n";
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    const std::string exported = export_line(shell, "PENSTOCK_X", value), forgotten = unset_line(shell, "PENSTOCK_X");
    const std::string strict = shell == Shell::fish ? "" : "set -eu\n";
    EXPECT_EQ(run(shell, strict + forgotten + exported + show, "C.UTF-8"), value + "\n") << name(shell);
    EXPECT_EQ(run(shell, strict + exported + forgotten + "env | grep PENSTOCK_X || echo none\n", "C.UTF-8"), "none\n") << name(shell);
    std::string joined = exported + exported + show;  // as an eval without quotes has it
    std::ranges::replace(joined, '\n', ' ');
    EXPECT_EQ(run(shell, joined, "C.UTF-8"), value + "\n") << name(shell);
  }
}

TEST(Shell, FishKeepsTheUsersUniversalVariable) {
  const std::string script =
      "set -Ux PENSTOCK_X theirs\n" + unset_line(Shell::fish, "PENSTOCK_X") + "printenv PENSTOCK_X\nset -S PENSTOCK_X | grep -c theirs\n";
  EXPECT_EQ(run(Shell::fish, script, "C.UTF-8"), "\n1\n");
}

TEST(ShellQuotes, PosixKnowsNoEscapes) { EXPECT_EQ(quote_posix("it's\ta\n\\b"), "'it'\\''s\ta\n\\b'"); }

}  // namespace
}  // namespace penstock::launch
