// Access tokens that stay fresh: one source a login, one thread a process that refreshes them all, started when the first source is made.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "credentials/login.h"
#include "credentials/renewal.h"
#include "credentials/token_file.h"

namespace penstock::credentials {

/// An access token as requests use it; never changed.
struct Token {
  Secret access;
  UnixSeconds usable_until = 0;  // 0: for ever, as far as we know
  [[nodiscard]] bool usable_at(UnixSeconds now) const { return usable_until == 0 || now < usable_until; }
};
using TokenPtr = std::shared_ptr<const Token>;

/// What wakes the thread, and ends it. Shared, so that a source may outlive its refresher.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung_or_ended;
  bool rung = false, ended = false;
  void ring();
  void end();
  [[nodiscard]] bool has_ended();
};

/// The tokens of one login. Requests on any thread ask it; the refresher's thread does the work.
class TokenSource {
 public:
  using Time = std::chrono::system_clock::time_point;
  /// A new token, or why there is none: kind authentication when only a new login helps.
  using Done = std::function<void(Result<TokenPtr>)>;

  /// Reads the login's file. Without a bell (a command that only looks) nothing is ever refreshed.
  explicit TokenSource(Login login, std::shared_ptr<Bell> bell = nullptr);

  [[nodiscard]] const Login& login() const { return login_; }
  /// The token in force, perhaps one whose time is over; null without any. A short lock that nobody holds for long: std::atomic of a
  /// shared_ptr does the same inside, and libstdc++ 12's has a data race.
  [[nodiscard]] TokenPtr current() const;
  /// Only a new login helps. The current token may still be good for a while.
  [[nodiscard]] bool login_needed() const;

  /// Asks for a token in the place of `unfit` (null, expired, or refused by the provider). All who ask at once share one refresh, and who
  /// comes late gets the token that has replaced `unfit` already. `done` is called once, on the refresher's thread, or in this call when
  /// nobody refreshes any more.
  void renew(TokenPtr unfit, Done done);
  /// The provider has refused this token although it was new: for a while, no further refusal of it leads to a refresh.
  void distrust(const TokenPtr& token);

  /// For the refresher's thread: does what is due by now. Returns when to come again, unless somebody asks earlier.
  Time work(const Outside& outside);
  /// For the refresher's end: whoever waits gets an error, and so does who asks from now on.
  void close();

 private:
  struct Demand {
    TokenPtr unfit;
    Done done;
  };
  void look();
  void adopt(const TokenSet& tokens);
  void forget(const Error& why);
  void gather();
  void settle(Time now);
  void answer_all(const Result<TokenPtr>& result);
  [[nodiscard]] bool is_satisfied(const Demand& demand, const TokenPtr& token, Time now) const;
  [[nodiscard]] bool is_wanted(Time now) const;
  [[nodiscard]] std::string_view refused_token() const;
  void refresh(const Outside& outside);
  void failed(const Error& error, Time now);
  void set_dead(std::optional<Error> why);

  const Login login_;
  const std::shared_ptr<Bell> bell_;

  mutable std::mutex mutex_;  // guards this group
  TokenPtr current_;
  std::vector<Demand> asked_;
  bool login_needed_ = false, closed_ = false;
  TokenPtr distrusted_;
  Time distrusted_until_{};

  // The refresher's thread alone.
  std::vector<Demand> waiting_;
  std::optional<TokenSet> held_;
  Unstored unstored_;
  std::optional<FileStamp> seen_;
  std::optional<Error> dead_;  // only a new login helps; until the file changes
  unsigned failures_ = 0;      // in a row
  Time retry_at_{};            // after a failure that may pass
  Time quiet_until_{};         // after one that did not pass: no refresh ahead of time until then
};

/// Owns the thread. A login whose snapshots are gone is forgotten.
class Refresher {
 public:
  explicit Refresher(Outside outside = {});
  ~Refresher() { stop(); }
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  /// The source of this login; the one that is in use already, if there is one: a reload changes nothing for it.
  std::shared_ptr<TokenSource> source(const Login& login);
  /// Ends the thread; a refresh under way is waited for (at most about 10 s), because its answer holds the only valid refresh token.
  void stop();

 private:
  void run();
  std::vector<std::shared_ptr<TokenSource>> living();
  Outside outside_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::mutex mutex_;  // guards sources_
  std::vector<std::weak_ptr<TokenSource>> sources_;
  std::thread thread_;
};

}  // namespace penstock::credentials
