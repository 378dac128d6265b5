// `penstock completions SHELL`: the shells' half of completions.h. The scripts, what they send, and what they read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "launch/completions.h"
#include "launch/shell.h"

namespace penstock::launch {

/// The script for the shell. It completes the command `penstock` by calling `program completions SHELL --words`.
[[nodiscard]] std::string completion_script(Shell shell, const std::string& program);

/// What a script sends on standard input: items, each ended by a NUL. From bash the line up to the cursor, and the part of it that bash
/// will replace; from the others the words.
struct Question {
  std::vector<std::string> words;
  std::string replaced;  // bash only: it breaks words at `:` and `=` too
};
[[nodiscard]] Question parse_question(Shell shell, std::string_view bytes);
/// The answer in the form that the shell's script reads: a candidate a line, or `:files`.
[[nodiscard]] std::string answer_text(Shell shell, const Question& question, const Completion& completion);

/// The words of a command line whose last word may be unfinished; always at least one. Variables and substitutions stay as they are
/// written.
[[nodiscard]] std::vector<std::string> split_line(std::string_view line);

}  // namespace penstock::launch
