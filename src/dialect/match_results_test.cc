#include "dialect/match_results.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace penstock::dialect {
namespace {

struct Call {
  const llm::ToolCall* call = nullptr;
  const llm::ToolResult* result = nullptr;
};

llm::ToolCall call_with(std::string_view id) {
  llm::ToolCall call;
  call.id = {id};
  return call;
}

llm::Message results_for(const std::vector<std::string_view>& ids) {
  llm::Message message;
  for (const auto id : ids) {
    llm::ToolResult result;
    result.id = {id};
    message.parts.push_back({std::move(result)});
  }
  return message;
}

const llm::ToolResult* result_at(const llm::Message& message, std::size_t i) { return std::get_if<llm::ToolResult>(&message.parts[i].is); }

TEST(MatchResults, TheFirstCallWithoutAResultIsAnswered) {
  const auto a = call_with("a"), again = call_with("a"), b = call_with("b"), c = call_with("c");
  std::vector<Call> calls{{&a}, {&b}, {&again}, {&c}};
  const std::vector<llm::Message> messages{results_for({"b", "a"}), results_for({"a", "a", "z"})};
  const auto answers = match_results<Call>(messages, calls);
  EXPECT_EQ(calls[0].result, result_at(messages[0], 1));
  EXPECT_EQ(calls[1].result, result_at(messages[0], 0));
  EXPECT_EQ(calls[2].result, result_at(messages[1], 0));
  EXPECT_EQ(calls[3].result, nullptr);
  EXPECT_EQ(answers, (Answers{calls[0].result, calls[1].result, calls[2].result}));  // a third `a` and `z` are nobody's
}

/// One by one it would take twenty thousand million comparisons.
TEST(MatchResults, ManyCallsTakeTimeInProportion) {
  constexpr std::size_t kMany = 200'000;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kMany; ++i) ids.push_back("toolu_that_has_a_long_beginning_" + std::to_string(i));
  std::vector<llm::ToolCall> made;
  for (const auto& id : ids) made.push_back(call_with(id));
  std::vector<Call> calls;
  for (const auto& call : made) calls.push_back({&call});
  const std::vector<llm::Message> messages{results_for({ids.rbegin(), ids.rend()})};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(match_results<Call>(messages, calls).size(), kMany);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

}  // namespace
}  // namespace penstock::dialect
