// What the attempts of one request share: forward.cc goes through them, hedge.cc asks two targets in one of them.
#pragma once

#include <optional>
#include <vector>

#include "gateway/gateway.h"

namespace penstock::gateway {

struct Gateway::Course {
  Course(Work& work, KnownStandings& standings, const Tickets& tickets, const Draw& draw, std::uint64_t random);
  Work& work;
  Candidates candidates;
  policy::Course plan;
  std::vector<Setback> setbacks;
  std::vector<policy::Repair> repairs;  // of the target that is being asked
  double tokens;                        // of the input, estimated when somebody wanted to know
  std::size_t target = 0;               // that is being asked
  net::TimePoint full_since{};          // when it first had to look for a place
  bool hedges = false;                  // a second target may be asked where the first is silent; once
};

/// The trials of one attempt. While a second target is asked too there are two; the first goes when the second one answers.
struct Trials {
  std::optional<Trial> first, second;
  [[nodiscard]] Trial& answering() { return first ? *first : *second; }
};

/// What the policy is told of a setback. `tokens` of the input, estimated; 0: not known.
[[nodiscard]] policy::Failure failure_of(const Setback& setback, const Record& record, double tokens);

/// Notes what the head of an answer tells of limits.
void note_limits(Record& record, const wire::ResponseHead& head);

}  // namespace penstock::gateway
