// One attempt as those who are asked see it: how it went is told to the target's and the credential's standing.
#pragma once

#include "gateway/tickets.h"
#include "policy/judgement.h"

namespace penstock::gateway {

/// Begins when it is made. One that ends without a verdict says nothing about anybody.
class Trial {
 public:
  Trial(Ticket ticket, policy::TimePoint now);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  [[nodiscard]] policy::TimePoint begun() const { return begun_; }

  /// Content goes to the client.
  void succeeded(policy::TimePoint now);
  /// It came to nothing, or broke off behind the commit point.
  void failed(const policy::Judgement& judgement, policy::TimePoint now, std::uint64_t random);

 private:
  void leave_target_open() const;
  void leave_credential_open() const;
  const Ticket ticket_;  // the places are left when it has ended
  Standing& target_;
  Standing& credential_;
  const policy::TimePoint begun_;
  const bool probes_target_, probes_credential_;  // others wait for its verdict
  bool settled_ = false;
};

}  // namespace penstock::gateway
