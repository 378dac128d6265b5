// Who is next among those who wait: sessions take turns, each with a line of its own, so that one with thirty requests does not starve
// another with one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <utility>

namespace penstock::policy {

/// Items of sessions. Short: what is looked for is looked for from the front.
template <typename Item>
class FairQueue {
 public:
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  [[nodiscard]] std::size_t size() const {
    std::size_t all = 0;
    for (const auto& line : lines_) all += line.items.size();
    return all;
  }
  template <typename Fits>
  [[nodiscard]] bool any(Fits fits) const {
    return std::ranges::any_of(lines_, [&](const Line& line) { return std::ranges::any_of(line.items, fits); });
  }

  /// Behind the session's others; a session that has none here comes behind all sessions.
  void add(std::uint64_t session, Item item) {
    const auto found = std::ranges::find(lines_, session, &Line::session);
    Line& line = found == lines_.end() ? lines_.emplace_back(session) : *found;
    line.items.push_back(std::move(item));
  }
  /// Does nothing when it is not there.
  void remove(const Item& item) {
    for (auto line = lines_.begin(); line != lines_.end(); ++line) {
      if (std::erase(line->items, item) == 0) continue;
      if (line->items.empty()) lines_.erase(line);
      return;
    }
  }

  /// Offers each item to `take` and removes those for which it returns true: sessions in turn, a session's items in their order. What
  /// cannot be taken now holds nobody else up. `take` must not touch the queue, and must not take later what it refused before.
  template <typename Take>
  void offer(Take take) {
    for (auto line = lines_.begin(); line != lines_.end();) {
      const auto taken = std::ranges::find_if(line->items, take);
      const auto next = std::next(line);
      if (taken != line->items.end()) {
        line->items.erase(taken);
        if (line->items.empty()) {
          lines_.erase(line);
        } else {
          lines_.splice(lines_.end(), lines_, line);  // its next item comes after one of each other session
          if (next == lines_.end()) continue;
        }
      }
      line = next;
    }
  }

 private:
  struct Line {
    explicit Line(std::uint64_t whose) : session(whose) {}
    std::uint64_t session;
    std::deque<Item> items;
  };
  std::list<Line> lines_;  // never an empty one; whose turn it is in front
};

}  // namespace penstock::policy
