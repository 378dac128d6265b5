// The configuration that an import makes, as plain values, and its text. Every text is spelled as in the file: `${NAME}` is a reference;
// literal() protects what is none.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::importing {

/// The text so that the configuration's reader takes it as it stands: `${` is written `$${`.
std::string literal(std::string_view text);
/// The text as a YAML scalar for flow and block style, in quotes where it needs them.
std::string yaml_scalar(std::string_view text);

struct DraftModel {
  std::string id, display_name;
  std::uint64_t window = 0, max_output = 0;  // tokens, 0: not said
  std::optional<bool> vision;
  std::map<std::string, double> price;  // as the keys of `price`
  std::map<std::string, std::string> quirks;
};

struct DraftProvider {
  std::string name;
  std::string comment;  // behind the name
  std::string catalog;  // when it is not the name
  std::string base_url, dialect, auth, auth_header, proxy;
  std::string api_key;
  std::vector<std::string> pool;  // instead of api_key
  bool passthrough = false;
  bool enabled = true;
  std::vector<DraftModel> models;
  std::map<std::string, std::string> quirks, headers, timeouts;
  /// The model with this id, added if need be.
  DraftModel& model(const std::string& id);
};

struct DraftTarget {
  std::string provider, model;
  unsigned weight = 1;
  [[nodiscard]] std::string text() const { return provider + "/" + model; }
};

struct DraftRule {
  std::string name;  // a pattern when it holds a star
  std::vector<DraftTarget> to;
  std::string balance;  // empty: ordered
};

struct DraftRoute {
  std::string kind;
  std::vector<std::string> to;
  std::uint64_t over = 0;  // tokens, 0: not said
};

struct DraftProfile {
  std::string name, provider, claude_version;
  std::map<std::string, std::string> models, env;  // models: main, opus, sonnet, haiku, subagent
};

struct DraftBudget {
  std::string scope, limit, per;
};

using Chains = std::vector<std::pair<std::string, std::vector<std::string>>>;  // a name, and where its requests go next

struct Draft {
  std::string title;              // comment lines at the top, without the marks
  std::vector<std::string> tail;  // comment lines at the end
  std::string listen;
  std::vector<std::string> tokens;
  bool wants_token = false;             // the source had one that is not written down
  std::deque<DraftProvider> providers;  // a deque: who adds one keeps a reference
  std::vector<DraftRule> rules;
  std::string default_model;
  std::vector<DraftRoute> routes;
  Chains on_error, on_overflow, on_refusal;
  std::map<std::string, std::string> retry, cooldown, cache, log;
  std::string affinity, shared_state;
  std::vector<DraftBudget> budgets;
  std::vector<DraftProfile> profiles;
};

/// The file's text.
std::string to_yaml(const Draft& draft);

}  // namespace penstock::importing
