#include "launch/own_program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;

config::Environment with_path(std::string path) {
  return [path = std::move(path)](const std::string& name) { return name == "PATH" ? std::optional(path) : std::nullopt; };
}

TEST(OwnProgram, IsTheBareNameOnlyWhenPathFindsThisFileFirst) {
  std::string folder = testing::TempDir() + "penstock_own_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const fs::path self = fs::read_symlink("/proc/self/exe");
  fs::create_directories(folder + "/ours");
  fs::create_directories(folder + "/other");
  fs::create_symlink(self, folder + "/ours/penstock");
  fs::create_symlink("/bin/true", folder + "/other/penstock");
  EXPECT_EQ(own_program(with_path(folder + "/none:" + folder + "/ours:" + folder + "/other")), "penstock");
  EXPECT_EQ(own_program(with_path(folder + "/other:" + folder + "/ours")), self.string());
  EXPECT_EQ(own_program(with_path("")), self.string());
  fs::remove_all(folder);
}

}  // namespace
}  // namespace penstock::launch
