#include "dialect/quirk_thinking.h"

#include <algorithm>
#include <array>

namespace penstock::dialect {

namespace {

constexpr std::uint64_t kLeastBudget = 1024;  // wire-reference 1.4
struct Level {
  std::string_view effort;
  std::uint64_t budget;  // tokens
};
constexpr std::array<Level, kEfforts> kLevels{{{"low", 2048}, {"medium", 8192}, {"high", 16384}, {"xhigh", 24576}, {"max", 32000}}};
constexpr std::size_t kHigh = 2;  // what `adaptive` without an effort means

std::size_t level_of(std::string_view effort) {
  const auto found = std::ranges::find(kLevels, effort, &Level::effort);
  return found == kLevels.end() ? kHigh : static_cast<std::size_t>(found - kLevels.begin());
}

/// The effort that a budget stands for (wire-reference 3.5).
std::string_view effort_for(std::int64_t budget) {
  if (budget < 4096) return "low";
  if (budget < 16384) return "medium";
  return budget < 32000 ? "high" : "max";
}

std::uint64_t lower_max_tokens(const Edit& edit, const std::optional<json::Member>& field) {
  const auto written = field ? field->value.integer().value_or(0) : 0;
  const auto wanted = static_cast<std::uint64_t>(std::max<std::int64_t>(written, 0));
  std::uint64_t limit = edit.quirks.max_tokens_limit;
  if (edit.quirks.third_party && edit.context.max_output > 0)
    limit = limit == 0 ? edit.context.max_output : std::min(limit, edit.context.max_output);
  if (limit == 0 || wanted <= limit) return wanted;
  edit.patch.replace(field->value, std::to_string(limit));
  return limit;
}

/// Fields of `thinking` that only Anthropic knows.
void strip_extras(const Edit& edit, json::Value thinking) {
  for (const auto& member : thinking.members())
    if (!member.key.equals("type") && !member.key.equals("budget_tokens")) edit.patch.remove(thinking, member);
}

/// One request's thinking on its way to what the provider takes.
class Thinking {
 public:
  Thinking(const Edit& edit, json::Value root, const ThinkingFields& fields, std::uint64_t max_tokens, bool cannot_be_enabled)
      : edit_(edit), root_(root), field_(fields.thinking), max_tokens_(max_tokens), cannot_be_enabled_(cannot_be_enabled) {
    if (field_) type_ = text_of(field_->value, "type");
    if (fields.output_config) effort_ = text_of(fields.output_config->value, "effort");
  }

  /// Returns whether thinking is on (without a field it may be: some providers think unless told not to).
  bool run() {
    if (field_ && !field_->value.is_object()) return edit_.quirks.third_party ? remove() : true;  // null
    switch (edit_.quirks.thinking_mode) {
      case ThinkingMode::any: return any();
      case ThinkingMode::drop: return remove();
      case ThinkingMode::adaptive_only: return adaptive();
      case ThinkingMode::enabled_only: return field_ && is_on() ? enabled() : plain();
      case ThinkingMode::force_enabled: return enabled();
    }
    return false;
  }

  /// The effort to add, since a budget was taken away that said the same.
  [[nodiscard]] std::string_view effort_to_add() const { return added_effort_; }
  [[nodiscard]] bool made_enabled() const { return made_enabled_; }

 private:
  [[nodiscard]] bool is_on() const { return !type_.empty() && type_ != "disabled"; }

  bool plain() {
    if (type_ == "enabled" && cannot_be_enabled_) return remove();
    if (field_ && edit_.quirks.third_party) strip_extras(edit_, field_->value);
    return type_ != "disabled";
  }

  bool any() {
    if (edit_.quirks.third_party && type_ == "between_tools") {
      edit_.patch.replace(field_->value, R"({"type":"adaptive"})");
      return true;
    }
    return plain();
  }

  bool remove() {
    if (field_) edit_.patch.remove(root_, *field_);
    return true;
  }

  bool adaptive() {
    if (!field_ || !is_on() || type_ == "adaptive") return plain();
    const auto budget = field_->value.find("budget_tokens");
    if (budget && effort_.empty()) added_effort_ = effort_for(budget->integer().value_or(0));
    edit_.patch.replace(field_->value, R"({"type":"adaptive"})");
    return true;
  }

