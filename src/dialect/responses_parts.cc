#include "dialect/responses_parts.h"

#include <utility>

#include "base/append.h"

namespace penstock::dialect {

namespace {
using From = llm::Media::From;
}  // namespace

std::string ResponsesParts::image(const llm::ImagePart& image) {
  const auto& media = image.media;
  const bool reachable = media.from == From::base64 || media.from == From::url;
  if (!reachable) note_dropped(dropped_, "image.source.file");  // another provider's file
  if (quirks_.images == Media::placeholder || !reachable) return {};
  std::string out = R"({"type":"input_image","detail":")";
  append(out, image.detail.empty() ? std::string_view("auto") : image.detail.written, R"(","image_url":")");
  if (media.from == From::base64) append(out, "data:", media.type.written, ";base64,");
  append(out, media.data.written, "\"}");
  return out;
}

std::string ResponsesParts::file(const llm::DocumentPart& document) const {
  const auto& media = document.media;
  if (quirks_.documents != ChatQuirks::Documents::file) return {};
  std::string out = R"({"type":"input_file",)";
  if (media.from == From::url) {
    append(out, R"("file_url":")", media.data.written, "\"}");
    return out;
  }
  if (media.from != From::base64) return {};
  append(out, R"("filename":")", document.title.empty() ? std::string_view("document.pdf") : document.title.written,
         R"(","file_data":"data:)", media.type.written, ";base64,", media.data.written, "\"}");
  return out;
}

ResponsesParts::Words ResponsesParts::document_words(const llm::DocumentPart& document) {
  const bool readable = document.media.from == From::text && quirks_.documents != ChatQuirks::Documents::placeholder;
  if (!readable) return {{}, words_.document_words(document)};
  const auto title = document.title.written;
  return {title.empty() ? title : keep(std::string(title) + "\\n"), document.media.data.written};
}

void CallOutput::add_text(std::string_view before, std::string_view text) {
  if (!text.empty()) pieces_.push_back({.before = before, .text = text, .part = {}});
}

void CallOutput::add_part(std::string json) {
  pieces_.push_back({.before = {}, .text = {}, .part = std::move(json)});
  has_parts_ = true;
}

void CallOutput::begin_with(std::string_view words) {
  if (pieces_.empty() || !pieces_.front().part.empty() || !pieces_.front().before.empty()) pieces_.insert(pieces_.begin(), Piece{});
  pieces_.front().before = words;
}

void CallOutput::append_to(std::string& out, LongTexts* apart) const {
  if (!has_parts_) {
    out += '"';
    append_texts(out, apart);
    out += '"';
    return;
  }
  out += '[';
  for (const auto& [before, text, part] : pieces_) {
    if (out.back() != '[') out += ',';
    if (!part.empty()) {
      out += part;
      continue;
    }
    append(out, R"({"type":"input_text","text":")", before);
    append_text(out, text, apart);
    out += "\"}";
  }
  out += ']';
}

void CallOutput::append_texts(std::string& out, LongTexts* apart) const {
  bool first = true;
  for (const auto& [before, text, part] : pieces_) {
    append(out, std::exchange(first, false) ? "" : "\\n", before);
    append_text(out, text, apart);
  }
}

}  // namespace penstock::dialect
