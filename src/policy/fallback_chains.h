// The section `fallbacks` with its names looked up: what follows when what was asked for fails.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "policy/plan.h"

namespace penstock::policy {

using TargetList = std::vector<PlannedTarget>;

/// Adds a target, or all of `more`, unless it is in the list already.
void add_new(TargetList& list, PlannedTarget target);
void add_new(TargetList& list, const TargetList& more);

/// One of its three kinds: on_error, on_context_overflow or on_refusal.
class FallbackChains {
 public:
  /// The targets of a name; empty for one that leads nowhere.
  using Lookup = std::function<TargetList(std::string_view name)>;
  FallbackChains() = default;
  FallbackChains(const config::Fallbacks::Chains& chains, const Lookup& lookup);

  [[nodiscard]] bool empty() const { return by_name_.empty(); }
  /// Under that very name, or null.
  [[nodiscard]] const TargetList* named(std::string_view name) const;
  /// Under the first of the names that has one; else that of `*`, or null. It stays where it is when this is moved.
  [[nodiscard]] const TargetList* find(std::initializer_list<std::string_view> names) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_map<std::string, TargetList, Hash, std::equal_to<>> by_name_;
};

}  // namespace penstock::policy
