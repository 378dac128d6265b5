// A request that a provider refuses because of one feature, made acceptable: which quirk would have kept the feature from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock::policy {

/// Which table of quirks the provider's dialect has: dialect/quirks.h, or dialect/chat_quirks.h for every translated dialect.
enum class QuirkSet : std::uint8_t { anthropic, chat };

/// One quirk, by its name in the table and one of its values.
struct Repair {
  std::string quirk, value;
  bool lasting = true;  // a trait of provider and model, worth remembering; false: only this request's history needs it
  bool operator==(const Repair&) const = default;
};

/// What may mend a request that was refused with `message`. None where no feature is named, and none of `tried`: a message that stands
/// after a repair gets the next stronger one, if there is one.
[[nodiscard]] std::optional<Repair> repair_for(QuirkSet set, std::string_view message, std::span<const Repair> tried = {});

/// A row of the tables, for tests and documentation: the words that must all occur, in lower case.
struct Wording {
  std::string_view part, other_part;
  std::string_view quirk, value;  // the value `#`: a number of the message; `@`: the levels that it lists
  std::string_view unless = {};   // must not occur
  bool lasting = true;
};
[[nodiscard]] std::span<const Wording> wordings(QuirkSet set);

}  // namespace penstock::policy
