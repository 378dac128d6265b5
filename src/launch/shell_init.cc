#include "launch/shell_init.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace penstock::launch {

namespace {

constexpr std::string_view kBegin = "# >>> penstock >>>";
constexpr std::string_view kEnd = "# <<< penstock <<<";

constexpr bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}
bool can_be_function(std::string_view name) { return !name.empty() && std::ranges::all_of(name, is_name_char); }

/// The program as the command of a line. A bare name is looked up in PATH alone: a function or an alias of that name is not ours.
std::string command_word(Shell shell, const std::string& program) {
  const std::string word = quote(shell, program);
  if (program.find('/') != std::string::npos) return word;
  return (shell == Shell::fish ? "command " : "\\command ") + word;
}

/// One line, ended by a semicolon, so that an `eval` without quotes works too. bash does not expand aliases behind `function`, and takes no
/// quoted name there; zsh does unless the name is quoted. Quotes and backslashes keep aliases out of the rest.
std::string function_line(Shell shell, const std::string& name, const std::string& call) {
  switch (shell) {
    case Shell::bash:
      return fmt::format("\\unalias claude-{0} 2>/dev/null || :; function claude-{0} {{ {1} run {0} -- \"$@\"; }};\n", name, call);
    case Shell::zsh:
      return fmt::format("\\unalias 'claude-{0}' 2>/dev/null || :; function 'claude-{0}' {{ {1} 'run' '{0}' '--' \"$@\"; }};\n", name,
                         call);
    case Shell::fish:
      return fmt::format("function 'claude-{0}' --description 'Claude Code on {0}'; {1} run '{0}' -- $argv; end;\n", name, call);
  }
  return {};
}

/// Prints nothing and costs nothing where the program is missing (a home folder shared by several machines).
std::string block_body(Shell shell, const std::string& program) {
  const std::string word = quote(shell, program);
  if (shell == Shell::fish) return fmt::format("if command -q {0}\n    command {0} shell-init fish | source\nend\n", word);
  return fmt::format("if command -v {0} >/dev/null 2>&1; then eval \"$(command {0} shell-init {1})\"; fi\n", word, name(shell));
}

std::string block(Shell shell, const std::string& program) {
  const std::string_view login =
      shell == Shell::bash ? "# A login shell (macOS opens those) reads ~/.bash_profile instead: have that one source this file.\n" : "";
  return fmt::format("{}\n# claude-NAME for each provider with a key. `penstock shell-init {} --uninstall` takes this block out.\n{}{}{}\n",
                     kBegin, name(shell), login, block_body(shell, program), kEnd);
}

/// Whole lines of a text, [begin, end).
struct Range {
  std::size_t begin, end;
};

Error damaged(std::size_t line, std::string_view marker, std::string_view other) {
  return config_error(fmt::format("line {}: \"{}\" without \"{}\"; mend: take the rest of that block out by hand", line, marker, other));
}

/// The first block at or behind `from`.
Result<std::optional<Range>> find_block(std::string_view text, std::size_t from) {
  std::optional<std::size_t> begin;
  std::size_t begin_line = 0, line = 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, from), '\n'));
  for (std::size_t at = from; at < text.size(); ++line) {
    const std::size_t next = std::min(text.find('\n', at), text.size() - 1) + 1;
    const auto content = trim(text.substr(at, next - at));
    if (content == kBegin) {
      if (begin) return fail(damaged(begin_line, kBegin, kEnd));
      begin = at;
      begin_line = line;
    } else if (content == kEnd) {
      if (!begin) return fail(damaged(line, kEnd, kBegin));
      return Range{*begin, next};
    }
    at = next;
  }
  if (begin) return fail(damaged(begin_line, kBegin, kEnd));
  return std::nullopt;
}

/// The line break before the block came with it, unless it now ends the user's own last line before text that was written behind the block.
void drop_separator(std::string& before, bool more_behind) {
  if (!before.ends_with('\n')) return;
  if (!more_behind || before == "\n" || before.ends_with("\n\n")) before.pop_back();
}

Result<Edited> edit_rc(const std::string& path, const Edit& edit) {
  return edit_file(path, [&](std::string_view text) {
    auto edited = edit(text);
    if (!edited) edited.error().message = path + ": " + edited.error().message;
    return edited;
  });
}

}  // namespace

std::string functions(Shell shell, std::span<const std::string> names, const std::string& program) {
  const std::string call = command_word(shell, program);
  std::string lines;
  for (const auto& name : names)
    if (can_be_function(name)) lines += function_line(shell, name, call);
  if (shell != Shell::bash || lines.empty()) return lines;
  // In posix mode bash takes no hyphen in a function's name, and a script would end there.
  return "if [[ ! -o posix ]]; then\n" + lines + "fi;\n";
}

Result<std::string> install_block(std::string_view text, Shell shell, const std::string& program) {
  TRY(const auto there, find_block(text, 0));
  if (!there) return fmt::format("{}{}{}", text, text.empty() ? "" : "\n", block(shell, program));
  TRY(const auto behind, remove_block(text.substr(there->end)));
  return fmt::format("{}{}{}", text.substr(0, there->begin), block(shell, program), behind);
}

Result<std::string> remove_block(std::string_view text) {
  std::string rest;
  std::size_t from = 0;
  while (true) {
    TRY(const auto there, find_block(text, from));
    if (!there) break;
    rest += text.substr(from, there->begin - from);
    from = there->end;
    drop_separator(rest, from < text.size());
  }
  return rest.append(text.substr(from));
}

Result<std::string> rc_path(Shell shell, const config::Environment& environment) {
  const auto folder = [&](const char* variable) {
    const auto value = environment(variable);
    return value && !value->empty() ? *value : std::string();
  };
  const std::string home = folder("HOME"), zsh = folder("ZDOTDIR"), xdg = folder("XDG_CONFIG_HOME");
  if (shell == Shell::zsh && !zsh.empty()) return zsh + "/.zshrc";
  if (shell == Shell::fish && !xdg.empty()) return xdg + "/fish/config.fish";
  if (home.empty()) return fail(config_error("HOME is not set, so there is no rc file to find"));
  if (shell == Shell::fish) return home + "/.config/fish/config.fish";
  return home + (shell == Shell::zsh ? "/.zshrc" : "/.bashrc");
}

Result<Edited> install_in_rc(Shell shell, const config::Environment& environment, const std::string& program) {
  TRY(const auto path, rc_path(shell, environment));
  return edit_rc(path, [&](std::string_view text) { return install_block(text, shell, program); });
}

Result<Edited> remove_from_rc(Shell shell, const config::Environment& environment) {
  TRY(const auto path, rc_path(shell, environment));
  return edit_rc(path, [](std::string_view text) { return remove_block(text); });
}

}  // namespace penstock::launch
