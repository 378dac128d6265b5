#include "dialect/claude_code_marks.h"

#include "base/text.h"
#include "dialect/anthropic_request.h"
#include "dialect/edit.h"

namespace penstock::dialect {

namespace {

constexpr std::string_view kOpen = "<CCR-SUBAGENT-MODEL>", kClose = "</CCR-SUBAGENT-MODEL>";
constexpr std::string_view kPlan = "Plan ";

/// Where the next opening tag begins. Looks for its G: in prompts full of code and markup that is far rarer than `<`.
std::size_t find_open(std::string_view written, std::size_t from) {
  constexpr std::size_t kAt = kOpen.find('G');
  for (auto at = written.find(kOpen[kAt], from + kAt); at != std::string_view::npos; at = written.find(kOpen[kAt], at + 1))
    if (written.substr(at - kAt).starts_with(kOpen)) return at - kAt;
  return std::string_view::npos;
}

bool is_model(std::string_view name) {
  return !name.empty() && name.size() <= kMaxModelName && name.find_first_of("<\\\n") == std::string_view::npos;
}

}  // namespace

std::optional<SubagentTag> find_subagent_tag(std::string_view written) {
  for (auto at = find_open(written, 0); at != std::string_view::npos; at = find_open(written, at + 1)) {
    const auto from = at + kOpen.size();
    const auto close = written.find(kClose, from);
    if (close == std::string_view::npos) return std::nullopt;
    const auto model = trim(written.substr(from, close - from));
    if (is_model(model)) return SubagentTag{at, close + kClose.size(), model};
  }
  return std::nullopt;
}

std::optional<bool> find_plan_mode(std::string_view written) {
  std::optional<bool> on;
  for (auto at = written.find(kPlan); at != std::string_view::npos; at = written.find(kPlan, at + 1)) {
    const auto rest = written.substr(at + kPlan.size());
    if (rest.starts_with("mode is active") || rest.starts_with("mode still active")) on = true;
    if (rest.starts_with("Mode") && written.substr(0, at).ends_with("## Exited ")) on = false;
  }
  return on;
}

bool is_reminder(std::string_view written) { return written.starts_with("<system-reminder>"); }

bool names_subagent(std::string_view written) {
  return written.starts_with("x-anthropic-billing-header:") && written.contains("cc_is_subagent=true");
}

std::optional<std::string> without_tag(json::Value value, const llm::ByteRange& tag) {
  if (tag.empty() || !value.is_string() || tag.begin <= value.begin() || tag.end >= value.end()) return std::nullopt;
  const auto written = value.raw_text();
  const auto from = tag.begin - value.begin() - 1;
  std::string left(written.substr(0, from));
  left.append(written.substr(from + tag.end - tag.begin));
  return is_blank(left) ? "(no content)" : left;
}

}  // namespace penstock::dialect
