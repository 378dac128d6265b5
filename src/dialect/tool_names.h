// Names of tools and calls in the form that a provider takes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace penstock::dialect {

/// Maps names both ways for one request and its answer. A client's name that is too long or has other characters is shortened, always in
/// the same way, so that the provider's prompt cache keeps working. Made by the writer of the request, asked by the reader of the answer.
class ToolNames {
 public:
  /// openai: letters, digits, `_` and `-`, at most 64. gemini: `.` and `:` too, and a letter or `_` first.
  enum class Form : std::uint8_t { openai, gemini };
  explicit ToolNames(Form form = Form::openai) : form_(form) {}

  /// All names are the inside of a JSON string. The views live as long as this and the argument do.
  [[nodiscard]] std::string_view to_provider(std::string_view written);
  [[nodiscard]] std::string_view to_client(std::string_view written) const;

 private:
  Form form_;
  std::map<std::string, std::string, std::less<>> to_provider_, to_client_;  // only names that differ
};

/// The forms of call ids. mistral9: exactly nine letters and digits. max40: at most 40 letters, digits, `_` and `-`.
enum class CallIdForm : std::uint8_t { any, mistral9, max40 };
/// An id in that form: itself when it has it, else one made from it, the same each time.
[[nodiscard]] std::string call_id_in_form(std::string_view written, CallIdForm form);

}  // namespace penstock::dialect
