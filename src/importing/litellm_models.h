// LiteLLM's model_list: deployments become targets, deployments of one name become one rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "importing/composer.h"

namespace penstock::importing {

/// Deployments of one name.
struct LiteLlmGroup {
  std::string name;  // a pattern when it holds a star
  DraftRule rule;    // without targets when none of the deployments could be carried over
};

/// Fills the draft's providers, and returns the groups in the order of the file. `strategy` is router_settings.routing_strategy.
std::vector<LiteLlmGroup> read_model_list(Composer& composer, Value& root, std::string_view strategy);

}  // namespace penstock::importing
