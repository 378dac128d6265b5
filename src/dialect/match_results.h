// Which result answers which call: one rule for every dialect that writes a history.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "llm/request.h"

namespace penstock::dialect {

/// The results that answer a call. They point into the request.
using Answers = std::unordered_set<const llm::ToolResult*>;

/// Gives each result of the messages to the first call with its id that has none, and says which results have one. `Call` has `call` (of
/// what the model called) and `result` (null until it is found); both point into the request.
template <typename Call>
Answers match_results(std::span<const llm::Message> messages, std::vector<Call>& calls) {
  // By id: the first call without a result, and behind it (`next`) those with the same id; `calls.size()` is none.
  std::unordered_map<std::string_view, std::size_t> first;
  std::vector<std::size_t> next(calls.size());
  for (auto i = calls.size(); i-- > 0;) {
    auto& at = first.try_emplace(calls[i].call->id.written, calls.size()).first->second;
    next[i] = std::exchange(at, i);
  }
  Answers answers;
  for (const auto& message : messages)
    for (const auto& part : message.parts) {
      const auto* const result = std::get_if<llm::ToolResult>(&part.is);
      const auto open = result == nullptr ? first.end() : first.find(result->id.written);
      if (open == first.end() || open->second == calls.size()) continue;
      calls[open->second].result = result;
      open->second = next[open->second];
      answers.insert(result);
    }
  return answers;
}

}  // namespace penstock::dialect
