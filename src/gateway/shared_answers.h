// Equal requests that are under way at the same time: one asks the provider, the others wait and get the same answer. For background
// requests only, and only with `share.background`.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/pause.h"
#include "gateway/setback.h"

namespace penstock::gateway {

/// A copy of an answer, made while it goes to its client. What grows too long is dropped.
class Recording {
 public:
  static constexpr std::size_t kMost = 1UL << 20;  // bytes of its body

  /// `too_long` is called when the answer does, once.
  explicit Recording(std::function<void()> too_long) : too_long_(std::move(too_long)) {}

  // As in Answer, with the same words.
  void whole(int status, std::string_view fields, std::string_view body);
  void begin(std::string_view fields, std::string_view first);
  void more(std::string_view events);
  void end(std::string_view last);

  /// The answer, ready to be sent again. Nothing when it was an error, or is not here to its end.
  [[nodiscard]] std::optional<Setback::Answered> take();

 private:
  void keep(std::string_view bytes);
  std::function<void()> too_long_;
  Setback::Answered answered_{.failed = false};
  bool ended_ = false, dropped_ = false;
};

/// What those who waited get.
struct SharedAnswer {
  Setback::Answered answered;
  const Upstream* upstream = nullptr;  // who gave it; of the snapshot that all who share it have
  std::string model_id;
};

/// The answers that somebody asks a provider for. For any thread; the lock is taken twice by a request that shares, never by others.
class SharedAnswers {
 public:
  using Key = std::array<unsigned char, 32>;             // equal for requests that one answer is good for
  using Finished = std::shared_ptr<const SharedAnswer>;  // null: it came to nothing that can be shared

  /// Who asks the provider. When it goes without a word, those who wait are told that there is nothing to wait for.
  class Leader {
   public:
    Leader(SharedAnswers& home, const Key& key) : home_(&home), key_(key) {}
    Leader(Leader&& other) noexcept : home_(std::exchange(other.home_, nullptr)), key_(other.key_) {}
    Leader& operator=(Leader&&) = delete;
    ~Leader() { finish(nullptr); }
    /// Tells those who wait, once. Who comes from now on leads.
    void finish(const Finished& answer);

   private:
    SharedAnswers* home_;
    Key key_;
  };

  /// Who waits. Lives on its worker's thread, and is told there.
  class Follower : public std::enable_shared_from_this<Follower> {
   public:
    Follower(SharedAnswers& home, const Key& key, net::Worker& worker)
        : home_(home), key_(key), executor_(worker.executor()), pause_(worker) {}
    ~Follower() { home_.leave(*this); }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    /// Waits for the answer, at most until then. Fails with cancelled when the client went away or we are stopping.
    net::Task<Result<Finished>> wait(net::TimePoint until, const Record& record, Answer& answer, net::Cancel& cancel);

   private:
    friend class SharedAnswers;
    void tell_later(const Finished& answer);
    SharedAnswers& home_;
    const Key key_;
    net::Executor executor_;
    Pause pause_;
    Finished answer_;
  };

  /// One of the two.
  struct Place {
    std::optional<Leader> leader;
    std::shared_ptr<Follower> follower;
  };
  /// Who comes first leads; the others follow until the leader has finished.
  [[nodiscard]] Place join(const Key& key, net::Worker& worker);

 private:
  void finish(const Key& key, const Finished& answer);
  void leave(const Follower& follower);
  std::mutex mutex_;
  std::map<Key, std::vector<Follower*>> followers_;  // by what is under way; a follower leaves before it goes
};

inline void SharedAnswers::Leader::finish(const Finished& answer) {
  if (auto* home = std::exchange(home_, nullptr)) home->finish(key_, answer);
}

}  // namespace penstock::gateway
