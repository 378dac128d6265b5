#include "policy/header_times.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"

namespace penstock::policy {

namespace {

using namespace std::chrono_literals;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits with at most one point, no sign and no exponent.
std::optional<double> parse_decimal(std::string_view text) {
  if (text.empty() || !is_digit(text.front()) || text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Duration bounded(double milliseconds) {
  const auto most = static_cast<double>(kLongestWait.count());
  return Duration(static_cast<std::int64_t>(std::ceil(std::clamp(milliseconds, 0.0, most))));
}

Duration until(UnixTime moment, UnixTime now) { return std::clamp(moment - now, Duration(0), kLongestWait); }

std::optional<int> number(std::string_view text) {
  const auto value = text.size() <= 4 ? parse_unsigned(text) : std::nullopt;
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

struct Calendar {
  std::optional<int> year, month, day, hour, minute, second;
};

std::optional<UnixTime> moment_of(const Calendar& at) {
  if (!at.year || !at.month || !at.day || !at.hour || !at.minute || !at.second) return std::nullopt;
  const auto date =
      std::chrono::year(*at.year) / std::chrono::month(static_cast<unsigned>(*at.month)) / std::chrono::day(static_cast<unsigned>(*at.day));
  if (!date.ok() || *at.hour > 23 || *at.minute > 59 || *at.second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*at.hour) + std::chrono::minutes(*at.minute) + std::chrono::seconds(*at.second);
}

std::optional<int> month_number(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto found = std::ranges::find_if(kMonths, [&](std::string_view month) { return equals_ignoring_case(month, name); });
  return found == kMonths.end() ? std::nullopt : std::optional(static_cast<int>(found - kMonths.begin()) + 1);
}

/// Two digits stand for a year of this century, or for the end of the last.
std::optional<int> year_number(std::string_view text) {
  const auto year = number(text);
  if (!year || text.size() == 4) return year;
  return text.size() == 2 ? std::optional(*year + (*year < 70 ? 2000 : 1900)) : std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

struct Unit {
  std::string_view name;
  double milliseconds;
};
constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000},
                           {"ms", 1},         {"us", 1e-3},     {"µs", 1e-3},  {"ns", 1e-6}};
constexpr Unit kSpelledUnits[] = {{"millisecond", 1}, {"second", 1'000}, {"minute", 60'000}, {"hour", 3'600'000}, {"day", 86'400'000}};

/// The wait at the beginning of `text`: `5.289s`, `6m0s`, `30 seconds`.
std::optional<Duration> leading_wait(std::string_view text) {
  auto end = text.find_first_of(" ,;:!)(\"'\n");
  auto first = text.substr(0, end);
  while (first.ends_with('.')) first.remove_suffix(1);
  if (const auto spelled = parse_spelled_duration(first)) return spelled;
  const auto count = parse_decimal(first);
  if (!count || end == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(end + 1);
  const auto unit = std::ranges::find_if(kSpelledUnits, [&](const Unit& each) { return rest.starts_with(each.name); });
  return unit == std::end(kSpelledUnits) ? std::nullopt : std::optional(bounded(*count * unit->milliseconds));
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, UnixTime now) {
  value = trim(value);
  if (const auto seconds = parse_decimal(value)) return bounded(*seconds * 1000);
  const auto date = parse_http_date(value);
  return date ? std::optional(until(*date, now)) : std::nullopt;
}

std::optional<Duration> parse_retry_after_ms(std::string_view value) {
  const auto milliseconds = parse_decimal(trim(value));
  return milliseconds ? std::optional(bounded(*milliseconds)) : std::nullopt;
}

std::optional<Duration> retry_after(std::optional<std::string_view> milliseconds, std::optional<std::string_view> seconds, UnixTime now) {
  if (milliseconds)
    if (const auto wait = parse_retry_after_ms(*milliseconds)) return wait;
  return seconds ? parse_retry_after(*seconds, now) : std::nullopt;
}

std::optional<Duration> parse_spelled_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto count = parse_decimal(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit = std::ranges::find(kUnits, text.substr(0, letters), &Unit::name);
    if (!count || unit == std::end(kUnits)) return std::nullopt;
    total += *count * unit->milliseconds;
    text.remove_prefix(letters);
  }
  return bounded(total);
}

std::optional<UnixTime> parse_http_date(std::string_view text) {
  const auto words = words_of(trim(text), " ,-:");
  // Sun, 06 Nov 1994 08:49:37 GMT, and Sunday, 06-Nov-94 08:49:37 GMT
  if (words.size() == 8 && (words[7] == "GMT" || words[7] == "UTC"))
    return moment_of(
        {year_number(words[3]), month_number(words[2]), number(words[1]), number(words[4]), number(words[5]), number(words[6])});
  // Sun Nov  6 08:49:37 1994
  if (words.size() != 7) return std::nullopt;
  return moment_of({year_number(words[6]), month_number(words[1]), number(words[2]), number(words[3]), number(words[4]), number(words[5])});
}

std::optional<UnixTime> parse_rfc3339(std::string_view text) {
  text = trim(text);
  constexpr std::size_t kSeconds = 19;  // bytes of 2026-11-20T09:13:32
  if (text.size() <= kSeconds || lower(text[10]) != 't') return std::nullopt;
  const auto words = words_of(text.substr(0, kSeconds), "-T:t");
  if (words.size() != 6) return std::nullopt;
  auto moment = moment_of({number(words[0]), number(words[1]), number(words[2]), number(words[3]), number(words[4]), number(words[5])});
  auto rest = text.substr(kSeconds);
  if (rest.starts_with('.')) {
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const auto fraction = parse_decimal("0" + std::string(rest.substr(0, end)));
    if (moment && fraction) *moment += bounded(*fraction * 1000);
    rest.remove_prefix(end);
  }
  if (!moment || rest == "Z" || rest == "z") return moment;
  const auto offset = words_of(rest, "+-:");
  const auto hours = offset.size() == 2 ? number(offset[0]) : std::nullopt, minutes = offset.size() == 2 ? number(offset[1]) : std::nullopt;
  if (!hours || !minutes || rest.size() != 6) return std::nullopt;
  const auto east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return rest.front() == '-' ? *moment + east : *moment - east;
}

std::optional<Duration> parse_reset(std::string_view value, UnixTime now) {
  value = trim(value);
  constexpr double kUnixSeconds = 1e9, kUnixMilliseconds = 1e11;
  if (const auto count = parse_decimal(value)) {
    if (*count < kUnixSeconds) return bounded(*count * 1000);
    const double milliseconds = *count < kUnixMilliseconds ? *count * 1000 : *count;
    return bounded(milliseconds - static_cast<double>(now.time_since_epoch().count()));
  }
  if (const auto wait = parse_spelled_duration(value)) return wait;
  const auto moment = parse_rfc3339(value);
  return moment ? std::optional(until(*moment, now)) : parse_retry_after(value, now);
}

std::optional<Duration> wait_in_words(std::string_view message) {
  constexpr std::string_view kBefore[] = {"try again in ", "retry in ", "retry after ", "retrying in ", "please wait ",
                                          "resets in ",    "reset in ", "reset after ", "available in "};
  const std::string lowered = to_lower(message);
  for (const auto before : kBefore) {
    const auto at = lowered.find(before);
    if (at == std::string::npos) continue;
    auto rest = std::string_view(lowered).substr(at + before.size());
    if (rest.starts_with("about ")) rest.remove_prefix(6);
    if (const auto wait = leading_wait(rest)) return wait;
  }
  return std::nullopt;
}

}  // namespace penstock::policy
