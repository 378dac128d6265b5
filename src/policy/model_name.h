// What Claude Code's picker, and others, put around the name of a model. A decoration is taken off only where the name as written means
// nothing (see Router).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::policy {

inline constexpr std::string_view kAnthropicPrefix = "anthropic/", kViaPrefix = "claude-via-";
/// All that are known, those first that the picker gets first. The third is for a configuration in which both others make a name of its
/// own.
inline constexpr std::array<std::string_view, 3> kPickerPrefixes{kAnthropicPrefix, kViaPrefix, "anthropic.penstock/"};

/// The name ends in `[1m]`: a window of a million tokens.
[[nodiscard]] bool has_million(std::string_view name);
[[nodiscard]] std::string_view without_million(std::string_view name);

/// The name as written, then with one prefix less each time. A range of views into it.
class Spellings {
 public:
  explicit Spellings(std::string_view asked);
  [[nodiscard]] const std::string_view* begin() const { return names_.data(); }
  [[nodiscard]] const std::string_view* end() const { return names_.data() + count_; }

 private:
  // A picker puts on one or two; more is nonsense.
  static constexpr std::size_t kMostPrefixes = 3;
  std::array<std::string_view, kMostPrefixes + 1> names_;
  std::size_t count_ = 1;
};

/// What the pattern's star stands for in `name`, empty for a pattern without one. `[1m]` is never carried over by accident: only a pattern
/// that ends in `[1m]` itself matches a name that does.
[[nodiscard]] std::optional<std::string_view> star_in(std::string_view pattern, std::string_view name);
/// `model` with its star, if it has one, replaced.
[[nodiscard]] std::string filled(std::string_view model, std::string_view star);

/// `provider/model` or `provider,model`, parted; the model may hold further slashes.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> parted(std::string_view name);

}  // namespace penstock::policy
