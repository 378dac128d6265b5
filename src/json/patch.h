// An edit list over raw JSON bytes. Edits name values of an indexed Document; commas are looked after; what is not edited is never copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/scan.h"

namespace penstock::json {

/// Collects edits, then yields the new text as pieces: views into the document's bytes and into texts the Patch owns. Both must stay
/// until the pieces are used. Edits inside a removed or replaced value are without effect. Of several replacements and removals of one
/// value the last counts; insertions and additions all count, in the order of the calls.
class Patch {
 public:
  explicit Patch(const Document& document) : document_(&document) {}

  /// Puts other JSON in a value's place.
  void replace(Value value, std::string json);
  /// Takes a member out of its object.
  void remove(Value object, Member member);
  /// Takes an element out of its array.
  void remove(Value array, Value element);
  /// Adds `"key":json` at the end of an object. The key must not be there (replace it then).
  void add_member(Value object, std::string_view key, std::string_view json);
  /// Adds an element at the end of an array.
  void add_element(Value array, std::string_view json);
  /// Puts JSON elements (comma between them, none at the ends) before an element of an array.
  void insert_before(Value element, std::string_view json);

  [[nodiscard]] bool empty() const;
  /// The edited text of the whole document, in order. Call once, when all edits are in.
  [[nodiscard]] std::vector<std::string_view> pieces();
  /// The same in one string, for tests and small texts.
  [[nodiscard]] std::string text();
  /// One value as the edits so far have it, to be put elsewhere. Whether the value itself is removed does not matter.
  [[nodiscard]] std::string text_of(Value value);

 private:
  struct Change {
    bool removed = false;
    std::string_view with;
  };
  struct Edit {
    std::size_t begin, end;
    std::string_view with;
    /// In the order of the text; what is put before a value precedes what happens to the value; a whole precedes its parts.
    bool operator<(const Edit& other) const;
  };
  using Texts = std::vector<std::string_view>;
  std::string_view own(std::string text);
  [[nodiscard]] bool is_removed(std::uint32_t child) const;
  [[nodiscard]] std::vector<Edit> edits(std::uint32_t first, std::uint32_t last);
  [[nodiscard]] Texts pieces_between(std::size_t begin, std::size_t end, const std::vector<Edit>& edits) const;
  void edit_children(std::uint32_t container, const std::vector<std::string>& appended, std::vector<Edit>& edits);
  void edit_end(std::uint32_t container, std::uint32_t kept, std::size_t end, const Texts& texts, std::vector<Edit>& edits);

  const Document* document_;
  std::map<std::uint32_t, Change> changed_;                       // by structural index of the value (of a member's key, when removed)
  std::map<std::uint32_t, std::string> inserted_;                 // before this child
  std::map<std::uint32_t, std::vector<std::string>> containers_;  // those that lose or gain children, and what is put at their end
  std::list<std::string> texts_;                                  // stable addresses
};

}  // namespace penstock::json
