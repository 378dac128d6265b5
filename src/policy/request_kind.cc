#include "policy/request_kind.h"

#include "base/text.h"

namespace penstock::policy {

namespace {

// What Claude Code sends for itself, beside the turns of a session:
//
//   title, rename     no tools; thinking absent or disabled; one message; output_config.format; 3 to 12 KB; the haiku tier's model
//   summary of a page no tools; thinking absent; one message, as long as the page; the haiku tier's model
//   quota probe       max_tokens 1; one message
//   classifier, tips  no tools; thinking disabled; one or two messages
//   web search        one tool, web_search; thinking disabled; one message
//   /compact          all tools, adaptive thinking, the whole history: a turn of the session, and no small one
//
// The haiku tier has any name that the user gave it (ANTHROPIC_DEFAULT_HAIKU_MODEL), so the form counts too.
constexpr std::size_t kSmallBody = 32 * 1024;  // bytes; the main prompt alone is 45 KB and more
constexpr std::uint32_t kFewMessages = 2;

bool is_claude_code(const KindSigns& signs) { return signs.claude_code || !signs.session.empty(); }

bool is_small(const llm::Facts& facts) {
  return facts.tools == 0 && !facts.thinks() && facts.messages <= kFewMessages && facts.body_bytes <= kSmallBody;
}

bool is_background(const llm::Facts& facts, const KindSigns& signs) {
  if (contains_ignoring_case(facts.model, "haiku")) return true;
  if (!is_claude_code(signs) || signs.count_tokens) return false;
  return facts.max_tokens == 1U || is_small(facts);
}

}  // namespace

Kinds kinds_of(const llm::Facts& facts, const KindSigns& signs) {
  Kinds kinds;
  const bool subagent = !signs.agent.empty() || facts.subagent || honours_subagent_tag(facts, signs);
  if (is_background(facts, signs)) kinds.add(RequestKind::background);
  if (facts.thinks()) kinds.add(RequestKind::thinking);
  if (facts.web_search) kinds.add(RequestKind::web_search);
  if (facts.images > 0) kinds.add(RequestKind::images);
  if (subagent) kinds.add(RequestKind::subagent);
  if (facts.plan_mode) kinds.add(RequestKind::plan_mode);
  return kinds;
}

bool honours_subagent_tag(const llm::Facts& facts, const KindSigns& signs) {
  if (facts.subagent_model.empty()) return false;
  if (!facts.tag_in_turn || facts.subagent || !signs.agent.empty()) return true;
  return !signs.claude_code || signs.session.empty();
}

bool may_exceed(const llm::Facts& facts, std::uint64_t over) { return facts.body_bytes > over || facts.images > 0 || facts.documents > 0; }

}  // namespace penstock::policy
