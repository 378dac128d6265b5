#include "config/expand.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace penstock::config {
namespace {

Environment environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    static const std::map<std::string, std::string> kValues{
        {"A", "alpha"}, {"EMPTY", ""}, {"SPACED", " key\n"}, {"HOME", "/home/someone"}, {"TRAP", "file:/etc/passwd"}};
    const auto found = kValues.find(name);
    return found == kValues.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string expanded(std::string_view text) {
  const auto result = expand(text, environment());
  return result ? result->text : "fault: " + result.error();
}

/// A folder of its own that goes away with the test.
class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Folder() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& content, mode_t mode) {
    const auto path = folder_ / name;
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  Surroundings around() { return {environment(), folder_.string()}; }
  std::filesystem::path folder_;
};

TEST(Expand, ReplacesVariables) {
  EXPECT_EQ(expanded("x ${A}-${A} y"), "x alpha-alpha y");
  EXPECT_EQ(expanded("${NOPE:-plan b}"), "plan b");
  EXPECT_EQ(expanded("${EMPTY:-plan b}"), "plan b");
  EXPECT_EQ(expanded("${A:-plan b}"), "alpha");
  EXPECT_EQ(expanded("${NOPE:-}"), "");
  EXPECT_EQ(expanded("$A $ ${"), "fault: \"${\" is not closed; write ${NAME}, or $${ for the characters themselves");
  EXPECT_EQ(expanded("$A costs $5"), "$A costs $5");
}

TEST(Expand, TwoDollarsEscape) {
  EXPECT_EQ(expanded("$${A}"), "${A}");
  EXPECT_EQ(expanded("$${A} ${A}"), "${A} alpha");
}

TEST(Expand, AValueIsNotExpandedAgain) {
  const auto twice = [](const std::string&) { return std::optional<std::string>("${A}"); };
  EXPECT_EQ(expand("${B}", twice)->text, "${A}");
}

TEST(Expand, NamesUnsetVariables) {
  const auto result = expand("${NOPE}${A}${NADA}", environment());
  EXPECT_EQ(result->text, "alpha");
  EXPECT_EQ(result->unset, (std::vector<std::string>{"NOPE", "NADA"}));
  EXPECT_TRUE(expand("${EMPTY}", environment())->unset.empty());
}

TEST(Expand, FaultyReferences) {
  EXPECT_EQ(expanded("${}"), "fault: \"${}\" does not name a variable; write ${NAME} or ${NAME:-default}");
  EXPECT_EQ(expanded("${1A}"), "fault: \"${1A}\" does not name a variable; write ${NAME} or ${NAME:-default}");
  EXPECT_EQ(expanded("${A-x}"), "fault: \"${A-x}\" does not name a variable; write ${NAME} or ${NAME:-default}");
  EXPECT_EQ(expanded("${A:-${B}}"), "fault: references do not nest; write ${NAME:-default} with a plain default");
}

TEST_F(Folder, SecretsComeFromFilesAndVariables) {
  write("key", "  sk-1\r\n", 0600);
  EXPECT_EQ(expand_secret("file:key", around())->text, "sk-1");
  EXPECT_EQ(expand_secret("file:" + (folder_ / "key").string(), around())->text, "sk-1");
  EXPECT_EQ(expand_secret("os.environ/A", around())->text, "alpha");
  EXPECT_EQ(expand_secret("os.environ/SPACED", around())->text, "key");
  EXPECT_EQ(expand_secret("os.environ/NOPE", around())->unset, std::vector<std::string>{"NOPE"});
  EXPECT_EQ(expand_secret(" ${SPACED} ", around())->text, "key");
}

TEST_F(Folder, AVariableCannotPointToAFile) { EXPECT_EQ(expand_secret("${TRAP}", around())->text, "file:/etc/passwd"); }

TEST_F(Folder, AFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0660U, 0644U}) {
    const auto path = write("key", "sk-1", mode);
    EXPECT_EQ(expand_secret("file:key", around()).error(), "\"" + path + "\" can be read by others; run: chmod 600 " + path) << mode;
  }
}

TEST_F(Folder, UnfitFiles) {
  const std::string base = folder_.string();
  write("empty", " \n", 0600);
  write("large", std::string(70 << 10, 'x'), 0600);
  EXPECT_EQ(expand_secret("file:nope", around()).error(), "cannot read \"" + base + "/nope\": No such file or directory");
  EXPECT_EQ(expand_secret("file:empty", around()).error(), "\"" + base + "/empty\" is empty");
  EXPECT_EQ(expand_secret("file:large", around()).error(), "\"" + base + "/large\" is too large for a key");
  EXPECT_EQ(expand_secret("file:/dev/null", around()).error(), "\"/dev/null\" is not a file");
  EXPECT_EQ(expand_secret("file:", around()).error(), "file: names no file; write file:PATH");
  EXPECT_EQ(expand_secret("file:${NOPE}", around()).error(), "${NOPE} is not set, so the file is not known; set it");
}

TEST(Expand, PathsAreRelativeToTheFile) {
  const Surroundings around{environment(), "/etc/penstock"};
  EXPECT_EQ(resolve_path("~/keys/a", around), "/home/someone/keys/a");
  EXPECT_EQ(resolve_path("/abs", around), "/abs");
  EXPECT_EQ(resolve_path("ca.pem", around), "/etc/penstock/ca.pem");
  EXPECT_EQ(resolve_path("ca.pem", {environment(), ""}), "ca.pem");
}

}  // namespace
}  // namespace penstock::config
