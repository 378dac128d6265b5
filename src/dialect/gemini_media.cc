#include "dialect/gemini_media.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/append.h"
#include "base/text.h"

namespace penstock::dialect {

namespace {

using From = llm::Media::From;

/// Gemini reads PNG, JPEG, WebP, HEIC and HEIF. One that it refuses would spoil every request that follows, since it stays in the history.
constexpr std::string_view kGif = "image/gif";
constexpr std::string_view kGifWords = "[image omitted: this model cannot see GIF images]";

/// Types by the end of a URL's path: the field wants one.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTypes{{{".png", "image/png"},
                                                                               {".jpg", "image/jpeg"},
                                                                               {".jpeg", "image/jpeg"},
                                                                               {".webp", "image/webp"},
                                                                               {".heic", "image/heic"},
                                                                               {".pdf", "application/pdf"}}};

std::string_view type_of_url(std::string_view url) {
  const auto path = to_lower(url.substr(0, url.find_first_of("?#")));
  const auto found = std::ranges::find_if(kTypes, [&](const auto& type) { return path.ends_with(type.first); });
  return found == kTypes.end() ? std::string_view() : found->second;
}

const llm::Media* media_of(const llm::Part& part) {
  if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) return &image->media;
  if (const auto* document = std::get_if<llm::DocumentPart>(&part.is)) return &document->media;
  return nullptr;
}

}  // namespace

bool GeminiMedia::is_media(const llm::Part& part) { return media_of(part) != nullptr; }

bool GeminiMedia::has_data(const llm::Part& part) const {
  const auto* media = media_of(part);
  if (media == nullptr || (media->from != From::base64 && media->from != From::url)) return false;
  if (std::holds_alternative<llm::ImagePart>(part.is)) return quirks_.images == Media::keep && media->type.written != kGif;
  return quirks_.documents == ChatQuirks::Documents::file;
}

bool GeminiMedia::has_bytes(const llm::Part& part) const { return has_data(part) && media_of(part)->from == From::base64; }

void GeminiMedia::append_data(const llm::Part& part, std::string& out) const {
  const auto& media = *media_of(part);
  const std::string_view usual = std::holds_alternative<llm::ImagePart>(part.is) ? "image/png" : "application/pdf";
  if (media.from == From::base64) {
    append(out, R"({"inlineData":{"mimeType":")", media.type.empty() ? usual : media.type.written, R"(","data":")", media.data.written,
           "\"}}");
    return;
  }
  append(out, R"({"fileData":{)");
  if (const auto type = type_of_url(media.data.written); !type.empty()) append(out, R"("mimeType":")", type, R"(",)");
  append(out, R"("fileUri":")", media.data.written, "\"}}");
}

std::string_view GeminiMedia::words(const llm::Part& part) {
  if (const auto* image = std::get_if<llm::ImagePart>(&part.is)) return has_data(part) ? std::string_view() : words_of(*image);
  const auto& document = std::get<llm::DocumentPart>(part.is);
  return has_data(part) ? document.context.written : words_of(document);
}

std::string_view GeminiMedia::words_of(const llm::ImagePart& image) {
  if (image.media.from == From::file) note_dropped(dropped_, "image.source.file");
  return image.media.type.written == kGif && quirks_.images == Media::keep ? kGifWords : kImageWords;
}

std::string_view GeminiMedia::words_of(const llm::DocumentPart& document) {
  const bool readable = document.media.from == From::text && quirks_.documents != ChatQuirks::Documents::placeholder;
  const auto body = readable ? document.media.data.written : words_.document_words(document);
  std::string_view out = body;
  const auto precede = [&](std::string_view text) {
    if (!text.empty()) out = words_.keep(std::string(text) + "\\n" + std::string(out));
  };
  if (readable) precede(document.title.written);
  precede(document.context.written);
  return out;
}

}  // namespace penstock::dialect
