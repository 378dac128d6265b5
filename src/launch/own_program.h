// How this program is called from text that it writes: functions, rc files, completion scripts.
#pragma once

#include <string>

#include "config/load.h"

namespace penstock::launch {

/// `penstock` when that is what $PATH finds first, so that an update which moves the file does no harm; otherwise the file's full path.
std::string own_program(const config::Environment& environment);

}  // namespace penstock::launch
