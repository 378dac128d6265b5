// What the allocator is told. (The program is linked with mimalloc, tests under the sanitizers with theirs.)
#pragma once

namespace penstock {

/// Memory that this thread has freed goes back to the system: mimalloc keeps what a burst needed until the thread asks for more. Costs
/// what the system calls cost, so it is for moments when a burst is over.
void give_back_memory();

}  // namespace penstock
