#include "base/secret.h"

#include <cstddef>
#include <cstring>

namespace penstock {

namespace {
constexpr std::size_t kShownOfLong = 4;
constexpr std::size_t kLongEnoughToShow = 16;
}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

std::string Secret::masked() const {
  if (text_.size() < kLongEnoughToShow) return "…";
  return "…" + text_.substr(text_.size() - kShownOfLong);
}

bool Secret::matches(std::string_view candidate) const {
  // An unset secret lets nobody in; the loop still runs over the candidate.
  std::size_t difference = text_.size() ^ candidate.size();
  if (text_.empty()) difference = 1;
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    const char ours = text_.empty() ? '\0' : text_[i % text_.size()];
    difference |= static_cast<unsigned char>(ours ^ candidate[i]);
  }
  return difference == 0;
}

void Secret::wipe() {
  // To the end of the capacity: a short text lies inside the object, and a move leaves its bytes there behind an empty string.
  text_.resize(text_.capacity());
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace penstock
