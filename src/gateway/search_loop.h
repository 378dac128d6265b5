// The searches that a model waits for, where the gateway searches in the place of Anthropic's server tool.
#pragma once

#include "gateway/relay.h"

namespace penstock::gateway {

/// Carries out what `to.translation` wants searched, and tells a stream's client of each. True when the model is to be asked again
/// (Translation::request_again); otherwise the answer has reached the client, or the client has left.
net::Task<bool> carry_out_searches(Relay& to);

}  // namespace penstock::gateway
