// Some providers answer a stream request with one whole message. Its client still gets the stream that it asked for.
#pragma once

#include <string>
#include <string_view>

namespace penstock::gateway {

/// The events that a whole Anthropic message amounts to (wire-reference 1.9): message_start, each block's start, delta and stop,
/// message_delta, message_stop. Blocks that have no delta form arrive complete in their start event.
std::string whole_as_stream(std::string_view message);

}  // namespace penstock::gateway
