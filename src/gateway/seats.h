// Where sessions are, for all workers: a client's connections are spread over them.
#pragma once

#include <array>
#include <mutex>
#include <optional>

#include "policy/affinity.h"

namespace penstock::gateway {

/// Each request takes one lock of many for some twenty nanoseconds. For any thread.
class Seats {
 public:
  [[nodiscard]] std::optional<policy::Seat> find(std::uint64_t key, policy::TimePoint now) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto* found = shard.table.find(key, now);
    return found ? std::optional(*found) : std::nullopt;
  }
  void put(std::uint64_t key, const policy::Seat& seat) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    shard.table.put(key, seat);
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct Shard {
    std::mutex mutex;
    policy::AffinityTable table{policy::AffinityTable::kMost / kShards};
  };
  Shard& shard_of(std::uint64_t key) { return shards_[key % kShards]; }
  std::array<Shard, kShards> shards_;
};

}  // namespace penstock::gateway
