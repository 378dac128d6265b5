#include "json/merge.h"

#include "base/text.h"
#include "json/padded.h"
#include "json/patch.h"

namespace penstock::json {

namespace {

std::optional<Member> member_of(Value object, std::string_view key) {
  for (const auto member : object.members())
    if (member.key.equals(key)) return member;
  return std::nullopt;
}

/// The value as it stands where nothing was before: without the nulls, which only remove.
std::string without_nulls(Value value) {
  if (!value.is_object()) return std::string(value.raw());
  std::string out;
  for (const auto [key, item] : value.members())
    if (!item.is_null()) out += (out.empty() ? "" : ",") + std::string(key.raw()) + ":" + without_nulls(item);
  return "{" + out + "}";
}

void lay_over(Value object, Value overlay, Patch& patch) {
  for (const auto [key, value] : overlay.members()) {
    const std::string name = key.text();
    const auto old = member_of(object, name);
    if (value.is_null()) {
      if (old) patch.remove(object, *old);
    } else if (!old) {
      patch.add_member(object, name, without_nulls(value));
    } else if (old->value.is_object() && value.is_object()) {
      lay_over(old->value, value, patch);
    } else {
      patch.replace(old->value, without_nulls(value));
    }
  }
}

}  // namespace

Result<std::string> merge(std::string_view text, std::string_view overlay) {
  const Padded base(trim(text).empty() ? "{}" : text), over(overlay);
  Document below, above;
  TRY_STATUS(below.index(base.text()));
  TRY_STATUS(above.index(over.text()));
  if (!below.root().is_object() || !above.root().is_object()) return without_nulls(above.root());
  Patch patch(below);
  lay_over(below.root(), above.root(), patch);
  return patch.text();
}

}  // namespace penstock::json
