#include "launch/shell.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::launch {

namespace {

constexpr bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

/// $'...', for text with line breaks and the like: they survive an unquoted `$(...)` and zsh's csh_junkie_quotes only as escapes.
std::string quote_escaped(std::string_view text) {
  std::string quoted = "$'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'' || c == '\\')
      quoted += {'\\', c};
    else if (is_control(c) || c == '!')
      quoted += fmt::format("\\{:03o}", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + "'";
}

/// fish knows two escapes between single quotes; control characters are escapes outside of them, glued to the quoted parts.
std::string quote_fish(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'' || c == '\\')
      quoted += {'\\', c};
    else if (is_control(c))
      quoted += fmt::format("'\\x{:02x}'", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + "'";
}

constexpr bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

}  // namespace

std::optional<Shell> parse_shell(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish})
    if (name == launch::name(shell)) return shell;
  return std::nullopt;
}

std::string_view name(Shell shell) {
  switch (shell) {
    case Shell::bash: return "bash";
    case Shell::zsh: return "zsh";
    case Shell::fish: return "fish";
  }
  return "";
}

/// Between single quotes everything but the quote is itself, also a `!` of an interactive shell.
std::string quote_posix(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string quote(Shell shell, std::string_view text) {
  if (shell == Shell::fish) return quote_fish(text);
  return std::ranges::any_of(text, is_control) ? quote_escaped(text) : quote_posix(text);
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_name_start(name.front()) && std::ranges::all_of(name, is_name_part);
}

std::string export_line(Shell shell, std::string_view name, std::string_view value) {
  if (!is_variable_name(name)) return {};
  if (shell == Shell::fish) return fmt::format("set -gx {} {};\n", name, quote(shell, value));
  return fmt::format("export {}={};\n", name, quote(shell, value));
}

std::string unset_line(Shell shell, std::string_view name) {
  if (!is_variable_name(name)) return {};
  if (shell == Shell::fish) return fmt::format("set -e -g {0}; set -qU {0}; and set -gx {0} '';\n", name);
  return fmt::format("unset -v {};\n", name);
}

}  // namespace penstock::launch
