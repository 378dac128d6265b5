#include "gateway/pages.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "dialect/anthropic_errors.h"

namespace penstock::gateway {

namespace {

constexpr std::string_view kCreatedAt = "2026-01-01T00:00:00Z";  // nobody knows when; both SDKs want a value
constexpr std::uint64_t kCreated = 1767225600;

std::string count_or_null(std::uint64_t count) { return count == 0 ? "null" : std::to_string(count); }

std::string display_name(const Upstream& upstream, const UpstreamModel* model, const config::Target& target) {
  const std::string what = model && !model->display_name.empty() ? model->display_name : target.model;
  return fmt::format("{} ({})", what, upstream.display_name.empty() ? upstream.name : upstream.display_name);
}

std::string entry(const Snapshot& snapshot, std::string_view id, const config::Target& target, std::string_view rule_name,
                  std::string_view own_name) {
  const Upstream* upstream = snapshot.find(target.provider);
  const UpstreamModel* model = upstream ? upstream->find(target.model) : nullptr;
  std::string shown = upstream ? display_name(*upstream, model, target) : std::string(target.model);
  if (!own_name.empty())
    shown = own_name;
  else if (!rule_name.empty())
    shown = fmt::format("{}: {}", rule_name, shown);
  return fmt::format(
      R"({{"type":"model","id":{},"display_name":{},"created_at":"{}","max_input_tokens":{},"max_tokens":{},"capabilities":null,)"
      R"("lifecycle":"active","line":null,"deprecated_at":null,"retires_at":null,"object":"model","created":{},"owned_by":{}}})",
      json_quote(id), json_quote(shown), kCreatedAt, count_or_null(model ? model->window : 0), count_or_null(model ? model->max_output : 0),
      kCreated, json_quote(target.provider));
}

bool is_rule(const policy::ListedModel& listed) { return listed.name != listed.target.provider + "/" + listed.target.model; }

bool belongs(const policy::ListedModel& listed, std::string_view provider) {
  return provider.empty() || listed.target.provider == provider || listed.name == provider;
}

/// Where a name stands in the picker; lower is earlier.
constexpr std::size_t kRanks = 4;
std::size_t rank(const Snapshot& snapshot, const policy::ListedModel& listed) {
  if (is_rule(listed)) return 0;
  const Upstream& upstream = *snapshot.find(listed.target.provider);
  for (const auto* tier : {"main", "opus", "sonnet", "haiku"})
    if (upstream.tier(tier) == listed.target.model) return 1;
  const UpstreamModel* model = upstream.find(listed.target.model);
  return model && model->listed.empty() ? 2 : 3;
}

std::vector<policy::ListedModel> picked(std::vector<policy::ListedModel> names, const Snapshot& snapshot) {
  std::array<std::vector<policy::ListedModel>, kRanks> ranks;
  for (auto& listed : names)
    if (snapshot.router.is_picked(listed.name)) ranks[rank(snapshot, listed)].push_back(std::move(listed));
  std::vector<policy::ListedModel> first;
  for (auto& equal : ranks)
    for (auto& listed : equal)
      if (first.size() < kMostPicked) first.push_back(std::move(listed));
  return first;
}

std::vector<policy::ListedModel> names_for(const Snapshot& snapshot, std::string_view provider, Reader reader) {
  auto names = snapshot.router.listed();
  std::erase_if(names, [&](const auto& listed) {
    const Upstream* upstream = snapshot.find(listed.target.provider);
    return !upstream || !upstream->visible || !belongs(listed, provider);
  });
  return reader == Reader::picker ? picked(std::move(names), snapshot) : names;
}

}  // namespace

Reader reader_of(std::string_view user_agent) {
  return user_agent.starts_with("claude-code/") || user_agent.starts_with("claude-cli/") ? Reader::picker : Reader::program;
}

PageBody models_page(const Snapshot& snapshot, std::string_view provider, Reader reader) {
  std::string data, first, last;
  for (const auto& listed : names_for(snapshot, provider, reader)) {
    last = snapshot.router.picker_id(listed.name);
    if (first.empty()) first = last;
    data += (data.empty() ? "" : ",") + entry(snapshot, last, listed.target, is_rule(listed) ? listed.name : "", listed.display_name);
  }
  const std::string from = first.empty() ? "null" : json_quote(first);
  const std::string to = last.empty() ? "null" : json_quote(last);
  return {200, fmt::format(R"({{"object":"list","data":[{}],"has_more":false,"first_id":{},"last_id":{}}})", data, from, to)};
}

PageBody model_page(const Snapshot& snapshot, std::string_view id, std::string_view path_target, std::string_view request_id) {
  const auto plan = snapshot.router.route(id, path_target);
  if (!plan) {
    const auto error = dialect::from_error(plan.error());
    return {error.status, dialect::error_body(error, request_id)};
  }
  return {200, entry(snapshot, id, plan->targets.front(), {}, {})};
}

}  // namespace penstock::gateway
