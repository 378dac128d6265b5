// The targets of one request's plan, as its course sees them: in which order, which window, who rests.
#pragma once

#include <unordered_map>
#include <vector>

#include "gateway/aim.h"
#include "gateway/tickets.h"
#include "gateway/work.h"
#include "policy/affinity.h"
#include "policy/balancer.h"
#include "policy/course.h"
#include "policy/health.h"

namespace penstock::gateway {

/// A worker's ways to the standings it has met: no lock for those.
class KnownStandings {
 public:
  explicit KnownStandings(Standings& all) : all_(all) {}
  Standing& target(const policy::PlannedTarget& target);

 private:
  Standings& all_;
  std::unordered_map<std::uint64_t, Standing*> known_;
};

/// What a request is drawn by.
struct Draw {
  std::uint64_t session = 0;         // policy::session_key; 0: none, or affinity is off
  std::optional<policy::Seat> seat;  // where the session is
  std::uint64_t turn = 0;            // counts the worker's requests
  double tokens = 0;                 // of the input, estimated; 0: nobody needs to know
};

/// The main chain in the order of its balance, then the overflow chain and the refusal chain. For one request, on its worker's thread.
class Candidates : public policy::Health, public policy::TargetState {
 public:
  Candidates(const Work& work, KnownStandings& standings, const Tickets& tickets, const Draw& draw, policy::TimePoint now,
             std::uint64_t random);

  [[nodiscard]] const policy::PlannedTarget& operator[](std::size_t index) const;
  [[nodiscard]] std::vector<policy::CourseTarget> course_targets() const;
  [[nodiscard]] Standing& standing(std::size_t index) const { return standings_.target((*this)[index]); }

  /// The moment that the answers below are for.
  void look(policy::TimePoint now, std::uint64_t random) {
    now_ = now;
    random_ = random;
  }
  [[nodiscard]] std::optional<policy::TimePoint> target_rest(std::size_t target) const override;
  void credentials(std::size_t target, std::vector<policy::CredentialState>& out) const override;
  /// What an attempt needs a place at. `any`: of the target's credentials every one that does not rest will do, else this one alone.
  [[nodiscard]] Wish wish(std::size_t target, std::size_t credential, bool any, Standing& own) const;

  // By the place in the plan
  [[nodiscard]] unsigned busy(std::size_t target) const override { return standings_.target(work_.record.plan.targets[target]).busy(); }
  [[nodiscard]] std::optional<policy::Duration> first_byte(std::size_t target) const override {
    return standings_.target(work_.record.plan.targets[target]).first_byte(now_);
  }
  [[nodiscard]] std::optional<std::int64_t> cost(std::size_t target) const override;

 private:
  [[nodiscard]] std::optional<policy::TimePoint> own_rest(const policy::PlannedTarget& target) const;
  [[nodiscard]] bool full(std::size_t target, const Standing& standing) const;
  void put_in_order();
  [[nodiscard]] std::optional<std::size_t> seat_in_plan() const;
  [[nodiscard]] bool stays_at(std::size_t seat) const;
  [[nodiscard]] std::optional<std::size_t> preferred_credential(const Upstream& upstream) const;
  [[nodiscard]] const catalog::Price* price_of(const policy::PlannedTarget& target) const;

  const Work& work_;
  KnownStandings& standings_;
  const Tickets& tickets_;
  const Draw draw_;
  policy::TimePoint now_;
  std::uint64_t random_;
  std::vector<std::uint32_t> order_;  // of the plan's targets; empty: as they stand
};

}  // namespace penstock::gateway
