// The JSON index and the patch. Index must never crash, must accept what Boost.JSON's strict parser accepts and nothing else, and a text
// edited in any way must be JSON again.
//
// Where the two differ on purpose:
// - a lone surrogate in an escape: we pass it (clients send it), Boost refuses it, with several codes;
// - an exponent beyond any double: we check only how a number is written;
// - an escape that JSON does not have: the index does not look inside strings.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "json/bytes.h"
#include "json/padded.h"
#include "json/patch.h"
#include "json/scan.h"

namespace {

namespace json = penstock::json;

/// `\ud8` to `\udf` stands in the text: half of a pair, with or without the other half.
bool has_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 3 < text.size(); ++i)
    if (text.substr(i, 2) == "\\u" && (text[i + 2] | 0x20) == 'd' && std::string_view("89abcdefABCDEF").contains(text[i + 3])) return true;
  return false;
}

void compare_with_boost(std::string_view text, bool accepted) {
  boost::json::parse_options options;
  options.max_depth = json::kMaxDepth;
  boost::json::stream_parser parser(boost::json::storage_ptr(), options);
  boost::json::error_code error;
  parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error && (error == boost::json::error::exponent_overflow || has_surrogate(text) || json::check_escapes(text))) return;
  if (accepted == static_cast<bool>(error)) std::abort();
}

/// Bytes of the input that decide on edits.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}
  unsigned next() {
    ++place_;
    return static_cast<unsigned char>(bytes_[place_ % bytes_.size()]) * 37U + static_cast<unsigned>(place_);
  }

 private:
  std::string_view bytes_;
  std::size_t place_ = 0;
};

void touch(json::Value value) {
  if (value.text().size() > value.raw().size()) std::abort();
  if (value.has_valid_escapes() && !value.equals(value.text())) std::abort();
  (void)value.integer();
  (void)value.number();
  (void)value.boolean();
}

/// Edits some of a value's children, and theirs. Depth is bounded by the index.
void edit(json::Patch& patch, json::Value value, Choices& choices) {
  touch(value);
  for (const auto& member : value.members()) {
    const auto choice = choices.next() % 8;
    if (choice == 0) patch.remove(value, member);
    if (choice == 1) patch.replace(member.value, "[0]");
    if (choice != 2) edit(patch, member.value, choices);
  }
  for (const auto& element : value.elements()) {
    const auto choice = choices.next() % 8;
    if (choice == 0) patch.remove(value, element);
    if (choice == 1) patch.replace(element, "\"r\"");
    if (choice <= 2) patch.insert_before(element, "1,2");
    if (choice != 3) edit(patch, element, choices);
  }
  if (choices.next() % 8 != 0) return;
  if (value.is_object()) patch.add_member(value, "added\"", "{}");
  if (value.is_array()) patch.add_element(value, "{}");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const json::Padded text(std::string_view(reinterpret_cast<const char*>(data), size));
  json::Document document;
  const bool accepted = document.index(text.text()).has_value();
  compare_with_boost(text.text(), accepted);
  if (!accepted) return 0;
  json::Patch patch(document);
  Choices choices(text.text());
  edit(patch, document.root(), choices);
  const json::Padded result(patch.text());
  if (!document.index(result.text())) std::abort();
  return 0;
}
