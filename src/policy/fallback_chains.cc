#include "policy/fallback_chains.h"

#include <algorithm>
#include <utility>

namespace penstock::policy {

namespace {

constexpr std::string_view kAll = "*";

}  // namespace

void add_new(TargetList& list, PlannedTarget target) {
  if (std::ranges::find(list, target.id, &PlannedTarget::id) == list.end()) list.push_back(std::move(target));
}

void add_new(TargetList& list, const TargetList& more) {
  for (const auto& target : more) add_new(list, target);
}

FallbackChains::FallbackChains(const config::Fallbacks::Chains& chains, const Lookup& lookup) {
  for (const auto& [asked, names] : chains) {
    TargetList list;
    for (const auto& name : names) add_new(list, lookup(name));
    if (!list.empty()) by_name_.try_emplace(asked, std::move(list));
  }
}

const TargetList* FallbackChains::named(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

const TargetList* FallbackChains::find(std::initializer_list<std::string_view> names) const {
  if (by_name_.empty()) return nullptr;
  for (const auto name : names)
    if (const auto* found = named(name)) return found;
  return named(kAll);
}

}  // namespace penstock::policy
