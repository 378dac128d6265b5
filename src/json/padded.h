// A copy of a text with the spare bytes behind it that Document::index wants.
#pragma once

#include <string>
#include <string_view>

#include "json/scan.h"

namespace penstock::json {

/// Owns the bytes. Assign again to reuse its buffer; views into the text before are then void.
class Padded {
 public:
  Padded() = default;
  explicit Padded(std::string_view text) { assign(text); }
  void assign(std::string_view text) {
    bytes_.clear();
    bytes_.append(text).append(kPadding, ' ');
  }
  [[nodiscard]] std::string_view text() const { return std::string_view(bytes_).substr(0, bytes_.size() - kPadding); }

 private:
  std::string bytes_ = std::string(kPadding, ' ');
};

}  // namespace penstock::json
