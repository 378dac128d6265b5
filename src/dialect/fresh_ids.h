// Ids that must differ within a request or an answer, made of ids that may not.
#pragma once

#include <string>
#include <unordered_map>

namespace penstock::dialect {

/// Hands out each id once. In all, it takes time in proportion to the ids: of those that are the same, none counts from the beginning
/// again.
class FreshIds {
 public:
  /// The id itself, or, where it was handed out before, with `_2`, `_3`, … behind it.
  [[nodiscard]] std::string take(const std::string& wanted);

 private:
  std::unordered_map<std::string, unsigned> next_;  // of those handed out: the number for the next of the same
};

}  // namespace penstock::dialect
