#include "dialect/chat_parts.h"

#include <algorithm>

#include "base/append.h"
#include "dialect/history_text.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {
using From = llm::Media::From;
constexpr std::string_view kDocumentWords = "[document omitted: this model cannot read documents]";
}  // namespace

void note_dropped(std::vector<std::string>& dropped, std::string_view name) {
  if (std::ranges::find(dropped, name) == dropped.end()) dropped.emplace_back(name);
}

std::string ChatParts::image(const llm::ImagePart& image) {
  const auto& media = image.media;
  const bool reachable = media.from == From::base64 || media.from == From::url;
  if (!reachable) note_dropped(dropped_, "image.source.file");
  if (quirks_.images == Media::placeholder || !reachable) return {};
  std::string out = R"({"type":"image_url","image_url":{"url":")";
  if (media.from == From::base64) append(out, "data:", media.type.written, ";base64,");
  append(out, media.data.written, '"');
  if (!image.detail.empty()) append(out, R"(,"detail":")", image.detail.written, '"');
  return out + "}}";
}

std::string ChatParts::file(const llm::DocumentPart& document) const {
  const auto& media = document.media;
  if (quirks_.documents != ChatQuirks::Documents::file || media.from != From::base64) return {};
  std::string out = R"({"type":"file","file":{"filename":")";
  append(out, document.title.empty() ? std::string_view("document.pdf") : document.title.written, R"(","file_data":"data:)",
         media.type.written, ";base64,", media.data.written, "\"}}");
  return out;
}

std::string_view ChatParts::document_words(const llm::DocumentPart& document) {
  note_dropped(dropped_, "document");
  if (document.media.from == From::url) return keep("[document: " + std::string(document.media.data.written) + "]");
  return document.title.empty() ? kDocumentWords : keep(std::string(kDocumentWords) + " " + std::string(document.title.written));
}

void ChatParts::add_document(const llm::DocumentPart& document, ChatContent& content) {
  content.add_text(document.context.written);
  if (auto part = file(document); !part.empty()) return content.add_part(std::move(part));
  const bool readable = document.media.from == From::text && quirks_.documents != ChatQuirks::Documents::placeholder;
  if (!readable) return content.add_text(document_words(document));
  if (document.title.empty()) return content.add_text(document.media.data.written, document.cache);
  content.add_wrapped(document.title.written, "\\n", document.media.data.written);
  content.mark(document.cache);
}

std::string_view ChatParts::words_of(const llm::OtherPart& other) {
  note_dropped(dropped_, "content." + std::string(other.type.written));
  const json::Padded raw(other.raw.raw);
  json::Document block;
  if (!block.index(raw.text())) return {};
  const auto text = document_text(block.root());
  return keep(text.empty() ? history_text(block.root()) : text);
}

}  // namespace penstock::dialect
