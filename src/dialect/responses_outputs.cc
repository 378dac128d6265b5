#include "dialect/responses_outputs.h"

#include <algorithm>

namespace penstock::dialect {

namespace {

bool has_other_id(const OutputItem& item, OutputName name) { return !name.id.empty() && !item.id.empty() && item.id != name.id; }

}  // namespace

OutputKind output_kind(json::Value item) {
  const auto type = item.find("type");
  if (!type) return OutputKind::other;
  if (type->equals("message")) return OutputKind::message;
  if (type->equals("reasoning")) return OutputKind::reasoning;
  if (type->equals("function_call")) return OutputKind::call;
  return type->equals("web_search_call") ? OutputKind::search : OutputKind::other;
}

OutputItem& ResponsesOutputs::add(OutputKind kind, OutputName name) {
  // The same announcement again, of an item that goes on.
  const auto same = std::ranges::find_if(items_, [&](const OutputItem& item) {
    return item.kind == kind && !item.done && item.index == name.index && !name.id.empty() && item.id == name.id;
  });
  if (same != items_.end()) return *same;
  auto& item = items_.emplace_back();
  item.kind = kind;
  item.index = name.index;
  item.id = name.id;
  return item;
}

/// The newest item that fits, those that are not done first.
OutputItem* ResponsesOutputs::find(OutputKind kind, OutputName name) {
  const auto newest = [&](auto&& fits) -> OutputItem* {
    const auto found =
        std::find_if(items_.rbegin(), items_.rend(), [&](const OutputItem& item) { return item.kind == kind && fits(item); });
    return found == items_.rend() ? nullptr : &*found;
  };
  const auto at_index = [&](const OutputItem& item) { return name.index && item.index == name.index; };
  const auto with_id = [&](const OutputItem& item) { return !name.id.empty() && item.id == name.id; };
  if (auto* const exact = newest([&](const auto& item) { return at_index(item) && with_id(item); })) return exact;
  if (auto* const open = newest([&](const auto& item) { return at_index(item) && !item.done; })) return open;
  if (auto* const named = newest(with_id)) return named;
  if (auto* const done = newest(at_index)) return has_other_id(*done, name) ? nullptr : done;
  // One of the two does not say its index.
  auto* const open = newest([&](const auto& item) { return !item.done && (!name.index || !item.index); });
  return open == nullptr || has_other_id(*open, name) ? nullptr : open;
}

OutputItem& ResponsesOutputs::at(OutputKind kind, OutputName name) {
  auto* const known = find(kind, name);
  if (known == nullptr) return add(kind, name);
  if (!known->index) known->index = name.index;
  if (known->id.empty()) known->id = name.id;
  return *known;
}

OutputItem* ResponsesOutputs::nth(OutputKind kind, std::size_t n) {
  for (auto& item : items_)
    if (item.kind == kind && n-- == 0) return &item;
  return nullptr;
}

OutputItem* ResponsesOutputs::last(OutputKind kind) {
  const auto found = std::find_if(items_.rbegin(), items_.rend(), [kind](const OutputItem& item) { return item.kind == kind; });
  return found == items_.rend() ? nullptr : &*found;
}

}  // namespace penstock::dialect
