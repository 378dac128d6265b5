#include "dialect/chat_thoughts.h"

#include <algorithm>
#include <utility>

#include "base/append.h"
#include "dialect/arguments.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

/// Members of one detail that are kept beside its text. Providers write half a dozen.
constexpr std::size_t kMostMembers = 64;
/// What a detail costs beside its members, in bytes, roughly.
constexpr std::size_t kEntry = 256;

/// The member that holds a kind's words. Sealed kinds have none.
std::string_view text_member(std::string_view type) {
  return type == "reasoning.text" ? "text" : type == "reasoning.summary" ? "summary" : std::string_view();
}

}  // namespace

void ReasoningDetails::add(json::Value list) {
  last_text_.clear();
  for (const auto detail : list.elements())
    if (detail.is_object()) add_entry(detail);
}

void ReasoningDetails::add_entry(json::Value detail) {
  const auto type = detail.find("type"), index = detail.find("index");
  Entry made;
  made.type = type && type->is_string() ? type->raw_text() : std::string_view();
  made.index = index ? index->raw() : std::string_view();
  const auto words = text_member(made.type);
  const bool continues = !words.empty() && !entries_.empty() && entries_.back().type == made.type &&
                         (made.index.empty() || entries_.back().index == made.index);
  if (!continues) {
    kept_ += kEntry + made.type.size() + made.index.size();
    entries_.push_back(std::move(made));
  }
  auto& entry = entries_.back();
  for (const auto [key, value] : detail.members()) {
    const auto name = key.raw_text();
    if (name == "type" || name == "index" || value.is_null()) continue;
    if (!words.empty() && name == words && value.is_string()) {
      entry.text += value.raw_text();
      kept_ += value.raw_text().size();
      entry.has_text = true;
      last_text_ += value.raw_text();
      continue;
    }
    note_member(entry, name, value.raw());
  }
}

void ReasoningDetails::note_member(Entry& entry, std::string_view name, std::string_view value) {
  const auto known = std::ranges::find(entry.others, name, &Member::key);
  if (known == entry.others.end() && entry.others.size() == kMostMembers) return;
  kept_ += value.size();
  if (known == entry.others.end()) {
    kept_ += name.size();
    entry.others.push_back({std::string(name), std::string(value)});
  } else {
    kept_ -= known->value.size();
    known->value = value;
  }
}

std::string ReasoningDetails::take_payload(std::string_view block_text) {
  if (entries_.empty()) return {};
  const auto worded = std::ranges::count_if(entries_, &Entry::has_text);
  std::string out;
  for (const auto& entry : entries_) {
    append(out, out.empty() ? "[" : ",", R"({"type":")", entry.type, '"');
    for (const auto& [key, value] : entry.others) append(out, ",\"", key, "\":", value);
    if (!entry.index.empty()) append(out, R"(,"index":)", entry.index);
    const auto words = text_member(entry.type);
    // The block has the text already: once is enough.
    if (entry.has_text && (worded > 1 || entry.text != block_text)) append(out, ",\"", words, "\":\"", entry.text, '"');
    if (!entry.has_text && !words.empty()) append(out, ",\"", words, "\":null");
    out += '}';
  }
  entries_.clear();
  kept_ = 0;
  return out + ']';
}

bool RestoredThoughts::add(const llm::ThinkingPart& part) {
  const auto signature = part.signature.written;
  if (codec_ == nullptr || !signature.starts_with(kTagPrefix)) return false;
  // A look at the name first: the MAC is the dear part.
  if (!signature.substr(kTagPrefix.size()).starts_with(provider_)) return false;
  const auto opened = codec_->open(signature);
  if (!opened || opened->provider != provider_) return false;
  if (!text_.empty() && !part.text.empty()) text_ += "\\n";
  text_ += part.text.written;
  if (opened->original.starts_with('[')) add_details(opened->original, part.text.written);
  if (opened->original.starts_with('{')) extra_ = opened->original;
  return true;
}

void RestoredThoughts::add_details(std::string_view payload, std::string_view block_text) {
  const json::Padded text(payload);
  json::Document document;
  if (!document.index(text.text())) return;
  for (const auto entry : document.root().elements()) {
    if (!details_.empty()) details_ += ',';
    const auto type = entry.find("type");
    const auto words = type && type->is_string() ? text_member(type->raw_text()) : std::string_view();
    const auto raw = entry.raw();
    if (words.empty() || entry.find(words))
      details_ += raw;
    else
      append(details_, raw.substr(0, raw.size() - 1), ",\"", words, "\":\"", block_text, "\"}");
  }
}

std::string RestoredThoughts::take_extra() { return std::exchange(extra_, {}); }

}  // namespace penstock::dialect