  bool enabled() {
    auto budget = thinking_budget(effort_, max_tokens_);
    if (!budget || cannot_be_enabled_) return remove();
    if (type_ == "enabled") {
      const auto written = field_->value.find("budget_tokens");
      const auto tokens = static_cast<std::uint64_t>(std::max<std::int64_t>(0, written ? written->integer().value_or(0) : 0));
      if (tokens >= kLeastBudget && (max_tokens_ == 0 || tokens < max_tokens_)) return plain();
    }
    auto field = R"({"type":"enabled","budget_tokens":)" + std::to_string(*budget) + "}";
    field_ ? edit_.patch.replace(field_->value, std::move(field)) : edit_.patch.add_member(root_, "thinking", field);
    made_enabled_ = true;
    return true;
  }

  const Edit& edit_;
  json::Value root_;
  const std::optional<json::Member>& field_;
  std::uint64_t max_tokens_;
  bool cannot_be_enabled_, made_enabled_ = false;
  std::string type_, effort_;
  std::string_view added_effort_;
};

/// effort: true when the member stays.
bool edit_effort(const Edit& edit, json::Value config, const json::Member& member) {
  if (edit.quirks.effort.keep) return true;
  const auto wanted = member.value.text();
  const auto level = wanted.empty() ? std::string_view() : nearest_effort(edit.quirks.effort, wanted);
  if (level.empty()) edit.patch.remove(config, member);
  if (!level.empty() && level != wanted) edit.patch.replace(member.value, "\"" + std::string(level) + "\"");
  return !level.empty();
}

/// effort, output_format and unknown_fields inside output_config: how many members stay.
std::size_t edit_members(const Edit& edit, json::Value config) {
  std::size_t left = 0;
  for (const auto& member : config.members()) {
    if (member.key.equals("effort")) {
      left += edit_effort(edit, config, member);
      continue;
    }
    const bool format = member.key.equals("format") || member.key.equals("task_budget");
    const bool goes = (format ? edit.quirks.output_format : edit.quirks.unknown_fields) == Keep::strip;
    if (goes) edit.patch.remove(config, member);
    left += !goes;
  }
  return left;
}

void edit_output_config(const Edit& edit, json::Value root, const std::optional<json::Member>& field, std::string_view added) {
  const auto& allowed = edit.quirks.effort;
  const auto effort = added.empty() || allowed.keep ? added : nearest_effort(allowed, added);
  const auto quoted = "\"" + std::string(effort) + "\"";
  if (!field || !field->value.is_object()) {
    if (field && edit.quirks.unknown_fields == Keep::strip) edit.patch.remove(root, *field);
    if (!field && !effort.empty()) edit.patch.add_member(root, "output_config", "{\"effort\":" + quoted + "}");
    return;
  }
  const auto left = edit_members(edit, field->value);
  const auto present = field->value.find("effort");
  if (!effort.empty() && present && allowed.keep)
    edit.patch.replace(*present, quoted);  // it was null
  else if (!effort.empty())
    edit.patch.add_member(field->value, "effort", quoted);
  else if (left == 0 && edit.quirks.unknown_fields == Keep::strip)
    edit.patch.remove(root, *field);
}

}  // namespace

std::optional<std::uint64_t> thinking_budget(std::string_view effort, std::uint64_t max_tokens) {
  const auto budget = kLevels[level_of(effort)].budget;
  if (max_tokens == 0) return budget;
  if (max_tokens <= kLeastBudget) return std::nullopt;
  return std::max(kLeastBudget, std::min(budget, max_tokens / 4 * 3));
}

std::string_view nearest_effort(const Effort& allowed, std::string_view wanted) {
  const auto level = level_of(wanted);
  const auto has = [&](std::size_t i) { return (allowed.levels >> i & 1U) != 0; };
  for (std::size_t i = level; i < kEfforts; ++i)
    if (has(i)) return kLevels[i].effort;
  for (std::size_t i = level; i-- > 0;)
    if (has(i)) return kLevels[i].effort;
  return {};
}

ThinkingLeft edit_thinking(const Edit& edit, json::Value root, const ThinkingFields& fields, bool cannot_be_enabled) {
  const auto max_tokens = lower_max_tokens(edit, fields.max_tokens);
  Thinking thinking(edit, root, fields, max_tokens, cannot_be_enabled);
  const bool on = thinking.run();
  edit_output_config(edit, root, fields.output_config, thinking.effort_to_add());
  return {on, thinking.made_enabled()};
}

}  // namespace penstock::dialect
