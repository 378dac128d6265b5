#include "policy/limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "policy/header_times.h"

namespace penstock::policy {

namespace {

using View = std::string_view;

/// What one header is about.
enum class Word : std::uint8_t { none, limit, remaining, reset, utilization, status };
constexpr std::array<View, 6> kWords{"", "limit", "remaining", "reset", "utilization", "status"};

/// A number, perhaps negative; never nan or inf.
std::optional<double> parse_number(View text) {
  double value = 0;
  if (text.find_first_not_of("-.0123456789") != View::npos) return std::nullopt;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

PlanStatus plan_status(View value) {
  if (equals_ignoring_case(value, "rejected")) return PlanStatus::rejected;
  return equals_ignoring_case(value, "allowed_warning") ? PlanStatus::warning : PlanStatus::allowed;
}

/// The name of a header without what all of its family begin with; empty: it tells nothing of limits.
View family_rest(View name) {
  constexpr View kFamilies[] = {"anthropic-ratelimit-", "anthropic-priority-", "x-ratelimit-", "ratelimit-"};
  for (const auto family : kFamilies)
    if (starts_with_ignoring_case(name, family)) return name.substr(family.size());
  return {};
}

/// One kind of limit: requests, tokens, a plan's five hours.
struct Window {
  std::uint64_t key = 0;  // of its name
  std::optional<double> limit, remaining, used;
  std::optional<TimePoint> resets;

  /// The share that is left; none where it cannot be told. Azure says -1 of limits that it does not have.
  [[nodiscard]] std::optional<double> share() const {
    if (used) return std::clamp(1 - *used, 0.0, 1.0);
    if (!remaining || *remaining < 0) return std::nullopt;
    if (limit && *limit > 0) return std::clamp(*remaining / *limit, 0.0, 1.0);
    return *remaining == 0 && !limit ? std::optional(0.0) : std::nullopt;
  }
};

class Reading {
 public:
  Reading(TimePoint now, UnixTime unix_now) : now_(now), unix_now_(unix_now) {}

  void take(const wire::Field& field) {
    if (equals_ignoring_case(field.name, "ratelimit")) return take_structured(field.value, "r=", Word::remaining);
    if (equals_ignoring_case(field.name, "ratelimit-policy")) return take_structured(field.value, "q=", Word::limit);
    const auto rest = family_rest(field.name);
    if (!rest.empty()) take_named(rest, field.value);
  }

  [[nodiscard]] Limits limits() const {
    Limits out = plan_;
    for (std::size_t i = 0; i < count_; ++i) {
      const auto share = windows_[i].share();
      if (!share) continue;
      out.known = true;
      if (*share > out.remaining || (*share == out.remaining && out.resets)) continue;
      out.remaining = *share;
      out.resets = windows_[i].resets;
    }
    return out;
  }

 private:
  /// `requests-remaining`, `remaining-requests`, `unified-5h-utilization`: one part is the word, the others name the window.
  void take_named(View rest, View value) {
    Word word = Word::none;
    std::uint64_t key = 14695981039346656037ULL;  // FNV-1a
    bool unified = false, five_hours_or_week = false;
    std::size_t names = 0;
    for (const auto part : split(rest, '-')) {
      const auto found = std::ranges::find_if(kWords, [&](View each) { return equals_ignoring_case(each, part); });
      if (found != kWords.end()) {
        word = static_cast<Word>(found - kWords.begin());
        continue;
      }
      for (const char c : part) key = (key ^ static_cast<unsigned char>(lower(c))) * 1099511628211ULL;
      unified = unified || (names == 0 && equals_ignoring_case(part, "unified"));
      five_hours_or_week = five_hours_or_week || (names == 1 && (part == "5h" || part == "7d"));
      ++names;
    }
    if (!unified) return put(key, word, value);
    if (names == 1) return take_plan(word, value);
    // Windows of single models and of overage do not end a plan.
    if (names == 2 && five_hours_or_week) put(key, word, value);
  }

  void take_plan(Word word, View value) {
    plan_.known = plan_.known || word == Word::status;
    if (word == Word::status) plan_.plan = plan_status(value);
    if (word == Word::reset) plan_.plan_resets = reset_at(value);
  }

  /// `"default";r=50;t=30`: the first policy only, since its siblings are its own other windows.
  void take_structured(View value, View number, Word word) {
    constexpr std::uint64_t kStructured = 1;
    for (const auto part : split(value.substr(0, value.find(',')), ';')) {
      if (part.starts_with(number)) put(kStructured, word, part.substr(2));
      if (word == Word::remaining && part.starts_with("t=")) put(kStructured, Word::reset, part.substr(2));
    }
  }

  void put(std::uint64_t key, Word word, View value) {
    auto* window = find(key);
    if (window == nullptr) return;
    switch (word) {
      case Word::limit: window->limit = parse_number(value); return;
      case Word::remaining: window->remaining = parse_number(value); return;
      case Word::utilization: window->used = parse_number(value); return;
      case Word::reset: window->resets = reset_at(value); return;
      case Word::status:
      case Word::none: return;
    }
  }

  [[nodiscard]] std::optional<TimePoint> reset_at(View value) const {
    const auto wait = parse_reset(value, unix_now_);
    return wait ? std::optional(after(now_, *wait)) : std::nullopt;
  }

  Window* find(std::uint64_t key) {
    const auto end = windows_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found = std::ranges::find(windows_.begin(), end, key, &Window::key);
    if (found != end) return &*found;
    if (count_ == windows_.size()) return nullptr;
    windows_[count_].key = key;
    return &windows_[count_++];
  }

  TimePoint now_;
  UnixTime unix_now_;
  Limits plan_;
  std::array<Window, 12> windows_{};
  std::size_t count_ = 0;
};

}  // namespace

std::optional<TimePoint> Limits::spent_until(TimePoint now) const {
  std::optional<TimePoint> until;
  // A plan that allows goes on beyond its windows (overage); one that rejects does not, whatever is left in a window.
  if (plan == PlanStatus::rejected) until = plan_resets ? plan_resets : resets;
  if (plan == PlanStatus::none && known && remaining <= 0) until = resets;
  return until && *until > now ? until : std::nullopt;
}

Limits read_limits(std::span<const wire::Field> fields, TimePoint now, UnixTime unix_now) {
  Reading reading(now, unix_now);
  for (const auto& field : fields) {
    // All names have `ratelimit` or `priority` in them, near their beginning; most fields end here.
    const char first = field.name.empty() ? '\0' : lower(field.name.front());
    if (first == 'a' || first == 'x' || first == 'r') reading.take(field);
  }
  return reading.limits();
}

}  // namespace penstock::policy
