#include "gateway/trial.h"

namespace penstock::gateway {

Trial::Trial(Ticket ticket, policy::TimePoint now)
    : ticket_(std::move(ticket)), target_(ticket_.target()), credential_(ticket_.credential()), begun_(now) {
  target_.begin(now);
  credential_.begin(now);
}

Trial::~Trial() {
  if (!settled_) {
    target_.abandoned();
    credential_.abandoned();
  }
}

void Trial::succeeded(policy::TimePoint now) {
  settled_ = true;
  target_.succeeded(begun_, now);
  credential_.succeeded(begun_, now);
}

void Trial::failed(const policy::Judgement& judgement, policy::TimePoint now, std::uint64_t random) {
  settled_ = true;
  const bool by_credential = judgement.fault == policy::Blame::credential;
  // Whoever is not at fault is none the worse, and a probe of it stays open.
  if (by_credential) {
    credential_.failed(begun_, now, judgement.trouble, judgement.counts && !judgement.credential_rest, random);
    target_.abandoned();
  } else {
    target_.failed(begun_, now, judgement.trouble, judgement.counts, random);
    credential_.abandoned();
  }
  if (judgement.credential_rest) credential_.rest_for(now, *judgement.credential_rest, judgement.trouble);
  if (judgement.target_rest) target_.rest_for(now, *judgement.target_rest, judgement.trouble);
}

}  // namespace penstock::gateway
