#include "importing/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "importing/draft.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kLiteLlm = "os.environ/";

bool is_capital_word(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// The variable's name at the start of `text` (`$NAME`, `${NAME}`) and how many characters it takes; empty when none stands there.
std::pair<std::string_view, std::size_t> dollar_name(std::string_view text, bool bare) {
  if (text.starts_with("${")) {
    const auto end = text.find('}');
    const auto name = end == std::string_view::npos ? std::string_view{} : text.substr(2, end - 2);
    return is_variable_name(name) ? std::pair(name, end + 1) : std::pair(std::string_view{}, std::size_t{0});
  }
  if (!bare || !text.starts_with('$') || text.size() < 2 || !((text[1] >= 'A' && text[1] <= 'Z') || text[1] == '_')) return {};
  const auto length = static_cast<std::size_t>(std::ranges::find_if_not(text.substr(1), is_capital_word) - text.begin());
  return {text.substr(1, length - 1), length};
}

Text from_dollar(std::string_view source, bool bare) {
  Text out;
  std::string plain;  // what stands since the last reference
  const auto flush = [&] {
    out.text += literal(plain);
    plain.clear();
  };
  while (!source.empty()) {
    const auto [name, length] = dollar_name(source, bare);
    if (length == 0 || plain.ends_with('$')) {  // a dollar right before a reference would make it a literal
      plain += source.front();
      source.remove_prefix(1);
      continue;
    }
    flush();
    out.text += fmt::format("${{{}}}", name);
    out.has_reference = true;
    source.remove_prefix(length);
  }
  flush();
  return out;
}

}  // namespace

bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::ranges::all_of(name, fits);
}

Text to_text(std::string_view source, Spelling spelling) {
  if (spelling == Spelling::dollar || spelling == Spelling::braced) return from_dollar(source, spelling == Spelling::dollar);
  const auto whole = trim(source);
  if (spelling == Spelling::litellm && whole.starts_with(kLiteLlm) && is_variable_name(whole.substr(kLiteLlm.size())))
    return {fmt::format("${{{}}}", whole.substr(kLiteLlm.size())), true};
  return {literal(source), false};
}

std::string key_variable(std::string_view provider) {
  std::string out;
  for (const char c : provider) {
    const char small = lower(c);
    out += small >= 'a' && small <= 'z' ? static_cast<char>(small - 'a' + 'A') : c >= '0' && c <= '9' ? c : '_';
  }
  if (out.empty() || (out.front() >= '0' && out.front() <= '9')) out.insert(0, "_");
  return out + "_API_KEY";
}

bool sounds_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> kWords{"key", "token", "secret", "password", "auth", "cookie"};
  return std::ranges::any_of(kWords, [&](auto word) { return contains_ignoring_case(name, word); });
}

std::optional<std::string> duration_text(double seconds) {
  constexpr double kDay = 86'400;
  if (!(seconds >= 0.001 && seconds <= kDay)) return std::nullopt;
  const auto milliseconds = std::llround(seconds * 1000);
  return milliseconds % 1000 == 0 ? fmt::format("{}s", milliseconds / 1000) : fmt::format("{}ms", milliseconds);
}

}  // namespace penstock::importing
