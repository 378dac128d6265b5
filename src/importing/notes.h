// What became of each field of another tool's configuration.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "importing/source.h"

namespace penstock::importing {

/// One field of the source.
struct Note {
  std::string field;  // its path in the source
  Fate fate = Fate::left_out;
  std::string why;  // empty for a field that is carried as it is
};

/// Why fields that no importer reads are left out: a glob over paths, and the sentence. The first that fits counts.
struct Reason {
  std::string_view path, why;
};

/// One note for every field that holds anything: with the importer's own mark, or, without one, as left out for the reason that fits.
/// A map or list of which nothing was read is one note.
std::vector<Note> collect(const Value& root, std::span<const Reason> reasons);

/// `carried`, `changed` or `left out`.
std::string_view name(Fate fate);
/// What is left out or changed, aligned, and how many fields were carried; each line ends in a newline.
std::string to_text(std::span<const Note> notes);
/// A JSON array of {"field","fate","why"}.
std::string to_json(std::span<const Note> notes);

}  // namespace penstock::importing
