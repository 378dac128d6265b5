#include "credentials/refresher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "credentials/renewal.h"

namespace penstock::credentials {

namespace {

using namespace std::chrono_literals;

constexpr auto kQuiet = 30s, kDistrust = 30s;
constexpr auto kLookAtFile = 5s;  // a login by another process is noticed so soon, and a clock that jumped

UnixSeconds seconds(TokenSource::Time time) { return std::chrono::system_clock::to_time_t(time); }

Error ended() { return {ErrorKind::cancelled, Fault::us, "the gateway is stopping; try again soon"}; }

}  // namespace

void Bell::ring() {
  const std::lock_guard lock(mutex);
  rung = true;
  rung_or_ended.notify_all();
}

void Bell::end() {
  const std::lock_guard lock(mutex);
  ended = true;
  rung_or_ended.notify_all();
}

bool Bell::has_ended() {
  const std::lock_guard lock(mutex);
  return ended;
}

TokenSource::TokenSource(Login login, std::shared_ptr<Bell> bell) : login_(std::move(login)), bell_(std::move(bell)) {
  look();
  closed_ = bell_ == nullptr;
}

TokenPtr TokenSource::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool TokenSource::login_needed() const {
  const std::lock_guard lock(mutex_);
  return login_needed_;
}

void TokenSource::renew(TokenPtr unfit, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) asked_.push_back({std::move(unfit), std::exchange(done, nullptr)});
  }
  if (done) return done(fail(ended()));
  bell_->ring();
}

void TokenSource::distrust(const TokenPtr& token) {
  const std::lock_guard lock(mutex_);
  distrusted_ = token;
  distrusted_until_ = std::chrono::system_clock::now() + kDistrust;
}

TokenSource::Time TokenSource::work(const Outside& outside) {
  look();
  gather();
  Time now = outside.now();
  settle(now);
  if (dead_) {
    answer_all(fail(*dead_));
  } else if (is_wanted(now) && now >= retry_at_) {
    refresh(outside);
    now = outside.now();
  }
  Time next = now + kLookAtFile;
  if (!dead_ && is_wanted(now)) next = std::min(next, retry_at_);
  if (!dead_ && held_ && held_->expires_at != 0) {
    const auto due = std::chrono::system_clock::from_time_t(due_at(*held_));
    if (due > now) next = std::min(next, due);
  }
  return next;
}

void TokenSource::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  gather();
  answer_all(fail(ended()));
}

/// Reads the file when it is not the one that we have seen. Whatever is new there ends a state in which only a new login helps.
void TokenSource::look() {
  const auto stamp = stamp_of(login_.path);
  if (seen_ == stamp) return;
  seen_ = stamp;
  auto loaded = load_login(login_.path);
  if (!loaded) return forget(Error{ErrorKind::authentication, Fault::us, loaded.error().message});
  if (!*loaded) return forget(credentials::login_needed(login_.provider, "there is no login in " + login_.path));
  failures_ = 0;
  retry_at_ = quiet_until_ = {};
  adopt(**loaded);
}

void TokenSource::adopt(const TokenSet& tokens) {
  held_ = tokens;
  set_dead(std::nullopt);
  const std::lock_guard lock(mutex_);
  if (tokens.access.empty())
    current_ = nullptr;
  else
    current_ = std::make_shared<Token>(Token{tokens.access, usable_until(tokens)});
}

/// The user has logged out, or locked us out: what we still hold is not ours to use.
void TokenSource::forget(const Error& why) {
  held_.reset();
  set_dead(why);
  const std::lock_guard lock(mutex_);
  current_ = nullptr;
}

void TokenSource::set_dead(std::optional<Error> why) {
  dead_ = std::move(why);
  const std::lock_guard lock(mutex_);
  login_needed_ = dead_.has_value();
}

void TokenSource::gather() {
  const std::lock_guard lock(mutex_);
  std::ranges::move(asked_, std::back_inserter(waiting_));
  asked_.clear();
}

