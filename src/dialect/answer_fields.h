// How the readers of providers' answers look at fields: providers leave out, or write null, what they have nothing to say of.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "json/scan.h"

namespace penstock::dialect {

/// What a reader keeps of one answer until more of it comes, in bytes; beyond it the answer fails.
inline constexpr std::size_t kMostKept = 64U << 20;
inline constexpr std::string_view kTooLarge = "the provider's answer is too large";
/// What something that is kept costs beside its text, in bytes, roughly.
inline constexpr std::size_t kKeptEach = 256;

/// The inside of a JSON string; empty for anything else.
[[nodiscard]] inline std::string_view text_in(std::optional<json::Value> value) {
  return value && value->is_string() ? value->raw_text() : std::string_view();
}

[[nodiscard]] inline std::string_view text_in(json::Value object, std::string_view key) { return text_in(object.find(key)); }

/// What is not there, or null, is nothing.
[[nodiscard]] inline std::optional<json::Value> present(json::Value object, std::string_view key) {
  const auto value = object.find(key);
  return value && !value->is_null() ? value : std::nullopt;
}

/// Of several answers to one request, the one that counts: the first.
[[nodiscard]] inline std::optional<json::Value> first_answer(json::Value root, std::string_view list_name) {
  const auto list = root.find(list_name);
  if (!list || !list->is_array()) return std::nullopt;
  for (const auto answer : list->elements()) {
    const auto index = answer.find("index");
    if (!index || index->integer().value_or(0) == 0) return answer;
  }
  return std::nullopt;
}

}  // namespace penstock::dialect
