#include "dialect/tool_names.h"

#include <algorithm>

#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/digest.h"

namespace penstock::dialect {

namespace {

constexpr std::size_t kLongestName = 64, kKeptName = 55, kHash = 8;  // 55 and `_` and 8 are 64
constexpr std::size_t kMistralId = 9, kLongestId = 40, kIdHash = 32;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }
bool is_plain(char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }

bool is_allowed(char c, ToolNames::Form form) { return is_plain(c) || (form == ToolNames::Form::gemini && (c == '.' || c == ':')); }
bool may_begin(char c, ToolNames::Form form) { return form == ToolNames::Form::openai || is_letter(c) || c == '_'; }

bool has_form(std::string_view name, ToolNames::Form form) {
  return !name.empty() && name.size() <= kLongestName && may_begin(name.front(), form) &&
         std::ranges::all_of(name, [form](char c) { return is_allowed(c, form); });
}

std::string shortened(std::string_view name, ToolNames::Form form) {
  std::string out = name.empty() || may_begin(name.front(), form) ? "" : "_";
  for (const char c : name) {
    // One `_` for each character, not for each of its bytes.
    if (is_allowed(c, form))
      out += c;
    else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U)
      out += '_';
  }
  return out.substr(0, kKeptName) + '_' + sha256_hex(name).substr(0, kHash);
}

/// Nine letters and digits of a hash.
std::string nine_characters(std::string_view id) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string out;
  for (const auto byte : sha256(id)) {
    if (out.size() < kMistralId) out += kDigits[byte % kDigits.size()];
  }
  return out;
}

}  // namespace

std::string_view ToolNames::to_provider(std::string_view written) {
  if (has_form(written, form_)) return written;
  const auto name = unescape(written);
  const auto known = to_provider_.find(name);
  if (known != to_provider_.end()) return known->second;
  const auto& made = to_provider_.emplace(name, has_form(name, form_) ? name : shortened(name, form_)).first->second;
  if (made != name) to_client_.emplace(made, json_escape(name));
  return made;
}

std::string_view ToolNames::to_client(std::string_view written) const {
  if (to_client_.empty()) return written;
  const auto known = to_client_.find(written);
  return known == to_client_.end() ? written : std::string_view(known->second);
}

std::string call_id_in_form(std::string_view written, CallIdForm form) {
  if (form == CallIdForm::any) return std::string(written);
  const bool nine = written.size() == kMistralId && std::ranges::all_of(written, is_alphanumeric);
  const bool short_enough = !written.empty() && written.size() <= kLongestId && std::ranges::all_of(written, is_plain);
  if (form == CallIdForm::mistral9) return nine ? std::string(written) : nine_characters(written);
  if (form == CallIdForm::max40 && !short_enough) return "call_" + sha256_hex(written).substr(0, kIdHash);
  return std::string(written);
}

}  // namespace penstock::dialect
