#include "base/plain_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace penstock {
namespace {

using testing::HasSubstr;

TEST(plain_file, is_read_and_nothing_else_is) {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-plain-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data()), path = folder + "/file";
  EXPECT_EQ(read_plain_file(path, 5).value(), std::nullopt);
  EXPECT_EQ(read_plain_file(path + "/below", 5).value(), std::nullopt);
  std::ofstream(path) << "hello";
  EXPECT_EQ(read_plain_file(path, 5).value(), "hello");
  EXPECT_EQ(read_plain_file(path, 4).error().message, path + ": it is larger than 4 bytes");
  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0600), 0);
  for (const auto& other : {folder, folder + "/pipe", std::string("/dev/zero")})
    EXPECT_EQ(read_plain_file(other, 5).error().message, other + ": it is not a file");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock
