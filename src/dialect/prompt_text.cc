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
  std::size_t copied = 0;  // arguments may be whole files, so they are copied in runs
  for (std::size_t at = 0; at < raw.size(); ++at) {
    const char c = raw[at];
    const bool special = c == '"' || c == '\\', space = !in_string && json::is_space(c);
    if (special || space) {
      out.append(raw, copied, at - copied);
      if (special) out += '\\';
      copied = special ? at : at + 1;
    }
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = c == '\\' && !escaped;
  }
  out.append(raw, copied);
}

}  // namespace penstock::dialect
