#include "gateway/shared_answers.h"

#include <utility>

namespace penstock::gateway {

void Recording::whole(int status, std::string_view fields, std::string_view body) {
  answered_.status = status;
  answered_.fields = fields;
  keep(body);
  ended_ = true;
}

void Recording::begin(std::string_view fields, std::string_view first) {
  if (!answered_.events) answered_.fields = fields;
  more(first);
}

/// Also without begin(): a ping may have begun the stream.
void Recording::more(std::string_view events) {
  answered_.events = true;
  keep(events);
}

void Recording::keep(std::string_view bytes) {
  if (dropped_) return;
  if (answered_.body.size() + bytes.size() <= kMost) {
    answered_.body += bytes;
    return;
  }
  dropped_ = true;
  answered_.body = {};
  too_long_();
}

void Recording::end(std::string_view last) {
  more(last);
  ended_ = true;
}

std::optional<Setback::Answered> Recording::take() {
  if (!ended_ || dropped_ || answered_.status != 200) return std::nullopt;
  return std::move(answered_);
}

SharedAnswers::Place SharedAnswers::join(const Key& key, net::Worker& worker) {
  Place place;
  const std::lock_guard lock(mutex_);
  const auto [found, first] = followers_.try_emplace(key);
  if (first) {
    place.leader.emplace(*this, key);
  } else {
    place.follower = std::make_shared<Follower>(*this, key, worker);
    found->second.push_back(place.follower.get());
  }
  return place;
}

/// All in the list are there while we hold the lock, and so are their workers: whoever goes leaves the list first.
void SharedAnswers::finish(const Key& key, const Finished& answer) {
  const std::lock_guard lock(mutex_);
  const auto ended = followers_.extract(key);
  for (Follower* follower : ended.mapped()) follower->tell_later(answer);
}

void SharedAnswers::leave(const Follower& follower) {
  const std::lock_guard lock(mutex_);
  if (const auto found = followers_.find(follower.key_); found != followers_.end()) std::erase(found->second, &follower);
}

/// On the leader's thread. The follower itself is only touched on its own, where it may be gone by then. Through the executor, because
/// a worker that is being destroyed ends its leaders when it has no context to post to any more.
void SharedAnswers::Follower::tell_later(const Finished& answer) {
  net::asio::post(executor_, [weak = weak_from_this(), answer] {
    const auto self = weak.lock();
    if (!self) return;
    self->answer_ = answer;
    self->pause_.end();
  });
}

net::Task<Result<SharedAnswers::Finished>> SharedAnswers::Follower::wait(net::TimePoint until, const Record& record, Answer& answer,
                                                                         net::Cancel& cancel) {
  CO_TRY_STATUS(co_await pause_.until(until, record, answer, cancel));
  co_return answer_;
}

}  // namespace penstock::gateway
