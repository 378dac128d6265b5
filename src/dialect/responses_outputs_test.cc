#include "dialect/responses_outputs.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

constexpr auto kCall = OutputKind::call;

TEST(ResponsesOutputs, IndexAndIdTogetherName) {
  ResponsesOutputs items;
  auto& first = items.add(kCall, {0, "a"});
  auto& second = items.add(kCall, {0, "b"});  // some number everything 0
  EXPECT_NE(&first, &second);
  EXPECT_EQ(&items.at(kCall, {0, "a"}), &first);
  EXPECT_EQ(&items.at(kCall, {0, "b"}), &second);
}

TEST(ResponsesOutputs, TheSameAnnouncementTwice) {
  ResponsesOutputs items;
  auto& first = items.add(kCall, {0, "a"});
  EXPECT_EQ(&items.add(kCall, {0, "a"}), &first);
  first.done = true;
  EXPECT_NE(&items.add(kCall, {0, "a"}), &first);
}

TEST(ResponsesOutputs, IdsThatChange) {
  ResponsesOutputs items;
  auto& first = items.add(kCall, {0, "a"});
  auto& second = items.add(kCall, {1, "b"});
  EXPECT_EQ(&items.at(kCall, {0, "x"}), &first);
  EXPECT_EQ(&items.at(kCall, {1, "y"}), &second);
}

TEST(ResponsesOutputs, NoIndex) {
  ResponsesOutputs items;
  auto& first = items.add(kCall, {{}, "a"});
  auto& second = items.add(kCall, {{}, "b"});
  EXPECT_EQ(&items.at(kCall, {{}, "a"}), &first);
  EXPECT_EQ(&items.at(kCall, {{}, {}}), &second);
  EXPECT_EQ(&items.at(kCall, {7, "a"}), &first);
  EXPECT_EQ(first.index, 7);
}

TEST(ResponsesOutputs, WithoutAnyName) {
  ResponsesOutputs items;
  auto& first = items.at(kCall, {});
  EXPECT_EQ(&items.at(kCall, {}), &first);
  first.done = true;
  EXPECT_NE(&items.at(kCall, {}), &first);
  EXPECT_NE(&items.at(OutputKind::message, {}), &first);
}

TEST(ResponsesOutputs, ADoneItemIsNotTakenForAnother) {
  ResponsesOutputs items;
  auto& first = items.add(kCall, {0, "a"});
  first.done = true;
  EXPECT_EQ(&items.at(kCall, {0, {}}), &first);  // a late piece of it
  EXPECT_NE(&items.at(kCall, {0, "b"}), &first);
}

TEST(ResponsesOutputs, CountedByKind) {
  ResponsesOutputs items;
  auto& message = items.add(OutputKind::message, {0, {}});
  auto& call = items.add(kCall, {1, {}});
  EXPECT_EQ(items.nth(kCall, 0), &call);
  EXPECT_EQ(items.nth(kCall, 1), nullptr);
  EXPECT_EQ(items.last(OutputKind::message), &message);
}

}  // namespace
}  // namespace penstock::dialect
