#include "importing/notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace penstock::importing {

namespace {

constexpr std::string_view kNoCounterpart = "Penstock has nothing that corresponds to it";
constexpr std::size_t kWidestField = 60;

bool touched(const Value& value) {
  return value.fate != Fate::unread || std::ranges::any_of(value.items, [](const Value& item) { return touched(item); });
}

const Reason* reason_for(const Value& value, std::span<const Reason> reasons) {
  const auto found = std::ranges::find_if(reasons, [&](const Reason& reason) { return matches_glob(reason.path, value.path); });
  return found == reasons.end() ? nullptr : &*found;
}

/// A reason speaks of something below this value, so that one note for all of it would say too little.
bool is_section(const Value& value, std::span<const Reason> reasons) {
  return std::ranges::any_of(reasons, [&](const Reason& reason) { return reason.path.starts_with(value.path + "."); });
}

void walk(const Value& value, std::span<const Reason> reasons, std::vector<Note>& notes) {
  if (!value.filled()) return;
  if (value.fate != Fate::unread) {
    notes.push_back({value.path, value.fate, value.why});
  } else if (!value.is_scalar() && (touched(value) || is_section(value, reasons))) {
    for (const Value& item : value.items) walk(item, reasons, notes);
  } else {
    const Reason* reason = reason_for(value, reasons);
    notes.push_back({value.path, Fate::left_out, std::string(reason != nullptr ? reason->why : kNoCounterpart)});
  }
}

std::string lines_of(std::span<const Note> notes, Fate fate, std::size_t width) {
  std::string out;
  for (const Note& note : notes)
    if (note.fate == fate) out += fmt::format("  {:<9} {:<{}}  {}\n", name(fate), json_escape(note.field), width, note.why);
  return out;
}

}  // namespace

std::vector<Note> collect(const Value& root, std::span<const Reason> reasons) {
  std::vector<Note> notes;
  for (const Value& item : root.items) walk(item, reasons, notes);
  return notes;
}

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::carried: return "carried";
    case Fate::changed: return "changed";
    case Fate::unread:
    case Fate::left_out: break;
  }
  return "left out";
}

std::string to_text(std::span<const Note> notes) {
  std::size_t width = 0;
  for (const Note& note : notes)
    if (note.fate != Fate::carried) width = std::max(width, std::min(note.field.size(), kWidestField));
  const auto carried = std::ranges::count(notes, Fate::carried, &Note::fate);
  return lines_of(notes, Fate::left_out, width) + lines_of(notes, Fate::changed, width) +
         fmt::format("  {} carried over as they are\n", carried);
}

std::string to_json(std::span<const Note> notes) {
  std::string out = "[";
  for (const Note& note : notes)
    out += fmt::format(R"({}{{"field":{},"fate":"{}","why":{}}})", out.size() > 1 ? "," : "", json_quote(note.field), name(note.fate),
                       json_quote(note.why));
  return out + "]";
}

}  // namespace penstock::importing
