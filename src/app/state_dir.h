// What Penstock keeps on disk between runs, in $PENSTOCK_STATE_DIR or $XDG_STATE_HOME/penstock.
#pragma once

#include <string>

#include "base/result.h"
#include "config/load.h"
#include "dialect/signature.h"

namespace penstock::app {

/// The state folder's path (not created); empty when nothing says where.
std::string state_dir(const config::Environment& environment);
/// Makes the folder (0700) when it is not there. Fails, and names the mend, when there is no place for it, or as check_state_dir().
Status make_state_dir(const std::string& folder);
/// Fails, and names the mend, when the folder is another user's or others may write to it: what lies in it says where requests go and which
/// process is stopped. One that is not there is no fault.
Status check_state_dir(const std::string& folder);

/// The local key under which thinking blocks are tagged; made at first use (0600, in a 0700 folder). All gateways of one user share it, so
/// that a restart does not orphan a session's reasoning. Fails when the folder cannot be written or the file is damaged.
Result<dialect::SignatureCodec::Key> signature_key(const std::string& folder);

}  // namespace penstock::app
