#include "dialect/quirk_fields.h"

#include <openssl/sha.h>

#include <array>
#include <charconv>

#include "base/text.h"

namespace penstock::dialect {

namespace {

/// How far above an excluded lower bound a temperature is put.
constexpr double kStep = 0.01;

std::string print(double number) {
  std::array<char, 32> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  return {digits.data(), end};
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return to_hex(digest);
}

}  // namespace

void edit_temperature(const Edit& edit, json::Value root, const json::Member& field) {
  if (edit.quirks.temperature == Keep::strip) return edit.patch.remove(root, field);
  const auto value = field.value.number();
  if (!edit.quirks.temperature_range || !value) return;
  const auto& range = *edit.quirks.temperature_range;
  if (*value > range.high) edit.patch.replace(field.value, print(range.high));
  if (*value < range.low || (range.low_excluded && *value <= range.low))
    edit.patch.replace(field.value, print(range.low_excluded ? range.low + kStep : range.low));
}

void edit_stop_sequences(const Edit& edit, json::Value root, const json::Member& field) {
  const auto most = edit.quirks.max_stop_sequences;
  if (most == 0) return edit.patch.remove(root, field);
  std::uint64_t seen = 0;
  for (const auto& sequence : field.value.elements())
    if (++seen > most) edit.patch.remove(field.value, sequence);
}

void edit_metadata(const Edit& edit, json::Value root, const json::Member& field) {
  if (edit.quirks.metadata == Metadata::keep) return;
  const auto user = field.value.find("user_id");
  if (edit.quirks.metadata == Metadata::strip || !user || !user->is_string()) return edit.patch.remove(root, field);
  edit.patch.replace(field.value, R"({"user_id":")" + sha256_hex(user->text()) + "\"}");
}

}  // namespace penstock::dialect
