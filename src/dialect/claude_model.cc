#include "dialect/claude_model.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace penstock::dialect {

namespace {

constexpr unsigned kNewest = 999;

/// What a name says: the family, and the number as 10 x major + minor.
struct Name {
  std::string_view family;
  unsigned number = kNewest;
};

/// `claude-opus-4-5-20251001`, `claude-3-5-sonnet`, `anthropic/claude-opus-5.5`; dates and other words are passed over.
Name read_name(std::string_view lowered) {
  Name name;
  unsigned digits = 0, number = 0;
  while (!lowered.empty()) {
    const auto end = std::min(lowered.find_first_of("-.:@_/ "), lowered.size());
    const auto word = lowered.substr(0, end);
    lowered.remove_prefix(std::min(end + 1, lowered.size()));
    const auto value = parse_unsigned(word);
    if (value && *value < 10 && digits < 2) {
      number = number * 10 + static_cast<unsigned>(*value);
      ++digits;
    }
    for (const std::string_view family : {"opus", "sonnet", "haiku", "fable", "mythos"})
      if (word == family) name.family = family;
  }
  if (digits > 0) name.number = digits == 2 ? number : number * 10;
  return name;
}

EffortLevels levels(std::initializer_list<EffortLevel> list) {
  EffortLevels made;
  for (const auto level : list) made.add(level);
  return made;
}

bool takes_system_turns(const Name& name) {
  if (name.family == "opus") return name.number >= 48;
  if (name.family == "mythos") return false;  // nobody says that it does
  return name.family == "fable" || name.number >= 55;
}

bool always_thinks(const Name& name) { return name.family == "fable" || name.family == "mythos" || name.number >= 55; }

}  // namespace

ClaudeModel claude_model(std::string_view id) {
  using enum EffortLevel;
  using Thinking = ClaudeModel::Thinking;
  using Off = ClaudeModel::Off;
  ClaudeModel model;
  model.efforts = levels({low, medium, high, xhigh, max});
  const std::string lowered = to_lower(id);
  const auto at = lowered.find("claude");
  if (at == std::string::npos) return model;
  const auto name = read_name(std::string_view(lowered).substr(at));
  const auto number = name.number;
  model.is_claude = true;
  model.thinking = number >= 46 ? Thinking::adaptive : number >= 37 ? Thinking::enabled : Thinking::none;
  model.off = always_thinks(name) ? Off::lowest : number >= 50 ? Off::disabled : Off::unasked;
  if (number == 46) model.efforts = levels({low, medium, high, max});
  if (number < 46) model.efforts = {};
  model.forced_while_thinking = number >= 50;
  model.sampling = number < 47;
  model.both_samplings = number < 41;
  model.system_turns = takes_system_turns(name);
  model.formats = number >= 45;
  return model;
}

}  // namespace penstock::dialect
