#include "launch/theme.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "catalog/catalog.h"

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;

gateway::Upstream provider(const std::string& name, const std::string& brand = "") {
  gateway::Upstream upstream;
  upstream.name = name;
  upstream.display_name = name + " Ltd";
  upstream.brand = brand;
  return upstream;
}

Selection selection(const gateway::Upstream& upstream) {
  Selection made;
  made.name = upstream.name;
  made.provider = &upstream;
  return made;
}

Selection with_theme(const gateway::Upstream& upstream, const std::string& theme) {
  auto made = selection(upstream);
  made.profile = config::Profile{.name = "p", .theme = theme};
  return made;
}

TEST(theme, a_provider_has_its_brand) {
  const auto upstream = provider("deepseek", "#4d6bfe");
  const auto theme = theme_of(selection(upstream), "light");
  EXPECT_EQ(theme.setting, "custom:penstock-deepseek");
  EXPECT_EQ(theme.slug, "penstock-deepseek");
  EXPECT_EQ(theme.text,
            R"({"name":"deepseek Ltd","base":"light","overrides":{"claude":"#4d6bfe","claudeShimmer":"#94a6fe","clawd_body":"#4d6bfe",)"
            R"("briefLabelClaude":"#4d6bfe","promptBorder":"#4d6bfe","promptBorderShimmer":"#94a6fe"}})"
            "\n");
}

TEST(theme, a_profile_chooses) {
  const auto upstream = provider("zai", "#d4a017");
  EXPECT_EQ(theme_of(with_theme(upstream, "brand"), "dark").setting, "custom:penstock-zai");
  EXPECT_EQ(theme_of(with_theme(upstream, ""), "dark").setting, "");
  EXPECT_EQ(theme_of(with_theme(upstream, "none"), "dark").setting, "");
  const auto other = theme_of(with_theme(upstream, "light-daltonized"), "dark");
  EXPECT_EQ(other.setting, "light-daltonized");
  EXPECT_EQ(other.slug, "");
}

TEST(theme, nothing_where_it_would_harm_or_mislead) {
  const auto upstream = provider("zai");
  EXPECT_EQ(theme_of(selection(upstream), "").setting, "") << "no base";
  auto anthropic = provider("claude");
  anthropic.transparent = true;
  EXPECT_EQ(theme_of(selection(anthropic), "dark").setting, "");
  EXPECT_EQ(theme_of(Selection{}, "dark").setting, "") << "no provider";
}

TEST(theme, without_a_brand_the_name_decides) {
  const auto one = provider("my-vllm"), same = provider("my-vllm"), other = provider("my-other");
  EXPECT_EQ(theme_of(selection(one), "dark").text, theme_of(selection(same), "dark").text);
  EXPECT_NE(theme_of(selection(one), "dark").text.substr(30), theme_of(selection(other), "dark").text.substr(30));
}

/// Relative luminance and contrast as WCAG 2 has them.
double luminance(const std::string& colour) {
  constexpr std::array kWeights{0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double part = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    sum += kWeights[i] * (part <= 0.03928 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
  }
  return sum;
}

TEST(theme, the_catalogues_brands_are_legible_on_black_and_on_white) {
  const auto catalog = catalog::builtin();
  ASSERT_TRUE(catalog) << catalog.error().message;
  for (const auto& row : catalog->providers) {
    if (row.name == "anthropic") continue;
    ASSERT_FALSE(row.brand.empty()) << row.name;
    EXPECT_GT(1.05 / (luminance(row.brand) + 0.05), 2.3) << row.name;
    EXPECT_GT((luminance(row.brand) + 0.05) / 0.05, 4.5) << row.name;
  }
}

class ThemeFiles : public testing::Test {
 protected:
  ThemeFiles() {
    std::string pattern = (fs::temp_directory_path() / "penstock-theme-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ThemeFiles() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string base(std::map<std::string, std::string> variables = {}) {
    variables.try_emplace("HOME", folder_ + "/home");
    const auto environment = [&](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    return base_theme(environment, folder_ + "/cfg");
  }

  std::string folder_;
};

TEST_F(ThemeFiles, the_base_is_what_the_user_has) {
  EXPECT_EQ(base(), "dark");
  write("home/.claude.json", R"({"theme":"light"})");
  EXPECT_EQ(base(), "light");
  write("home/.claude/settings.json", R"({"theme":"light-ansi"})");
  EXPECT_EQ(base(), "light-ansi") << "newer versions keep it there";
  write("elsewhere/.claude.json", R"({"theme":"dark-daltonized"})");
  EXPECT_EQ(base({{"CLAUDE_CONFIG_DIR", folder_ + "/elsewhere"}}), "dark-daltonized");
  write("cfg/.claude.json", R"({"theme":"light-daltonized"})");
  EXPECT_EQ(base(), "light-daltonized") << "chosen in this folder";
  write("cfg/settings.json", "{ broken");
  EXPECT_EQ(base(), "light-daltonized");
  write("cfg/settings.json", R"({"theme":["x"]})");
  EXPECT_EQ(base(), "light-daltonized");
}

TEST_F(ThemeFiles, auto_and_custom_themes_stand_on_a_real_one) {
  write("home/.claude.json", R"({"theme":"auto"})");
  EXPECT_EQ(base(), "") << "nothing tells";
  EXPECT_EQ(base({{"COLORFGBG", "15;0"}}), "dark");
  EXPECT_EQ(base({{"COLORFGBG", "0;default;15"}}), "light");
  EXPECT_EQ(base({{"COLORFGBG", "0;default"}}), "");
  write("home/.claude.json", R"({"theme":"custom:mine"})");
  EXPECT_EQ(base(), "dark");
  write("home/.claude/themes/mine.json", R"({"name":"Mine","base":"light"})");
  EXPECT_EQ(base(), "light");
  write("home/.claude.json", R"({"theme":"custom:../mine"})");
  EXPECT_EQ(base(), "dark");
  write("home/.claude.json", R"({"theme":"solarized"})");
  EXPECT_EQ(base(), "dark");
}

TEST_F(ThemeFiles, written_once_and_removed_without_a_trace) {
  const std::string config_dir = folder_ + "/cfg", file = config_dir + "/themes/penstock-zai.json";
  const Theme theme{"custom:penstock-zai", "penstock-zai", "{}\n"};
  ASSERT_TRUE(write_theme(theme, config_dir));
  const auto first = fs::last_write_time(file);
  fs::last_write_time(file, first - std::chrono::hours(1));
  ASSERT_TRUE(write_theme(theme, config_dir));
  EXPECT_EQ(fs::last_write_time(file), first - std::chrono::hours(1)) << "the same text is not written again";
  ASSERT_TRUE(write_theme({"dark", {}, {}}, config_dir));
  write("cfg/themes/mine.json", "{}");
  ASSERT_TRUE(remove_themes(config_dir));
  EXPECT_FALSE(fs::exists(file));
  EXPECT_TRUE(fs::exists(config_dir + "/themes/mine.json"));
  fs::remove(config_dir + "/themes/mine.json");
  ASSERT_TRUE(remove_themes(config_dir));
  EXPECT_FALSE(fs::exists(config_dir + "/themes"));
  EXPECT_TRUE(remove_themes(folder_ + "/nowhere"));
}

}  // namespace
}  // namespace penstock::launch
