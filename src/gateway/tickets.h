// Places for requests that are under way at the same time, at a target and with a credential, and the lines of those who wait for one.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/pause.h"
#include "gateway/standing.h"
#include "net/worker.h"
#include "policy/fair_queue.h"

namespace penstock::gateway {

class Tickets;

/// A place at a target and one with a credential. Given back, to those who wait on this worker first, when it goes.
class Ticket {
 public:
  /// Takes over places that were entered.
  Ticket(Tickets& home, Standing& target, Standing& credential) : home_(&home), target_(&target), credential_(&credential) {}
  Ticket(Ticket&& other) noexcept : home_(std::exchange(other.home_, nullptr)), target_(other.target_), credential_(other.credential_) {}
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket();

  [[nodiscard]] Standing& target() const { return *target_; }
  [[nodiscard]] Standing& credential() const { return *credential_; }

 private:
  Tickets* home_;
  Standing* target_;
  Standing* credential_;
};

/// What a request needs a place at.
struct Wish {
  struct Choice {
    std::size_t credential = 0;  // its place in the provider's pool
    Standing* standing = nullptr;
  };
  Standing* target = nullptr;
  unsigned target_limit = 0, credential_limit = 0;  // 0: none
  std::vector<Choice> credentials;                  // one of these, best first; where there are several, none that rests
  bool in_spite = false;                            // of a rest: nothing else is left
};

/// Where it waits.
struct Waiting {
  Standing& line;  // the standing of the provider's first credential: all who wait for the provider wait there
  std::uint64_t session = 0;
  unsigned most = 0;  // that may wait there, on all workers
  net::TimePoint until;
};

/// One worker's way to places that all workers share. A place that is left on this worker goes to the next in line at once; one that is
/// left on another is noticed within kLook. Sessions take turns (policy::FairQueue).
class Tickets {
 public:
  static constexpr std::chrono::milliseconds kLook{20};

  /// A ticket, and for which credential.
  struct Taken {
    Ticket ticket;
    std::size_t credential;
  };

  explicit Tickets(net::Worker& worker) : worker_(worker), look_(*this) {}

  /// A ticket for what nothing limits.
  [[nodiscard]] Ticket unlimited(Standing& target, Standing& credential);
  /// Takes a place at once, or waits in line. None: the line is full, or the time over. Fails with cancelled when the client went away or
  /// we are stopping.
  net::Task<Result<std::optional<Taken>>> take(const Wish& wish, const Waiting& where, const Record& record, Answer& answer,
                                               net::Cancel& cancel);
  /// Somebody on this worker waits for a place at this target already.
  [[nodiscard]] bool awaited(const Standing& line, const Standing& target) const;

  /// A place was left on this worker.
  void left() {
    if (!lines_.empty()) serve();
  }
  /// Nobody gets a place any more: the worker goes.
  void close() { closed_ = true; }

 private:
  class Waiter;
  using Line = policy::FairQueue<Waiter*>;
  class Look : public net::Deadline {
   public:
    explicit Look(Tickets& tickets) : tickets_(tickets) {}

   private:
    void expired() override { tickets_.look(); }
    Tickets& tickets_;
  };

  std::optional<Taken> try_take(const Wish& wish);
  void serve();
  void look();
  net::Worker& worker_;
  std::map<const Standing*, Line> lines_;  // never an empty one
  Look look_;
  bool closed_ = false;
};

inline Ticket::~Ticket() {
  if (home_ == nullptr) return;
  target_->leave();
  credential_->leave();
  home_->left();
}

}  // namespace penstock::gateway
