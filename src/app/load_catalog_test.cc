#include "app/load_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace penstock::app {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class LoadCatalogTest : public testing::Test {
 protected:
  LoadCatalogTest() : before_(fs::current_path()) {
    std::string pattern = (fs::temp_directory_path() / "penstock-catalog-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ + "/home/.config/penstock");
    fs::create_directories(folder_ + "/relative/penstock");
    std::ofstream(folder_ + "/relative/penstock/providers.yaml") << "nonsense";
    fs::current_path(folder_);
  }
  ~LoadCatalogTest() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  static std::string fault(std::map<std::string, std::string> variables) {
    const auto loaded = load_catalog([variables](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
    return loaded ? "" : loaded.error().message;
  }
  fs::path before_;
  std::string folder_;
};

TEST_F(LoadCatalogTest, the_users_rows_lie_with_the_configuration) {
  EXPECT_EQ(fault({}), "");
  EXPECT_EQ(fault({{"XDG_CONFIG_HOME", "relative"}}), "") << "a relative path counts as not set";
  EXPECT_THAT(fault({{"XDG_CONFIG_HOME", folder_ + "/relative"}}), HasSubstr("providers"));
  std::ofstream(folder_ + "/home/.config/penstock/models.yaml") << "nonsense";
  EXPECT_THAT(fault({{"XDG_CONFIG_HOME", "relative"}, {"HOME", folder_ + "/home"}}), HasSubstr("models"));
}

TEST_F(LoadCatalogTest, a_fault_names_its_file_and_line) {
  const auto path = folder_ + "/home/.config/penstock/";
  std::ofstream(path + "providers.yaml") << "own:\n  base_url: https://own.example\n";
  std::ofstream(path + "models.yaml") << "own: [ { id: m } ]\nminimax:\n  - { id: m, widow: 3 }\n";
  EXPECT_EQ(fault({{"HOME", folder_ + "/home"}}),
            path + "models.yaml: line 2: catalogue row \"minimax\": model \"m\" has an unknown key \"widow\"");
  std::ofstream(path + "providers.yaml") << "own: {}\n";
  EXPECT_THAT(fault({{"HOME", folder_ + "/home"}}), testing::StartsWith(path + "providers.yaml: line 1: "));
}

TEST_F(LoadCatalogTest, a_pipe_is_refused_and_not_waited_for) {
  const auto path = folder_ + "/home/.config/penstock/providers.yaml";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(fault({{"HOME", folder_ + "/home"}}), path + ": it is not a file");
}

}  // namespace
}  // namespace penstock::app
