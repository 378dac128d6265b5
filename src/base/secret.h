// A secret is a type that cannot be printed: no stream operator, no fmt formatter, no conversion to a string.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace penstock {

/// A key or token. Whoever needs the bytes says so by calling `reveal()`, which is easy to find in a review.
/// The bytes are wiped when the value dies.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  /// The bytes themselves; valid while this Secret lives unchanged.
  [[nodiscard]] std::string_view reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  /// "…" and the last four characters of a long secret, "…" alone for a short one; fit for a listing.
  [[nodiscard]] std::string masked() const;
  /// Compares in time that depends on `candidate`'s length only, never on where the bytes differ.
  [[nodiscard]] bool matches(std::string_view candidate) const;

 private:
  void wipe();
  std::string text_;
};

}  // namespace penstock
