#include "app/profiles.h"

#include <algorithm>

namespace penstock::app {

ClaudeModels models_of(const config::Profile& profile, const gateway::Snapshot& snapshot) {
  // By a search: the snapshot's index may not be made yet.
  const auto found = std::ranges::find(snapshot.upstreams, profile.provider, &gateway::Upstream::name);
  const auto* provider = found == snapshot.upstreams.end() ? nullptr : &*found;
  const auto pick = [&](const std::string& own, const char* tier, const std::string& otherwise) {
    if (!own.empty() || !provider || provider->tier(tier).empty()) return own.empty() ? otherwise : own;
    return provider->name + "/" + provider->tier(tier);
  };
  ClaudeModels models;
  models.main = pick(profile.main, "main", "");
  // A main model of the profile's own stands before its provider's tiers, but for the small one.
  const bool own_main = !profile.main.empty();
  models.opus = pick(own_main && profile.opus.empty() ? profile.main : profile.opus, "opus", models.main);
  models.sonnet = pick(own_main && profile.sonnet.empty() ? profile.main : profile.sonnet, "sonnet", models.main);
  models.haiku = pick(profile.haiku, "haiku", models.main);
  models.subagent = profile.subagent.empty() ? models.main : profile.subagent;
  return models;
}

}  // namespace penstock::app
