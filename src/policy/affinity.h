// Where a session is, and whether it should stay there: a provider's prompt cache makes the next turn several times cheaper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"
#include "policy/expected_cost.h"
#include "policy/time.h"

namespace penstock::policy {

/// By what a session is known. Views; empty: not there.
struct SessionSigns {
  std::string_view header;      // x-claude-code-session-id
  std::string_view agent;       // x-claude-code-agent-id: an agent has a conversation, and so a cache, of its own
  std::string_view metadata;    // llm::Facts::session
  std::string_view first_turn;  // Facts::first_turn: for clients that name no session; its first 4 KB count
};
/// A number for the session, the same in every gateway; 0: there is nothing to know it by.
[[nodiscard]] std::uint64_t session_key(const SessionSigns& signs);
/// The session's key among requests that are planned alike: its titles and its turns are at different targets. `rule` is Plan::rule.
[[nodiscard]] std::uint64_t seat_key(std::uint64_t session, std::string_view rule);

/// One that a session may be put on: a target (PlannedTarget::id) or a credential (a hash of its provider and of its fingerprint).
struct Place {
  std::uint64_t id = 0;
  unsigned weight = 1;  // 0: only when all weights are 0
};
/// Highest random weight (Thaler, Ravishankar 1998; the weighted form by Schindelhauer, Schomaker 2005): all who ask with the same key and
/// the same places choose the same one; when a place goes, only its sessions move; when one comes, only those that move to it. Nothing for
/// no places.
[[nodiscard]] std::optional<std::size_t> rendezvous(std::uint64_t key, std::span<const Place> places);
/// By what rendezvous() chooses: the highest wins.
[[nodiscard]] double rendezvous_score(std::uint64_t key, const Place& place);

/// Where a session's last answer came from.
struct Seat {
  std::uint64_t target = 0, credential = 0;  // ids, as in Place
  std::uint64_t cached = 0;                  // tokens of its prompt that the provider's cache holds since
  TimePoint when{};

  /// What the cache still holds. Providers keep a prompt for five minutes after its last use, or longer (wire-reference 4.1).
  [[nodiscard]] std::uint64_t warm(TimePoint now, Duration keeps = std::chrono::minutes(5)) const {
    return now - when < keeps ? cached : 0;
  }
};

/// Seats by seat_key(); those that were not used for longest go first. One worker's own; about 100 bytes a seat.
class AffinityTable {
 public:
  static constexpr std::size_t kMost = 10'000;

  explicit AffinityTable(std::size_t most = kMost, Duration keeps = std::chrono::hours(1)) : most_(most), keeps_(keeps) {}
  AffinityTable(AffinityTable&&) noexcept = default;
  AffinityTable& operator=(AffinityTable&&) noexcept = default;

  /// The seat under `key`, or null; also when it was not used for `keeps`. Valid until the next call of anything here.
  [[nodiscard]] const Seat* find(std::uint64_t key, TimePoint now);
  /// Takes or moves a seat. Key 0 takes none.
  void put(std::uint64_t key, const Seat& seat);
  void forget(std::uint64_t key);
  [[nodiscard]] std::size_t size() const { return seats_.size(); }

 private:
  struct Entry {
    std::uint64_t key;
    Seat seat;
  };
  std::size_t most_;
  Duration keeps_;
  std::list<Entry> seats_;  // last used first
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> index_;
};

/// A session that stands somewhere else than where it should be by the plan.
struct Away {
  catalog::Price here, there;  // where it is; where it would return to
  std::uint64_t cached = 0;    // tokens that the cache here holds (Seat::warm)
  ExpectedTokens next;         // the next request; its `cached` is not looked at
  unsigned requests = 1;       // how many like it are expected
};
/// The lost cache is worth less than what the requests would save there. With nothing cached it returns; with a price unknown it stays
/// until the cache is cold.
[[nodiscard]] bool worth_returning(const Away& away);

}  // namespace penstock::policy
