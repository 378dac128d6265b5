// A background request whose target is silent for too long goes to a second target as well. Who answers first is heard, the other is given
// up. Only while heads are waited for, so that nothing of an answer has gone to the client yet. With `hedge.background` only.
#pragma once

#include <functional>
#include <optional>

#include "gateway/pause.h"
#include "gateway/relay.h"
#include "gateway/work.h"
#include "policy/judgement.h"

namespace penstock::gateway {

/// Somebody answers, and not with an error.
[[nodiscard]] bool answers(const Result<Provider>& came);

/// What a failure of the second target says to the course, which knows of the first one only: somebody else is to be asked, and nothing is
/// wrong with the first.
[[nodiscard]] policy::Judgement of_another(policy::Judgement judgement);

/// Two are asked, the second when the first has been silent for `hedge.background`. Lives in the request's coroutine, and ends after both.
class Hedge : private net::Deadline {
 public:
  using Asked = net::Task<Result<Provider>>;

  /// `ask_second` is called at most once; what it asks ends soon after its cancel was requested.
  Hedge(net::Worker& worker, Work& work, std::function<Asked(net::Cancel&)> ask_second)
      : worker_(worker), work_(work), ask_second_(std::move(ask_second)), over_(worker) {}

  /// Gives up the first one.
  [[nodiscard]] net::Cancel& first_cancel() { return first_cancel_; }
  /// Waits for an answer of either, and for the end of the other. Returns what the first came to. A client that goes away gives up both,
  /// and so does our end.
  net::Task<Result<Provider>> hear(Asked first);
  /// The first one did not fail by itself.
  [[nodiscard]] bool gave_up_first() const { return first_cancel_.requested(); }
  /// What the second came to; none: it was not asked.
  [[nodiscard]] std::optional<Result<Provider>>& second() { return second_; }

 private:
  void expired() override;
  net::Task<> run();
  net::Task<> wait_for_second(bool wanted);
  net::Worker& worker_;
  Work& work_;
  std::function<Asked(net::Cancel&)> ask_second_;
  net::Cancel first_cancel_, second_cancel_;
  Pause over_;  // ends when the second one is over
  std::optional<Result<Provider>> second_;
  bool asked_ = false, first_over_ = false;
};

}  // namespace penstock::gateway
