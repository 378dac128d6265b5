// What is asked of a provider to see whether a session could run on it, and how its answers are judged. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "doctor/inputs.h"
#include "doctor/row.h"

namespace penstock::doctor {

/// In the order in which they are asked; the first one tells whether the others are worth their tokens.
enum class LiveCheck : std::uint8_t { plain, stream, tools, thinking, image, count };
inline constexpr std::array kLiveChecks{LiveCheck::plain,    LiveCheck::stream, LiveCheck::tools,
                                        LiveCheck::thinking, LiveCheck::image,  LiveCheck::count};
std::string_view name(LiveCheck check);

/// One provider, and the model with which it is tried.
struct Subject {
  const Patient* patient = nullptr;
  std::string model;  // as the provider spells it; empty: nobody has named one
};

/// Why nothing can be asked of this provider at all; empty when it can.
std::string why_not(const Subject& subject);
/// Why this one question is not asked: the catalogue says that the answer is no. Empty when it is asked.
std::string why_not(const Subject& subject, LiveCheck check);

/// Below the gateway's URL: "/to/NAME/v1/messages".
std::string live_path(const Subject& subject, LiveCheck check);
/// A body in the Anthropic dialect, as Claude Code would write it.
std::string live_body(const Subject& subject, LiveCheck check);
/// What the gateway's answer to live_body() is worth. The row's provider and check are not filled in.
Row judge(const Subject& subject, LiveCheck check, const net::Fetched& answer);

}  // namespace penstock::doctor
