#include "dialect/prompt_text.h"

#include "json/scan.h"

namespace penstock::dialect {

std::string_view without_attribution(std::string_view written) {
  if (!written.starts_with(kAttribution)) return written;
  const auto end = written.find("\\n");
  if (end == std::string_view::npos) return {};
  written.remove_prefix(end);
  while (written.starts_with("\\n")) written.remove_prefix(2);
  return written;
}

void append_as_text(std::string& out, std::string_view raw) {
  bool in_string = false, escaped = false;
  for (const char c : raw) {
    if (!in_string && json::is_space(c)) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
    if (escaped)
      escaped = false;
    else if (c == '\\')
      escaped = true;
    else if (c == '"')
      in_string = !in_string;
  }
}

}  // namespace penstock::dialect
