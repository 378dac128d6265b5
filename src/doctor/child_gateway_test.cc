#include "doctor/child_gateway.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

/// Shell scripts in the place of the program; each writes into `folder_` what it was given.
class ChildGatewayTest : public testing::Test {
 protected:
  ChildGatewayTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-child-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ChildGatewayTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string program(const std::string& script) const {
    const std::string path = folder_ + "/program";
    std::ofstream(path) << "#!/bin/sh\nfolder=" + folder_ + "\n" + script + "\n";
    ::chmod(path.c_str(), 0700);
    return path;
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string folder_;
};

constexpr const char* kServes =
    "echo \"$@\" > $folder/arguments; echo $$ > $folder/pid; echo $PENSTOCK_STATE_DIR > $folder/state\n"
    "echo penstock; echo 'listening on http://127.0.0.1:4321'; exec cat /dev/zero";

TEST_F(ChildGatewayTest, serves_until_it_is_let_go) {
  auto gateway = ChildGateway::start(program(kServes), "/etc/penstock.yaml");
  ASSERT_TRUE(gateway) << gateway.error().message;
  EXPECT_EQ((*gateway)->url(), "http://127.0.0.1:4321");
  EXPECT_EQ(text_of("arguments"), "serve --listen 127.0.0.1:0 --config /etc/penstock.yaml\n");
  std::string state = text_of("state");
  state.pop_back();
  EXPECT_TRUE(std::filesystem::is_directory(state));
  const auto pid = std::stoi(text_of("pid"));
  gateway->reset();
  EXPECT_EQ(::kill(pid, 0), -1) << "it has ended, although it never stopped writing";
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(ChildGatewayTest, without_a_configuration) {
  ASSERT_TRUE(ChildGateway::start(program(kServes), ""));
  EXPECT_EQ(text_of("arguments"), "serve --listen 127.0.0.1:0\n");
}

TEST_F(ChildGatewayTest, one_that_does_not_start_says_why) {
  EXPECT_THAT(ChildGateway::start(program("echo 'no such key' >&2; exit 78"), "").error().message, HasSubstr("no such key"));
  EXPECT_THAT(ChildGateway::start(program("exit 1"), "").error().message, HasSubstr("did not start"));
  EXPECT_THAT(ChildGateway::start(folder_ + "/none", "").error().message, HasSubstr("cannot be run"));
}

}  // namespace
}  // namespace penstock::doctor
