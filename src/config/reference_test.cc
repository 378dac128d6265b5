#include "config/reference.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "config/fields.h"
#include "config/load.h"

namespace penstock::config {
namespace {

TEST(Reference, ThePageOnDiskIsUpToDate) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), reference_page()) << "refresh it: penstock config reference > docs/configuration.md";
}

TEST(Reference, TellsEveryKey) {
  const std::string page = reference_page();
  for (const Field& field : fields()) {
    if (field.help.starts_with("One of a chain")) continue;
    const bool top = field.path.find_first_of(".[@") == std::string_view::npos;
    const auto name = field.path.starts_with('@') ? field.path.substr(field.path.find('.') + 1) : field.path;
    EXPECT_TRUE(page.contains(top ? "\n## " + std::string(name) + "\n" : "\n| `" + std::string(name) + "` |")) << field.path;
    EXPECT_TRUE(page.contains(field.help)) << field.path;
  }
}

TEST(Reference, ItsExampleIsValid) {
  const std::string page = reference_page();
  const auto start = page.find("```yaml\n") + 8;
  const auto example = page.substr(start, page.find("```", start) - start);
  const auto config = parse(example, "example", {.environment = [](const std::string&) { return "value"; }, .catalog_names = {"deepseek"}});
  EXPECT_TRUE(config) << to_text(config.error().front());
}

}  // namespace
}  // namespace penstock::config
