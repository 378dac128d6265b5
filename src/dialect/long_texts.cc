#include "dialect/long_texts.h"

#include <functional>

namespace penstock::dialect {

namespace {

bool stands_in(std::string_view part, std::string_view whole) {
  // Pointers into different objects have an order here only.
  const std::less_equal<const char*> not_behind;
  return not_behind(whole.data(), part.data()) && not_behind(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

void LongTexts::append(std::string& body, std::string_view text) {
  if (text.size() < kLong || !stands_in(text, source_)) return void(body.append(text));
  places_.push_back({body.size(), text});
  size_ += text.size();
}

std::vector<std::string_view> LongTexts::pieces(std::string_view body) const {
  std::vector<std::string_view> out;
  out.reserve(2 * places_.size() + 1);
  std::size_t done = 0;
  for (const auto& [at, text] : places_) {
    if (at != done) out.push_back(body.substr(done, at - done));
    out.push_back(text);
    done = at;
  }
  if (done != body.size()) out.push_back(body.substr(done));
  return out;
}

}  // namespace penstock::dialect
