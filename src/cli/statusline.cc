// penstock statusline: Claude Code's status line. Whatever comes in, it ends with 0 and one line: an error would blank the user's line.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <future>
#include <memory>

#include "app/load_catalog.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "launch/statusline.h"

namespace penstock::cli {

namespace {

constexpr std::size_t kMostInput = 1U << 20;

std::string read_standard_input() {
  std::string text;
  std::array<char, 16 * 1024> piece;
  for (ssize_t got = 1; got > 0 && text.size() < kMostInput;) {
    got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::vector<launch::Spent> spent_in(const std::string& transcript) {
  if (transcript.empty()) return {};
  launch::Transcript session;
  for (const auto& path : launch::transcript_files(transcript)) session.read_file(path);
  return session.spent();
}

/// The catalogue and the configuration; a faulty configuration is `penstock config check`'s business, not the status line's.
Setup setup_or_none(const Common& common) {
  if (auto setup = read_setup(common, LeftOut::untold)) return std::move(*setup);
  Setup plain;
  if (auto catalog = app::load_catalog(plain.options.environment)) plain.catalog = std::move(*catalog);
  return plain;
}

/// A long transcript takes as long to read as the catalogue: both at once, so that the line stays under 20 ms.
std::string line_for(const Common& common, const launch::Session& session) {
  auto spent = std::async(std::launch::async, spent_in, session.transcript);
  const Setup setup = setup_or_none(common);
  const auto variable = [&](const char* name) { return setup.options.environment(name).value_or(""); };
  const launch::ModelNames names(setup.catalog, setup.config);
  const auto place = names.place_of(variable("ANTHROPIC_BASE_URL")).value_or(variable("PENSTOCK_PROVIDER"));
  const auto find = [&](std::string_view name) { return names.find(name, place); };
  return launch::status_line(session, spent.get(), find, {variable("NO_COLOR").empty(), place});
}

int statusline(const Common& common) {
  if (::isatty(STDIN_FILENO) == 1)
    return report({kWrongUsage,
                   "penstock statusline is for Claude Code, which writes JSON to its standard input. In settings.json:\n"
                   R"(  "statusLine": { "type": "command", "command": "penstock statusline" })"});
  std::signal(SIGPIPE, SIG_IGN);
  std::string line;
  try {
    if (const auto session = launch::read_session(read_standard_input())) line = line_for(common, *session);
  } catch (const std::exception&) {  // no memory, or no thread to be had
  }
  std::puts(line.c_str());
  return kDone;
}

}  // namespace

void add_statusline(CLI::App& app, int& code) {
  auto common = std::make_shared<Common>();
  auto* command = app.add_subcommand("statusline", "one line for Claude Code's status line, from the JSON on standard input");
  with_config(*command, *common);
  command->callback([common, &code] { code = statusline(*common); });
}

}  // namespace penstock::cli
