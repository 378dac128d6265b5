#include "json/patch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace penstock::json {

bool Patch::Edit::operator<(const Edit& other) const {
  if (begin != other.begin) return begin < other.begin;
  const bool inserts = begin == end;
  const bool other_inserts = other.begin == other.end;
  if (inserts != other_inserts) return inserts;
  return end > other.end;
}

std::string_view Patch::own(std::string text) { return texts_.emplace_back(std::move(text)); }

void Patch::replace(Value value, std::string json) { changed_[value.index_] = {.removed = false, .with = own(std::move(json))}; }

void Patch::remove(Value object, Member member) {
  changed_[member.key.index_] = {.removed = true, .with = {}};
  containers_[object.index_];
}

void Patch::remove(Value array, Value element) {
  changed_[element.index_] = {.removed = true, .with = {}};
  containers_[array.index_];
}

void Patch::add_member(Value object, std::string_view key, std::string_view json) {
  std::string member = json_quote(key);
  member += ':';
  member += json;
  containers_[object.index_].push_back(std::move(member));
}

void Patch::add_element(Value array, std::string_view json) { containers_[array.index_].emplace_back(json); }

void Patch::insert_before(Value element, std::string_view json) {
  auto& text = inserted_[element.index_];
  if (!text.empty()) text += ',';
  text += json;
}

bool Patch::empty() const { return changed_.empty() && inserted_.empty() && containers_.empty(); }

bool Patch::is_removed(std::uint32_t child) const {
  const auto found = changed_.find(child);
  return found != changed_.end() && found->second.removed;
}

/// The edit that puts `texts` behind the last child that stays (`kept`, 0: none does), in place of what lies between it and `end`: when
/// the last children go, the comma before them goes too.
void Patch::edit_end(std::uint32_t container, std::uint32_t kept, std::size_t end, const Texts& texts, std::vector<Edit>& edits) {
  const std::size_t begin = kept == 0 ? document_->at_[container] + 1U : Value(document_, kept).end();
  std::string with;
  for (const auto text : texts) {
    if (kept != 0 || !with.empty()) with += ',';
    with += text;
  }
  if (end > begin || !with.empty()) edits.push_back({begin, std::max(begin, end), own(std::move(with))});
}

/// One edit for each run of removed children. A run takes the comma behind it along.
void Patch::edit_children(std::uint32_t container, const std::vector<std::string>& appended, std::vector<Edit>& edits) {
  const std::uint32_t close = document_->close_[container];
  const std::uint32_t to_value = document_->at(container) == '{' ? 2 : 0;  // from a member's key
  std::uint32_t run = 0, kept = 0, last = 0;                               // the first child of a run; values; 0: none
  Texts texts;                                                             // to be put before the children of the run
  for (std::uint32_t child = container + 1; child != close; child = document_->next_child(child + to_value)) {
    last = child + to_value;
    if (is_removed(child)) {
      if (run == 0) run = child;
      if (const auto found = inserted_.find(child); found != inserted_.end()) texts.push_back(found->second);
      continue;
    }
    kept = last;
    if (run == 0) continue;
    std::string with;
    for (const auto text : texts) with.append(text) += ',';
    edits.push_back({document_->at_[run], document_->at_[child], own(std::move(with))});
    run = 0;
    texts.clear();
  }
  texts.insert(texts.end(), appended.begin(), appended.end());
  edit_end(container, kept, run == 0 ? 0 : Value(document_, last).end(), texts, edits);
}

/// The edits of the structurals [first, last). What is put before `first` itself is not among them.
std::vector<Patch::Edit> Patch::edits(std::uint32_t first, std::uint32_t last) {
  std::vector<Edit> edits;
  edits.reserve(changed_.size() + inserted_.size());
  for (auto it = changed_.lower_bound(first); it != changed_.end() && it->first < last; ++it) {
    const Value value(document_, it->first);
    if (!it->second.removed) edits.push_back({value.begin(), value.end(), it->second.with});
  }
  for (auto it = inserted_.upper_bound(first); it != inserted_.end() && it->first < last; ++it) {
    const auto at = Value(document_, it->first).begin();
    if (!is_removed(it->first)) edits.push_back({at, at, own(it->second + ',')});
  }
  for (auto it = containers_.lower_bound(first); it != containers_.end() && it->first < last; ++it)
    edit_children(it->first, it->second, edits);
  std::ranges::sort(edits, [](const Edit& a, const Edit& b) { return a < b; });
  return edits;
}

Patch::Texts Patch::pieces_between(std::size_t begin, std::size_t end, const std::vector<Edit>& edits) const {
  const auto text = document_->text();
  Texts pieces;
  pieces.reserve(edits.size() * 2 + 1);
  std::size_t done = begin;
  for (const auto& edit : edits) {
    if (edit.begin < done) continue;  // inside a value that is gone
    if (edit.begin > done) pieces.push_back(text.substr(done, edit.begin - done));
    if (!edit.with.empty()) pieces.push_back(edit.with);
    done = edit.end;
  }
  if (done < end) pieces.push_back(text.substr(done, end - done));
  return pieces;
}

std::vector<std::string_view> Patch::pieces() { return pieces_between(0, document_->text().size(), edits(0, document_->count_)); }

std::string Patch::text() {
  std::string whole;
  for (const auto piece : pieces()) whole += piece;
  return whole;
}

std::string Patch::text_of(Value value) {
  std::string whole;
  const auto list = edits(value.index_, document_->after(value.index_));
  for (const auto piece : pieces_between(value.begin(), value.end(), list)) whole += piece;
  return whole;
}

}  // namespace penstock::json
