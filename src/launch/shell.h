// The three shells that the launcher writes text for: how each of them quotes, exports and forgets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::launch {

enum class Shell : std::uint8_t { bash, zsh, fish };

/// By name, or by the path in $SHELL; nothing for any other shell.
[[nodiscard]] std::optional<Shell> parse_shell(std::string_view name);
[[nodiscard]] std::string_view name(Shell shell);

/// One word of the shell's language that stands for exactly these bytes, on one line, wherever a word may stand. NUL bytes, which no
/// argument can hold, are left out.
[[nodiscard]] std::string quote(Shell shell, std::string_view text);

/// The same for any POSIX shell, which knows no escapes between single quotes: line breaks stay line breaks.
[[nodiscard]] std::string quote_posix(std::string_view text);

/// [A-Za-z_][A-Za-z0-9_]*: what all three take as a variable's name.
[[nodiscard]] bool is_variable_name(std::string_view name);

/// The statement that sets and exports a variable, with its line break; empty when the name is none, so that a name is never code. It ends
/// with a semicolon too: `eval (penstock env NAME)` in fish, and an `eval` without quotes in the others, put the lines on one.
[[nodiscard]] std::string export_line(Shell shell, std::string_view name, std::string_view value);
/// The statement after which child processes do not see the variable; no error when it is not set. In fish a universal variable belongs to
/// every session of the user, so it stays, and this session's children see it empty.
[[nodiscard]] std::string unset_line(Shell shell, std::string_view name);

}  // namespace penstock::launch
