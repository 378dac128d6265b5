#include "net/deadline.h"

#include <algorithm>

namespace penstock::net {

void Deadline::unlink() {
  if (!list_) return;
  if (list_->cursor_ == this) list_->cursor_ = next_;
  (previous_ ? previous_->next_ : list_->first_) = next_;
  if (next_) next_->previous_ = previous_;
  next_ = previous_ = nullptr;
  list_ = nullptr;
  at_ = kNever;
}

Deadlines::~Deadlines() {
  while (first_) first_->unlink();
}

void Deadlines::close() {
  timer_.reset();
  for (Deadline* deadline = first_; deadline; deadline = cursor_) {
    cursor_ = deadline->next_;
    deadline->unlink();
    deadline->abandoned();
  }
  cursor_ = nullptr;
}

void Deadlines::set(Deadline& deadline, TimePoint at) {
  if (at == kNever) return deadline.unlink();
  deadline.at_ = at;
  if (!deadline.list_) {
    deadline.list_ = this;
    deadline.next_ = first_;
    if (first_) first_->previous_ = &deadline;
    first_ = &deadline;
  }
  // Most deadlines are moved into the future again and again: the timer is only touched for one that is earlier than its next look.
  if (at < wake_at_) schedule(at);
}

void Deadlines::schedule(TimePoint at) {
  if (!timer_) return;
  wake_at_ = at;
  timer_->expires_at(at);
  timer_->async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

void Deadlines::sweep() {
  const auto now = Clock::now();
  wake_at_ = kNever;
  for (Deadline* deadline = first_; deadline; deadline = cursor_) {
    cursor_ = deadline->next_;
    if (deadline->at_ > now) continue;
    deadline->unlink();
    deadline->expired();
  }
  cursor_ = nullptr;
  TimePoint earliest = kNever;
  for (const Deadline* deadline = first_; deadline; deadline = deadline->next_) earliest = std::min(earliest, deadline->at_);
  if (earliest < wake_at_) schedule(std::max(earliest, now + kResolution));
}

}  // namespace penstock::net
