#include "launch/completions.h"

#include <CLI/App.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace penstock::launch {

namespace {

// --- from the App to the tree -----------------------------------------------------------------------------------------------------------

/// What a value of this name is, in the subcommand (empty: in all of them).
struct Known {
  std::string_view command, value;
  ValueKind kind;
};
constexpr std::array kKnown = {
    Known{"run", "name", ValueKind::runnable}, Known{"env", "name", ValueKind::runnable}, Known{"", "provider", ValueKind::providers},
    Known{"", "profile", ValueKind::profiles}, Known{"", "model", ValueKind::models},     Known{"", "config", ValueKind::files},
    Known{"", "file", ValueKind::files},       Known{"", "from-file", ValueKind::files},
};

ValueKind kind_of(const std::string& command, const std::string& value) {
  const auto* known = std::ranges::find_if(
      kKnown, [&](const Known& one) { return (one.command.empty() || one.command == command) && equals_ignoring_case(one.value, value); });
  return known == kKnown.end() ? ValueKind::free : known->kind;
}

/// CLI11 keeps a set of allowed values only as text: "TEXT:{bash,zsh,fish}".
std::vector<std::string> choices_in(std::string_view type) {
  const auto open = type.find('{'), close = type.find('}', open);
  if (close == std::string_view::npos) return {};
  std::vector<std::string> choices;
  for (const auto one : split(type.substr(open + 1, close - open - 1), ',')) choices.emplace_back(one.substr(0, one.find("->")));
  return choices;
}

bool is_file_type(std::string_view type) {
  return std::ranges::any_of(std::array{"FILE", "DIR", "PATH"}, [&](const char* word) { return type.find(word) != type.npos; });
}

Value value_of(const std::string& command, const CLI::Option& option, const std::string& value_name) {
  const std::string type = option.get_type_name();
  Value value{kind_of(command, value_name), choices_in(type), option.get_expected_max() > 1};
  if (!value.choices.empty())
    value.kind = ValueKind::choices;
  else if (value.kind == ValueKind::free && is_file_type(type))
    value.kind = ValueKind::files;
  return value;
}

void add_option(Command& command, const CLI::Option& option) {
  if (option.get_group().empty()) return;
  if (option.get_positional()) command.positionals.push_back(value_of(command.name, option, option.get_name(true)));
  if (!option.nonpositional()) return;
  Option added{{}, option.get_description(), {}};
  for (const auto& name : option.get_lnames()) added.spellings.push_back("--" + name);
  for (const auto& name : option.get_snames()) added.spellings.push_back("-" + name);
  const auto& longest = option.get_lnames().empty() ? option.get_snames().front() : option.get_lnames().front();
  if (option.get_expected_max() > 0 && option.get_type_size_max() > 0) added.value = value_of(command.name, option, longest);
  command.options.push_back(std::move(added));
}

/// CLI11's option groups are subcommands without a name: their options are the command's.
void add_parts(Command& command, const CLI::App& app) {
  for (const auto* option : app.get_options()) add_option(command, *option);
  for (const auto* part : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (part->get_name().empty())
      add_parts(command, *part);
    else if (!part->get_group().empty())
      command.commands.push_back(describe(*part));
  }
}

// --- from the words to the place --------------------------------------------------------------------------------------------------------

/// Where on the command line the cursor is, read from the words before it.
struct Place {
  const Command* command;
  const Option* open = nullptr;  // waits for its value
  std::size_t positionals = 0;   // already there
  bool foreign = false;          // behind `--`: the words are another program's
};

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

const Option* option_named(const Command& command, std::string_view spelling) {
  const auto found = std::ranges::find_if(
      command.options, [&](const Option& one) { return std::ranges::find(one.spellings, spelling) != one.spellings.end(); });
  return found == command.options.end() ? nullptr : &*found;
}

void step_over_word(Place& place, const std::string& word) {
  const auto sub = std::ranges::find(place.command->commands, word, &Command::name);
  if (place.positionals == 0 && sub != place.command->commands.end())
    place.command = &*sub;
  else
    ++place.positionals;
}

void step(Place& place, const std::string& word) {
  if (place.foreign) return;
  if (place.open) {
    place.open = nullptr;
  } else if (word == "--") {
    place.foreign = true;
  } else if (is_option(word)) {
    const auto* option = option_named(*place.command, word);  // with "=" in it, no option has that name, and the value is there
    if (option && option->value) place.open = option;
  } else {
    step_over_word(place, word);
  }
}

// --- from the place to the candidates ---------------------------------------------------------------------------------------------------

/// Gathers what begins as the word at the cursor does.
class Gathering {
 public:
  Gathering(std::string_view begun, const NamesOf& names_of) : begun_(begun), names_of_(names_of) {}

  void add(const std::string& text, const std::string& help) {
    if (text.starts_with(begun_)) found_.candidates.push_back({text, help});
  }

  /// The values, each behind `prefix` ("--model=").
  void add_values(const Value& value, const std::string& prefix = "") {
    if (value.kind == ValueKind::files) found_.files = true;
    if (value.kind == ValueKind::free || value.kind == ValueKind::files) return;
    for (const auto& choice : value.choices) add(prefix + choice, "");
    if (value.kind == ValueKind::choices) return;
    for (const auto& name : names_of_(value.kind)) add(prefix + name.text, name.help);
  }

  void add_options(const Command& command) {
    for (const auto& option : command.options)
      for (const auto& spelling : option.spellings) add(spelling, option.help);
  }

  void add_words(const Place& place) {
    const auto& positionals = place.command->positionals;
    if (place.positionals == 0)
      for (const auto& command : place.command->commands) add(command.name, command.help);
    if (place.positionals < positionals.size())
      add_values(positionals[place.positionals]);
    else if (!positionals.empty() && positionals.back().repeats)
      add_values(positionals.back());
  }

  Completion take() { return std::move(found_); }

 private:
  std::string_view begun_;
  const NamesOf& names_of_;
  Completion found_;
};

Completion options_at(const Place& place, const std::string& begun, Gathering& gathering) {
  const auto equals = begun.find('=');
  if (equals == std::string::npos) {
    gathering.add_options(*place.command);
  } else if (const auto* option = option_named(*place.command, begun.substr(0, equals)); option && option->value) {
    gathering.add_values(*option->value, begun.substr(0, equals + 1));
  }
  return gathering.take();
}

}  // namespace

Command describe(const CLI::App& app) {
  Command command;
  command.name = app.get_name();
  command.help = app.get_description();
  add_parts(command, app);
  return command;
}

Completion complete(const Command& root, std::span<const std::string> words, const NamesOf& names_of) {
  if (words.size() < 2) return {};
  Place place{&root};
  for (const auto& word : words.subspan(1, words.size() - 2)) step(place, word);
  const std::string& begun = words.back();
  Gathering gathering(begun, names_of);
  if (place.foreign) return {{}, true};
  if (place.open) {
    gathering.add_values(*place.open->value);
    return gathering.take();
  }
  if (begun.starts_with('-')) return options_at(place, begun, gathering);
  gathering.add_words(place);
  return gathering.take();
}

}  // namespace penstock::launch
