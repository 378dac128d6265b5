// Keeps what is in memory, keys among it, out of core files.
#pragma once

namespace penstock {

/// From here on this process leaves no core file, neither in a folder nor with a program that collects them. Programs that we start
/// inherit this; allow_core_dumps() before an exec gives them what the user had set.
///
/// By the limit on core files alone. PR_SET_DUMPABLE would also keep debuggers of the same user out, but it gives /proc/PID to root, and
/// then neither `penstock status` nor a user's own tools (ss, lsof) can tell which program holds a port or a PID file.
void forbid_core_dumps();

/// Back to the limit that forbid_core_dumps() found.
void allow_core_dumps();

}  // namespace penstock
