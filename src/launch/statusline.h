// The line that Claude Code shows below its prompt: model, provider, what the session has cost, how much of the prompts came from a cache,
// how full the context is. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launch/model_names.h"
#include "launch/transcript.h"

namespace penstock::launch {

/// What Claude Code writes to a status line's standard input, as far as the line needs it. Any field may be missing or null.
struct Session {
  std::string model_id, model_name;  // model.id, model.display_name
  std::string transcript;            // transcript_path
  std::optional<double> used;        // percent of the context window: context_window.used_percentage, or worked out from the counts
  llm::Usage last;                   // of the last answer: context_window.current_usage
};

/// Nothing when `text` is no JSON object.
std::optional<Session> read_session(std::string_view text);

/// A name -> what it stands for.
using FindModel = std::function<std::optional<NamedModel>(std::string_view name)>;

/// In nano-dollars. Claude Code's own figure is not used: it prices models that it does not know as if they were Claude's. Nothing when the
/// price of any of them is unknown, since a part of the cost would be taken for all of it, and when nothing was spent.
std::optional<std::int64_t> cost_of(const std::vector<Spent>& spent, const FindModel& find);

/// Percent of the prompts' tokens that were read from a cache; nothing without prompts.
std::optional<unsigned> cache_hits(const std::vector<Spent>& spent, const llm::Usage& last);

struct Look {
  bool colour = true;    // ANSI; Claude Code renders it
  std::string provider;  // shown when the model's name says nothing; may be empty
};

/// One line without its line break; what is not known is left out. Printable but for its own colours.
std::string status_line(const Session& session, const std::vector<Spent>& spent, const FindModel& find, const Look& look);

}  // namespace penstock::launch
