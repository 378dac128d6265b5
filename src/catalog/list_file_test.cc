#include "catalog/list_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::catalog {
namespace {

using testing::HasSubstr;

ProviderList example() {
  Model rich{.id = "z-ai/glm",
             .display_name = "GLM \"5\"",
             .window = 200'000,
             .max_output = 96'000,
             .price = {600'000, 2'200'000, 110'000, 600'000, true},
             .vision = false};
  Model plain{.id = "plain", .display_name = "plain"};
  return {"openrouter", "https://openrouter.ai/api", 1'795'132'800, {rich, plain}};
}

TEST(ListFile, ComesBackAsItWas) {
  const auto list = read_list(to_text(example()));
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->provider, "openrouter");
  EXPECT_EQ(list->base_url, "https://openrouter.ai/api");
  EXPECT_EQ(list->asked, 1'795'132'800);
  ASSERT_EQ(list->models.size(), 2U);
  const auto& rich = list->models[0];
  EXPECT_EQ(rich.id, "z-ai/glm");
  EXPECT_EQ(rich.display_name, "GLM \"5\"");
  EXPECT_EQ(rich.window, 200'000U);
  EXPECT_EQ(rich.max_output, 96'000U);
  EXPECT_FALSE(rich.vision);
  EXPECT_TRUE(rich.price.known);
  EXPECT_EQ(rich.price.cache_read, 110'000);
  EXPECT_EQ(rich.price.output, 2'200'000);
  EXPECT_EQ(rich.source, "the provider");
  EXPECT_EQ(rich.date, "2026-11-20");
  EXPECT_TRUE(list->models[1].vision);
  EXPECT_FALSE(list->models[1].price.known);
  EXPECT_EQ(to_text(*list), to_text(example()));
}

TEST(ListFile, ATornOneIsRefusedWhereverItWasCut) {
  const std::string whole = to_text(example());
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) EXPECT_FALSE(read_list(whole.substr(0, size))) << size;
}

TEST(ListFile, AForeignOneIsRefused) {
  for (const auto* text : {"", "null", "[]", "{}", R"({"data":[]})", R"({"penstock_models":2,"provider":"a","models":[]})",
                           R"({"penstock_models":1,"provider":"","models":[]})", R"({"penstock_models":1,"provider":"a","models":{}})",
                           R"({"penstock_models":1,"provider":"a","asked":9223372036854775807,"models":[]})"})
    EXPECT_FALSE(read_list(text)) << text;
}

TEST(ListFile, OddFactsAreLeftOut) {
  const auto list = read_list(R"({"penstock_models":1,"provider":"a","models":[{"id":"m","window":-5,"price":[1,2,3],"vision":"no"},{},7,
    {"id":"n","window":"x","price":[1,2,-3,4]}]})");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->models.size(), 2U);
  for (const auto& model : list->models) {
    EXPECT_EQ(model.window, 0U);
    EXPECT_FALSE(model.price.known);
    EXPECT_TRUE(model.vision);
  }
}

TEST(ListFile, Days) {
  EXPECT_EQ(day_of(0), "1970-01-01");
  EXPECT_EQ(day_of(1'795'132'800), "2026-11-20");
  EXPECT_EQ(day_of(253'402'300'799), "9999-12-31");
}

}  // namespace
}  // namespace penstock::catalog
