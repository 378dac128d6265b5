// The long texts of a translated body. They go to the provider as the client wrote them, so they are not copied: they are left out of the
// body that is written, and a gathered write puts them in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::dialect {

/// Where they stand. For one body, which is only added to at its end.
class LongTexts {
 public:
  /// A shorter text costs less to copy than to send as a piece of its own.
  static constexpr std::size_t kLong = 2048;

  LongTexts() = default;
  /// Only texts inside `source` are left out: the client's body, which stays until the provider has its request.
  explicit LongTexts(std::string_view source) : source_(source) {}

  /// Adds `text` at the end of `body`, or notes that it stands there.
  void append(std::string& body, std::string_view text);

  /// Bytes that were left out.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The whole text, in order, as views of `body` and of the source.
  [[nodiscard]] std::vector<std::string_view> pieces(std::string_view body) const;

 private:
  struct Place {
    std::size_t at;  // in the body
    std::string_view text;
  };
  std::string_view source_;
  std::vector<Place> places_;
  std::size_t size_ = 0;
};

/// Adds a text; `apart` may be null.
inline void append_text(std::string& body, std::string_view text, LongTexts* apart) {
  if (apart == nullptr)
    body.append(text);
  else
    apart->append(body, text);
}

}  // namespace penstock::dialect
