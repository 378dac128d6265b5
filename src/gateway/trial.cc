#include "gateway/trial.h"

namespace penstock::gateway {

Trial::Trial(Ticket ticket, policy::TimePoint now)
    : ticket_(std::move(ticket)),
      target_(ticket_.target()),
      credential_(ticket_.credential()),
      begun_(now),
      probes_target_(target_.begin(now)),
      probes_credential_(credential_.begin(now)) {}

Trial::~Trial() {
  if (settled_) return;
  leave_target_open();
  leave_credential_open();
}

/// Somebody else may be the probe. Where this one was none, another may be out, and is left alone.
void Trial::leave_target_open() const {
  if (probes_target_) target_.abandoned();
}
void Trial::leave_credential_open() const {
  if (probes_credential_) credential_.abandoned();
}

void Trial::succeeded(policy::TimePoint now) {
  settled_ = true;
  target_.succeeded(begun_, now);
  credential_.succeeded(begun_, now);
}

void Trial::failed(const policy::Judgement& judgement, policy::TimePoint now, std::uint64_t random) {
  settled_ = true;
  const bool by_credential = judgement.fault == policy::Blame::credential;
  // Whoever is not at fault is none the worse, and its probe is still to be made.
  const bool counts = judgement.counts && !(by_credential && judgement.credential_rest);
  if (by_credential)
    credential_.failed(begun_, now, judgement.trouble, counts, random);
  else
    target_.failed(begun_, now, judgement.trouble, counts, random);
  if (!by_credential || !counts) leave_credential_open();
  if (by_credential || !counts) leave_target_open();
  if (judgement.credential_rest) credential_.rest_for(now, *judgement.credential_rest, judgement.trouble);
  if (judgement.target_rest) target_.rest_for(now, *judgement.target_rest, judgement.trouble);
}

}  // namespace penstock::gateway
