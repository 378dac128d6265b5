// Is a process, known by its number alone, a gateway of ours?
#pragma once

#include <string>

namespace penstock::app {

/// Why it is none, in words that follow "but"; empty when it runs as our user, its program is ours or is called penstock, and `named` (the
/// number that it wrote of itself, as its own container counts; 0: not known) is its.
std::string why_no_gateway(int pid, int named);

}  // namespace penstock::app
