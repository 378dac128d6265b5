// penstock completions: a script for the shell, and (--words, called by that script) the answer at each TAB.
#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <memory>

#include "app/build.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "launch/completion_script.h"
#include "launch/own_program.h"

namespace penstock::cli {

namespace {

using launch::Candidate, launch::ValueKind;

struct Completions {
  std::string shell;
  bool words = false;
};

void add_providers(const Setup& setup, std::vector<Candidate>& names) {
  for (const auto& entry : setup.config.providers)
    if (!setup.catalog.find(entry.name)) names.push_back({entry.name, "provider"});
  for (const auto& row : setup.catalog.providers) names.push_back({row.name, row.display_name});
}

void add_models(const Setup& setup, std::vector<Candidate>& names) {
  const auto built =
      app::build_snapshot(setup.config, {&setup.catalog, credentials::process_places(setup.config.credential_store), nullptr, 1});
  if (!built) return;
  for (const auto& listed : built->snapshot->router.listed())
    names.push_back({listed.name, listed.target.provider + "/" + listed.target.model});
}

/// What the configuration and the catalogue know; nothing when they are at fault, for a TAB is no place to say so.
std::vector<Candidate> names_of(ValueKind kind) {
  const auto setup = read_setup({}, LeftOut::untold);
  std::vector<Candidate> names;
  if (!setup) return names;
  const bool runnable = kind == ValueKind::runnable;
  if (runnable || kind == ValueKind::profiles)
    for (const auto& profile : setup->config.profiles) names.push_back({profile.name, "profile"});
  if (runnable || kind == ValueKind::providers) add_providers(*setup, names);
  if (runnable || kind == ValueKind::models) add_models(*setup, names);
  return names;
}

int answer(const CLI::App& app, launch::Shell shell) {
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  const auto question = launch::parse_question(shell, bytes);
  fmt::print("{}", launch::answer_text(shell, question, launch::complete(launch::describe(app), question.words, names_of)));
  return kDone;
}

int print_script(launch::Shell shell) {
  fmt::print("{}", launch::completion_script(shell, launch::own_program(config::process_environment())));
  return kDone;
}

}  // namespace

void add_completions(CLI::App& app, int& code) {
  auto* command = app.add_subcommand("completions", "a completion script; for bash: eval \"$(penstock completions bash)\"");
  auto options = std::make_shared<Completions>();
  command->add_option("shell", options->shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->add_flag("--words", options->words, "answers the script: reads a command line on standard input")->group("");
  command->callback([&app, &code, options] {
    const auto shell = *launch::parse_shell(options->shell);
    code = options->words ? answer(app, shell) : print_script(shell);
  });
}

}  // namespace penstock::cli
