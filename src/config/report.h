// The faults of one file and what is odd about it, gathered while it is read: nothing stops at the first.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/load.h"

namespace penstock::config {

/// A place in a file; lines and columns count from 1, a column counts bytes. {0, 0} is the whole file.
struct Position {
  int line = 0, column = 0;
  bool operator==(const Position&) const = default;
};

/// Collects the faults of the file `file`, and what is valid there but hardly meant.
struct Report {
  std::string file;
  std::vector<Fault> faults, warnings{};

  void add(Position at, std::string message) { faults.push_back({file, at.line, at.column, std::move(message)}); }
  void warn(Position at, std::string message) { warnings.push_back({file, at.line, at.column, std::move(message)}); }
};

}  // namespace penstock::config
