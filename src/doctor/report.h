// The findings, for a person and for a script. Pure.
#pragma once

#include <string>
#include <vector>

#include "doctor/live_run.h"
#include "doctor/row.h"

namespace penstock::doctor {

struct Report {
  Rows checks;
  std::vector<LiveRow> live;  // empty when it was not asked for
};

/// How many rows have this verdict, live ones too.
[[nodiscard]] std::size_t count(const Report& report, Verdict verdict);

/// Lines for a terminal: one for each row, a second one with the mend where there is one, then the matrix and the reasons below it.
std::string to_text(const Report& report, bool colour);

/// {"checks":[{"check","provider","verdict","seen","mend"}],"live":[{"provider","model","first_byte_ms","results":[…]}],
///  "faults","warnings"}; provider and mend are "" where there is none, `live` is [] when it was not asked for.
std::string to_json(const Report& report);

}  // namespace penstock::doctor
