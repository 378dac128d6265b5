// Quirks: what a provider's Anthropic endpoint cannot take, as named data. Compiled once, when the configuration is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::dialect {

enum class Keep : std::uint8_t { keep, strip };
enum class SystemTurns : std::uint8_t { keep, to_user };
enum class Thoughts : std::uint8_t { keep, drop, inject_empty };
enum class ThinkingMode : std::uint8_t { any, adaptive_only, enabled_only, drop, force_enabled };
enum class Metadata : std::uint8_t { keep, hash, strip };
enum class Betas : std::uint8_t { keep, drop, listed };
enum class ServerTools : std::uint8_t { keep, strip, web_search };
enum class Media : std::uint8_t { keep, placeholder };
enum class ToolChoice : std::uint8_t { keep, auto_only, strip, auto_when_thinking };
enum class ToolResults : std::uint8_t { keep, merge };

/// Effort levels, lowest first. `levels` holds a bit for each that a provider takes.
inline constexpr std::size_t kEfforts = 5;
struct Effort {
  bool keep = true;     // any value passes
  unsigned levels = 0;  // bit i: the i-th of low, medium, high, xhigh, max; none: the field goes
  bool operator==(const Effort&) const = default;
};

/// Allowed temperatures.
struct Range {
  double low = 0, high = 1;
  bool low_excluded = false;
  bool operator==(const Range&) const = default;
};

/// The compiled set. A default one changes nothing; the names are those of the table in quirks.cc.
struct Quirks {
  bool third_party = false;  // not Anthropic itself: thinking blocks that are not the provider's own are refused there
  SystemTurns system_turns = SystemTurns::keep;
  Keep cache_control = Keep::keep;
  Thoughts thinking = Thoughts::keep;
  ThinkingMode thinking_mode = ThinkingMode::any;
  Effort effort;
  Keep context_management = Keep::keep;
  Keep output_format = Keep::keep;
  Metadata metadata = Metadata::keep;
  Betas betas = Betas::keep;
  std::vector<std::string> listed_betas;
  Keep tool_fields = Keep::keep;
  ServerTools server_tools = ServerTools::keep;
  Keep attribution = Keep::keep;
  Media images = Media::keep;
  Media documents = Media::keep;
  Keep temperature = Keep::keep;
  std::optional<Range> temperature_range;
  Keep top_p = Keep::keep;
  Keep top_k = Keep::keep;
  std::uint64_t max_stop_sequences = std::numeric_limits<std::uint64_t>::max();  // 0: the field goes
  ToolChoice tool_choice = ToolChoice::keep;
  std::uint64_t max_tokens_limit = 0;  // tokens; 0: none
  ToolResults tool_results = ToolResults::keep;
  Keep empty_blocks = Keep::keep;
  Keep unknown_fields = Keep::keep;
  Keep version = Keep::keep;  // strip: anthropic-version becomes 2023-06-01
  Keep clean_schema = Keep::keep;
  Keep user_agent = Keep::keep;
  bool operator==(const Quirks&) const = default;
};

/// For Anthropic itself: nothing changes.
[[nodiscard]] Quirks transparent();
/// For any other provider: safe for an endpoint that knows the API of 2023-06-01 as it was at first.
[[nodiscard]] Quirks strict();

/// Lays named values over a base. Fails (config) on an unknown name or value, and suggests what may have been meant.
Result<Quirks> parse_quirks(const std::map<std::string, std::string>& named, Quirks base);

/// One row of the table, for documentation and completion.
struct QuirkName {
  std::string_view name, values, help;
};
[[nodiscard]] std::span<const QuirkName> quirk_names();

/// The value of anthropic-beta that a provider gets; empty: no header. A beta whose body field is taken away goes with it.
[[nodiscard]] std::string filter_betas(const Quirks& quirks, std::string_view header_value);

}  // namespace penstock::dialect
