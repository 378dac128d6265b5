// What may stand at a place of the command line. The scripts of completion_script.h ask the program at each TAB, and the program answers
// from its own table of subcommands and options, so a script that was installed long ago knows everything new.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace penstock::launch {

/// What a value names. An option's or positional's own name tells (PROVIDER, --model), see completions.cc.
enum class ValueKind : std::uint8_t { free, choices, files, providers, profiles, models, runnable };

struct Value {
  ValueKind kind = ValueKind::free;
  std::vector<std::string> choices;
  bool repeats = false;  // a positional that takes all that is left
};

struct Option {
  std::vector<std::string> spellings;  // "-h", "--help"
  std::string help;
  std::optional<Value> value;  // nothing: a flag
};

/// A subcommand, or the program itself.
struct Command {
  std::string name, help;
  std::vector<Option> options;
  std::vector<Value> positionals;
  std::vector<Command> commands;
};

/// The tree of `app`, without what is hidden (in the group "").
[[nodiscard]] Command describe(const CLI::App& app);

struct Candidate {
  std::string text, help;
};

/// What may stand there. With `files`, the shell completes file names itself.
struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;
};

/// The names of one kind; called at most once, and only when the place asks for names.
using NamesOf = std::function<std::vector<Candidate>(ValueKind)>;

/// `words` are the program's name, the words before the cursor, and last the one at the cursor, up to it (it may be empty).
[[nodiscard]] Completion complete(const Command& root, std::span<const std::string> words, const NamesOf& names_of);

}  // namespace penstock::launch
