#include "gateway/tickets.h"

#include <tuple>

namespace penstock::gateway {

/// One that waits in line while it lives. Whoever serves the line sets `taken`.
class Tickets::Waiter {
 public:
  Waiter(Tickets& home, const Wish& wish, const Waiting& where) : wish(wish), pause(home.worker_), home_(home), line_(where.line) {
    home_.lines_[&line_].add(where.session, this);
  }
  ~Waiter() {
    line_.leave_line();
    const auto found = home_.lines_.find(&line_);
    if (found == home_.lines_.end()) return;
    found->second.remove(this);
    if (found->second.empty()) home_.lines_.erase(found);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  const Wish& wish;
  Pause pause;
  std::optional<Taken> taken;

 private:
  Tickets& home_;
  Standing& line_;
};

Ticket Tickets::unlimited(Standing& target, Standing& credential) {
  std::ignore = target.try_enter(0);
  std::ignore = credential.try_enter(0);
  return {*this, target, credential};
}

net::Task<Result<std::optional<Tickets::Taken>>> Tickets::take(const Wish& wish, const Waiting& where, const Record& record, Answer& answer,
                                                               net::Cancel& cancel) {
  if (!awaited(where.line, *wish.target)) {
    auto taken = try_take(wish);
    if (taken) co_return taken;
  }
  if (net::Clock::now() >= where.until || !where.line.try_line_up(where.most)) co_return std::nullopt;
  Waiter waiter(*this, wish, where);
  if (look_.at() == net::kNever) worker_.deadlines().set(look_, net::Clock::now() + kLook);
  serve();  // a place may have become free on another worker
  CO_TRY_STATUS(co_await waiter.pause.until(where.until, record, answer, cancel));
  co_return std::move(waiter.taken);
}

bool Tickets::awaited(const Standing& line, const Standing& target) const {
  if (lines_.empty()) return false;
  const auto found = lines_.find(&line);
  return found != lines_.end() && found->second.any([&](const Waiter* waiter) { return waiter->wish.target == &target; });
}

std::optional<Tickets::Taken> Tickets::try_take(const Wish& wish) {
  if (closed_ || !wish.target->try_enter(wish.target_limit)) return std::nullopt;
  const auto now = net::Clock::now();
  for (const auto& [credential, standing] : wish.credentials) {
    if (wish.credentials.size() > 1 && !wish.in_spite && standing->resting_until(now)) continue;
    if (standing->try_enter(wish.credential_limit)) return Taken{Ticket(*this, *wish.target, *standing), credential};
  }
  wish.target->leave();
  return std::nullopt;
}

void Tickets::serve() {
  for (auto line = lines_.begin(); line != lines_.end();) {
    line->second.offer([this](Waiter* waiter) {
      auto taken = try_take(waiter->wish);
      if (!taken) return false;
      waiter->taken.emplace(std::move(*taken));
      waiter->pause.end();
      return true;
    });
    line = line->second.empty() ? lines_.erase(line) : std::next(line);
  }
}

/// Other workers tell nobody what they leave.
void Tickets::look() {
  serve();
  if (!lines_.empty()) worker_.deadlines().set(look_, net::Clock::now() + kLook);
}

}  // namespace penstock::gateway
