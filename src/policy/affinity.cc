#include "policy/affinity.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "policy/hash.h"
#include "policy/random.h"

namespace penstock::policy {

namespace {

constexpr std::size_t kLongestTurn = 4096;  // bytes of the first turn that count
// So that a header's text and a turn's text never mean the same session.
constexpr std::uint64_t kNamed = 1, kByTurn = 2;

std::uint64_t never_zero(std::uint64_t key) { return key == 0 ? 1 : key; }

}  // namespace

std::uint64_t session_key(const SessionSigns& signs) {
  const auto name = signs.header.empty() ? signs.metadata : signs.header;
  if (!name.empty()) return never_zero(hash_of(signs.agent, hash_of(name, kNamed)));
  if (signs.first_turn.empty()) return 0;
  return never_zero(hash_of(signs.agent, hash_of(signs.first_turn.substr(0, kLongestTurn), kByTurn)));
}

std::uint64_t seat_key(std::uint64_t session, std::string_view rule) { return session == 0 ? 0 : never_zero(hash_of(rule, session)); }

double rendezvous_score(std::uint64_t key, const Place& place) {
  const double draw = unit(hash_of(key, place.id));
  if (place.weight == 0) return -std::numeric_limits<double>::max() * (1 - draw / 2);  // below all others, and in an order of its own
  return std::log(draw + std::numeric_limits<double>::min()) / place.weight;
}

std::optional<std::size_t> rendezvous(std::uint64_t key, std::span<const Place> places) {
  if (places.empty()) return std::nullopt;
  // Without a logarithm where all weigh the same: it keeps the order.
  const auto alike = std::ranges::all_of(places, [&](const Place& place) { return place.weight == places.front().weight; });
  const auto score = [&](const Place& place) { return alike ? unit(hash_of(key, place.id)) : rendezvous_score(key, place); };
  return static_cast<std::size_t>(std::ranges::max_element(places, {}, score) - places.begin());
}

const Seat* AffinityTable::find(std::uint64_t key, TimePoint now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (now - found->second->seat.when >= keeps_) {
    forget(key);
    return nullptr;
  }
  seats_.splice(seats_.begin(), seats_, found->second);
  return &seats_.front().seat;
}

void AffinityTable::put(std::uint64_t key, const Seat& seat) {
  if (key == 0 || most_ == 0) return;
  if (const auto found = index_.find(key); found != index_.end()) {
    found->second->seat = seat;
    return seats_.splice(seats_.begin(), seats_, found->second);
  }
  if (seats_.size() >= most_) {
    // The oldest one's memory serves again.
    index_.erase(seats_.back().key);
    seats_.splice(seats_.begin(), seats_, std::prev(seats_.end()));
    seats_.front() = {key, seat};
  } else {
    seats_.push_front({key, seat});
  }
  index_.emplace(key, seats_.begin());
}

void AffinityTable::forget(std::uint64_t key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  seats_.erase(found->second);
  index_.erase(found);
}

bool worth_returning(const Away& away) {
  if (away.cached == 0) return true;
  if (!away.here.known || !away.there.known) return false;
  auto tokens = away.next;
  tokens.cached = std::min(away.cached, tokens.prompt);
  // What a request saves once both caches are warm, and what warming the other one costs.
  const auto saved = expected_cost(away.here, tokens) - expected_cost(away.there, tokens);
  auto cold = tokens;
  cold.cached = 0;
  const auto lost = expected_cost(away.there, cold) - expected_cost(away.there, tokens);
  return saved > 0 && static_cast<double>(lost) < static_cast<double>(saved) * std::max(away.requests, 1U);
}

}  // namespace penstock::policy
