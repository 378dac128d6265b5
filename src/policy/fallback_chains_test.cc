#include "policy/fallback_chains.h"

#include <gtest/gtest.h>

namespace penstock::policy {
namespace {

/// `a+b` leads to the targets a and b, `-` nowhere.
TargetList lookup(std::string_view name) {
  TargetList out;
  for (const char c : name)
    if (c != '+' && c != '-') out.push_back({{"p", std::string(1, c), 1}, static_cast<std::uint64_t>(c)});
  return out;
}

std::string shown(const TargetList* list) {
  std::string out;
  if (list == nullptr) return "none";
  for (const auto& target : *list) out += target.model;
  return out;
}

TEST(FallbackChains, TheFirstNameWithAChainCounts) {
  const FallbackChains chains({{"glm", {"a+b", "b+c"}}, {"p/x", {"d"}}, {"*", {"e"}}, {"dead", {"-"}}}, lookup);
  EXPECT_EQ(shown(chains.find({"glm", "p/x"})), "abc") << "in order, none twice";
  EXPECT_EQ(shown(chains.find({"other", "p/x"})), "d");
  EXPECT_EQ(shown(chains.find({"other"})), "e");
  EXPECT_EQ(shown(chains.find({"dead"})), "e") << "a chain that leads nowhere is none";
  EXPECT_EQ(shown(chains.named("other")), "none");
  EXPECT_FALSE(chains.empty());
}

TEST(FallbackChains, WithoutAnyThereIsNone) {
  EXPECT_TRUE(FallbackChains().empty());
  EXPECT_EQ(shown(FallbackChains().find({"glm"})), "none");
  EXPECT_EQ(shown(FallbackChains({{"glm", {"a"}}}, lookup).find({"x"})), "none");
}

TEST(FallbackChains, ListsStayWhereTheyAre) {
  FallbackChains first({{"glm", {"a"}}, {"*", {"b"}}}, lookup);
  const auto *named = first.find({"glm"}), *others = first.find({"x"});
  const FallbackChains second = std::move(first);
  EXPECT_EQ(second.find({"glm"}), named);
  EXPECT_EQ(second.find({"x"}), others);
}

}  // namespace
}  // namespace penstock::policy
