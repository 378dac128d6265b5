#include "launch/completion_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::launch {

namespace {

constexpr std::string_view kFiles = ":files";

// COMP_WORDS is cut at `:` and `=` as well, so the line itself is sent; $2 is the part that bash replaces.
constexpr std::string_view kBash = R"(_penstock() {{
  local lines line
  COMPREPLY=()
  lines=$(printf '%s\0' "${{COMP_LINE:0:COMP_POINT}}" "${{2-}}" | {0} completions bash --words 2>/dev/null) || return 0
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    elif [[ -n $line ]]; then
      COMPREPLY+=("$line")
    fi
  done <<<"$lines"
  return 0
}}
complete -F _penstock penstock
)";

// Serves both as a file `_penstock` in $fpath and for `source <(...)`; without compinit it does nothing.
constexpr std::string_view kZsh = R"(#compdef penstock
_penstock() {{
  local -a lines
  lines=("${{(@f)$(printf '%s\0' "${{(@Q)words[1,CURRENT-1]}}" "${{(Q)PREFIX}}" | {0} completions zsh --words 2>/dev/null)}}")
  lines=(${{lines:#}})
  (( $#lines )) || return 1
  if [[ $lines[1] == :files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    _files
    return
  fi
  _describe penstock lines
}}
if [[ "${{funcstack[1]-}}" == _penstock ]]; then
  _penstock "$@"
elif (( ${{+functions[compdef]}} )); then
  compdef _penstock penstock
fi
)";

constexpr std::string_view kFish = R"(function __penstock_complete
    set -l current (commandline -ct)
    set -l lines (printf '%s\0' (commandline -opc) "$current" | {0} completions fish --words 2>/dev/null)
    if test "$lines[1]" = :files
        __fish_complete_path "$current"
    else if set -q lines[1]
        printf '%s\n' $lines
    end
end
complete -c penstock -f -a '(__penstock_complete)'
)";

std::vector<std::string> items_of(std::string_view bytes) {
  std::vector<std::string> items;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\0'), bytes.size());
    items.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return items;
}

/// A script's line must stay one line, and a terminal must not be steered by a model's name.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  std::erase_if(line, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  return line;
}

std::string escape(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// bash puts the candidate in place of `replaced`, the end of the word, and quotes nothing.
std::string bash_line(const std::string& text, const Question& question) {
  const std::string& word = question.words.back();
  const std::size_t kept = word.ends_with(question.replaced) ? word.size() - question.replaced.size() : 0;
  return escape(std::string_view(text).substr(std::min(kept, text.size())), " \"'\\$`!*?[](){}<>|&;#~^");
}

std::string candidate_line(Shell shell, const Question& question, const Candidate& candidate) {
  const std::string text = one_line(candidate.text), help = one_line(candidate.help);
  switch (shell) {
    case Shell::bash: return bash_line(text, question);
    case Shell::zsh: return escape(text, ":\\") + (help.empty() ? "" : ":" + help);
    case Shell::fish: return text + (help.empty() ? "" : "\t" + help);
  }
  return text;
}

/// `NAME=value penstock ...`: what stands before the program is none of its words.
void drop_assignments(std::vector<std::string>& words) {
  const auto is_assignment = [](const std::string& word) {
    const auto equals = word.find('=');
    return equals != std::string::npos && is_variable_name(std::string_view(word).substr(0, equals));
  };
  words.erase(words.begin(), std::ranges::find_if_not(words, is_assignment));
}

/// Reads one line into words, character by character.
class Splitter {
 public:
  std::vector<std::string> split(std::string_view line) {
    for (const char c : line) read(c);
    words_.push_back(std::move(word_));
    return std::move(words_);
  }

 private:
  void read(char c) {
    if (escaped_) {
      word_ += c;
      escaped_ = false;
    } else if (c == '\\' && quote_ != '\'') {
      escaped_ = begun_ = true;
    } else if (quote_ != 0 || c == '\'' || c == '"') {
      read_quoted(c);
    } else if (c == ' ' || c == '\t' || c == '\n') {
      end_word();
    } else {
      word_ += c;
      begun_ = true;
    }
  }

  void read_quoted(char c) {
    begun_ = true;
    if (quote_ == 0)
      quote_ = c;
    else if (quote_ == c)
      quote_ = 0;
    else
      word_ += c;
  }

  void end_word() {
    if (begun_) words_.push_back(std::exchange(word_, {}));
    begun_ = false;
  }

  std::vector<std::string> words_;
  std::string word_;
  char quote_ = 0;
  bool begun_ = false, escaped_ = false;  // begun: also by an empty pair of quotes
};

}  // namespace

std::vector<std::string> split_line(std::string_view line) { return Splitter().split(line); }

std::string completion_script(Shell shell, const std::string& program) {
  const std::string word = (program.find('/') == std::string::npos ? "command " : "") + quote(shell, program);
  switch (shell) {
    case Shell::bash: return fmt::format(kBash, word);
    case Shell::zsh: return fmt::format(kZsh, word);
    case Shell::fish: return fmt::format(kFish, word);
  }
  return {};
}

Question parse_question(Shell shell, std::string_view bytes) {
  auto items = items_of(bytes);
  Question question;
  if (shell == Shell::bash) {
    question.words = split_line(items.empty() ? "" : items.front());
    if (items.size() > 1) question.replaced = items[1];
  } else {
    question.words = std::move(items);
    if (shell == Shell::fish && !question.words.empty()) question.words.back() = split_line(question.words.back()).back();  // still quoted
  }
  drop_assignments(question.words);
  return question;
}

std::string answer_text(Shell shell, const Question& question, const Completion& completion) {
  if (completion.files && completion.candidates.empty()) return std::string(kFiles) + "\n";
  std::string lines;
  for (const auto& candidate : completion.candidates) lines += candidate_line(shell, question, candidate) + "\n";
  return lines;
}

}  // namespace penstock::launch
