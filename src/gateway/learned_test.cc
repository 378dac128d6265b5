#include "gateway/learned.h"

#include <gtest/gtest.h>

namespace penstock::gateway {
namespace {

TEST(Learned, tells_of_a_change_only_when_there_is_one) {
  Learned learned;
  int changes = 0;
  learned.on_change([&] { ++changes; });
  EXPECT_TRUE(learned.of("a/m").empty());
  learned.add("a/m", {"tool_choice", "auto_only"});
  learned.add("a/m", {"tool_choice", "auto_only"});
  EXPECT_EQ(changes, 1) << "every request says again what it was sent with";
  learned.add("a/m", {"tool_choice", "strip"});
  learned.add("a/m", {"temperature", "strip"});
  EXPECT_EQ(changes, 3);
  EXPECT_EQ(learned.of("a/m"), (std::vector<policy::Repair>{{"tool_choice", "strip"}, {"temperature", "strip"}}))
      << "the stronger one stands";
  EXPECT_TRUE(learned.of("a/other").empty());
}

TEST(Learned, keeps_the_date_of_what_is_known) {
  Learned learned;
  learned.change([](Lessons& all) { all["a/m"] = {{{"thinking_mode", "drop"}, 1000}}; });
  learned.add("a/m", {"thinking_mode", "drop"});
  EXPECT_EQ(learned.all().at("a/m").front().since, 1000);
  learned.change([](Lessons& all) { all.clear(); });
  EXPECT_TRUE(learned.of("a/m").empty());
  learned.add("a/m", {"thinking_mode", "drop"});
  EXPECT_GT(learned.all().at("a/m").front().since, 1'700'000'000);
}

TEST(Learned, has_a_bound) {
  Learned learned;
  for (std::size_t i = 0; i <= Learned::kMost; ++i) learned.add("a/" + std::to_string(i), {"temperature", "strip"});
  EXPECT_EQ(learned.all().size(), Learned::kMost);
  learned.add("a/0", {"top_p", "strip"});
  EXPECT_EQ(learned.of("a/0").size(), 2U) << "those that are known may still learn";
}

}  // namespace
}  // namespace penstock::gateway