bool TokenSource::is_satisfied(const Demand& demand, const TokenPtr& token, Time now) const {
  if (!token || !token->usable_at(seconds(now))) return false;
  const bool replaced = !demand.unfit || demand.unfit->access.reveal() != token->access.reveal();
  return replaced || (now < distrusted_until_ && token->access.reveal() == distrusted_->access.reveal());
}

/// Answers those whose token has been replaced meanwhile.
void TokenSource::settle(Time now) {
  std::vector<Demand> satisfied;
  TokenPtr token;
  {
    const std::lock_guard lock(mutex_);
    token = current_;
    const auto unsatisfied = std::ranges::partition(waiting_, [&](const Demand& demand) { return !is_satisfied(demand, token, now); });
    std::ranges::move(unsatisfied, std::back_inserter(satisfied));
    waiting_.erase(unsatisfied.begin(), unsatisfied.end());
  }
  for (const auto& demand : satisfied) demand.done(token);
}

void TokenSource::answer_all(const Result<TokenPtr>& result) {
  for (const auto& demand : std::exchange(waiting_, {})) demand.done(result);
}

bool TokenSource::is_wanted(Time now) const { return !waiting_.empty() || (held_ && is_due(*held_, seconds(now)) && now >= quiet_until_); }

/// The held access token, if somebody cannot use it; else nothing, and only its age counts.
std::string_view TokenSource::refused_token() const {
  if (!held_) return {};
  const auto held = held_->access.reveal();
  const bool refused =
      std::ranges::any_of(waiting_, [&](const Demand& demand) { return demand.unfit && demand.unfit->access.reveal() == held; });
  return refused ? held : std::string_view{};
}

void TokenSource::refresh(const Outside& outside) {
  const auto fresh = credentials::renew(login_, refused_token(), outside, unstored_);
  if (!fresh) return failed(fresh.error(), outside.now());
  failures_ = 0;
  adopt(*fresh);
  answer_all(current());
}

void TokenSource::failed(const Error& error, Time now) {
  if (error.kind == ErrorKind::authentication) {
    log_warning("{}", error.message);
    set_dead(error);
    answer_all(fail(error));
  } else if (error.retry_safe && failures_ < kRetryAfter.size()) {
    retry_at_ = now + kRetryAfter[failures_++];
  } else {
    log_warning("{}", error.message);
    failures_ = 0;
    quiet_until_ = now + kQuiet;
    answer_all(fail(error));
  }
}

Refresher::Refresher(Outside outside) : outside_(std::move(outside)) {
  outside_.give_up = [bell = bell_] { return bell->has_ended(); };
}

std::shared_ptr<TokenSource> Refresher::source(const Login& login) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [](const auto& one) { return one.expired(); });
  for (const auto& one : sources_)
    if (auto known = one.lock(); known && known->login() == login) return known;
  auto made = std::make_shared<TokenSource>(login, bell_);
  if (bell_->has_ended()) {
    made->close();
    return made;
  }
  sources_.push_back(made);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  bell_->ring();
  return made;
}

std::vector<std::shared_ptr<TokenSource>> Refresher::living() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<TokenSource>> all;
  for (const auto& one : sources_)
    if (auto alive = one.lock()) all.push_back(std::move(alive));
  return all;
}

void Refresher::run() {
  std::unique_lock lock(bell_->mutex);
  while (!bell_->ended) {
    bell_->rung = false;
    lock.unlock();
    auto next = outside_.now() + kLookAtFile;
    for (const auto& source : living()) next = std::min(next, source->work(outside_));
    const auto pause = next - outside_.now();
    lock.lock();
    bell_->rung_or_ended.wait_for(lock, pause, [this] { return bell_->rung || bell_->ended; });
  }
}

void Refresher::stop() {
  bell_->end();
  if (thread_.joinable()) thread_.join();
  for (const auto& source : living()) source->close();
}

}  // namespace penstock::credentials
