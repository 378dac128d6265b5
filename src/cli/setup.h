// What most subcommands begin with: the catalogue and the configuration; and how they end when that fails.
#pragma once

#include <expected>
#include <string>

#include "app/server.h"
#include "cli/commands.h"

namespace penstock::cli {

/// Why a subcommand ends, and with which exit code.
struct Failure {
  int code;
  std::string text;
};

struct Setup {
  app::ServeOptions options;
  catalog::Catalog catalog;
  config::Config config;
};

/// Whether standard error is told of profile files that are at fault: not twice, and not by what speaks to a program.
enum class LeftOut : std::uint8_t { told, untold };

/// The catalogue and the configuration that the options name. Every fault of the file is in the text.
std::expected<Setup, Failure> read_setup(const Common& common, LeftOut left_out = LeftOut::told);

/// The text to standard error; returns the code.
int report(const Failure& failure);

}  // namespace penstock::cli
