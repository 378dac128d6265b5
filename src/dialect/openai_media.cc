#include "dialect/openai_media.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace penstock::dialect {

namespace {

using llm::Media;
using llm::Part;
using llm::Text;

struct DataUrl {
  std::string_view type, data;
  bool base64 = false;
};

/// Nothing for other URLs.
std::optional<DataUrl> parse_data_url(std::string_view url) {
  constexpr std::string_view kScheme = "data:";
  if (!starts_with_ignoring_case(url, kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto comma = url.find(',');
  if (comma == std::string_view::npos) return DataUrl{};
  const auto words = split(url.substr(0, comma), ';');
  DataUrl parsed{.type = words.empty() ? "" : words.front(), .data = url.substr(comma + 1)};
  parsed.base64 = std::ranges::any_of(words, [](std::string_view word) { return equals_ignoring_case(word, "base64"); });
  return parsed;
}

/// base64 as data URLs have it, with padding.
std::optional<std::string> from_base64(std::string_view text) {
  std::string url_safe(text.substr(0, text.find('=')));
  std::ranges::replace(url_safe, '+', '-');
  std::ranges::replace(url_safe, '/', '_');
  return from_base64url(url_safe);
}

/// The text without needless escapes: many clients write `\/`.
Text plain(json::Value value, llm::Request& request) {
  const auto written = value.raw_text();
  if (!written.contains('\\')) return {written};
  return {request.keep(json_escape(value.text()))};
}

}  // namespace

MediaPart read_image_url(json::Value url, Text detail, llm::CacheMark cache, llm::Request& request) {
  const auto text = plain(url, request);
  const auto data = parse_data_url(text.written);
  if (!data) return Part{llm::ImagePart{{Media::From::url, {}, text}, detail, cache}};
  if (!data->base64) return std::unexpected("expected an address or a data URL in base64");
  const Media media{Media::From::base64, {data->type}, {data->data}};
  if (data->type == "application/pdf") return Part{llm::DocumentPart{media, {}, {}, cache}};
  return Part{llm::ImagePart{media, detail, cache}};
}

MediaPart read_file_data(json::Value value, Text name, llm::CacheMark cache, llm::Request& request) {
  const auto text = plain(value, request);
  const auto data = parse_data_url(text.written).value_or(DataUrl{"application/pdf", text.written, true});
  if (!data.base64) return std::unexpected("expected a data URL in base64");
  llm::DocumentPart document{{Media::From::base64, {data.type}, {data.data}}, name, {}, cache};
  if (data.type.starts_with("image/")) return Part{llm::ImagePart{document.media, {}, cache}};
  if (!data.type.starts_with("text/")) return Part{document};
  const auto words = from_base64(data.data);
  if (!words) return std::unexpected("the base64 is broken");
  document.media = {Media::From::text, {"text/plain"}, {request.keep(json_escape(valid_utf8(*words)))}};
  return Part{document};
}

}  // namespace penstock::dialect
