#include "gateway/state_pages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace penstock::gateway {

namespace {

using Report = Standing::Report;
using Calendar = std::chrono::system_clock::time_point;

constexpr std::chrono::hours kForAges{24 * 366};  // a rest that long only a change ends (policy::kUntilChanged)

std::string rfc3339(Calendar time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time))); }

/// Seconds from now, rounded up; nothing where no time ends it.
std::optional<std::int64_t> seconds_until(const std::optional<policy::TimePoint>& at, const Moment& now) {
  if (!at || *at > now.steady + kForAges) return std::nullopt;
  return std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(*at - now.steady).count());
}

/// Two members: when it is, and in how many seconds.
std::string moment_fields(std::string_view when, std::string_view seconds_name, const std::optional<policy::TimePoint>& at,
                          const Moment& now) {
  const auto seconds = seconds_until(at, now);
  if (!seconds) return fmt::format(R"("{}":null,"{}":null)", when, seconds_name);
  return fmt::format(R"("{}":"{}","{}":{})", when, rfc3339(now.calendar + std::chrono::seconds(*seconds)), seconds_name, *seconds);
}

std::string rest_fields(const std::optional<policy::TimePoint>& until, const Moment& now) {
  return moment_fields("rests_until", "rests_seconds", until, now);
}

std::string trouble_fields(const Report& report) {
  if (!report.last_trouble) return R"("last_trouble":null,"last_failed":null)";
  return fmt::format(R"("last_trouble":"{}{}","last_failed":"{}")", report.by_check ? "health check: " : "",
                     policy::name(*report.last_trouble), rfc3339(report.last_failed));
}

/// What targets and credentials have in common.
std::string standing_fields(std::string_view state, const Report& report, const Moment& now) {
  return fmt::format(R"("state":"{}","failures":{},{},{},"busy":{},"used":{})", state, report.failures,
                     rest_fields(report.rests_until, now), trouble_fields(report), report.busy, report.used);
}

std::string_view state_of_target(const Report& report) { return report.rests_until ? "cooling" : "ready"; }

std::string_view state_of_credential(const Credential& credential, const Report& report, const Moment& now) {
  if (credential.token_source && credential.token_source->login_needed()) return "login_needed";
  if (!report.rests_until) return "ready";
  if (!seconds_until(report.rests_until, now)) return "bad_key";
  return report.last_trouble == policy::Trouble::no_balance ? "no_balance" : "limited";
}

/// A credential of our own, as it stands.
struct SeenCredential {
  const Credential* credential;
  Report report;
  std::string_view state;
};

std::vector<SeenCredential> credentials_of(const Upstream& upstream, const Moment& now) {
  std::vector<SeenCredential> seen;
  for (const auto& credential : upstream.credentials) {
    if (credential.key.empty() && !credential.token_source) continue;  // none is needed, or the client's own passes
    const auto report = credential.standing ? credential.standing->report(now.steady) : Report{};
    seen.push_back({&credential, report, state_of_credential(credential, report, now)});
  }
  return seen;
}

using Targets = std::map<std::string, Report, std::less<>>;  // by name: provider/model

/// What its health checks say of a provider; nothing where it has none, or none has failed.
std::optional<Report> checked(const Upstream& upstream, const Moment& now) {
  if (!upstream.check) return std::nullopt;
  auto report = upstream.check->standing->report(now.steady);
  report.by_check = true;
  return report.last_trouble ? std::optional(report) : std::nullopt;
}

/// A target of a provider that is unwell rests with it, and for its reason.
void rest_with(Report& target, const std::optional<Report>& provider) {
  if (!provider || !provider->rests_until) return;
  target.rests_until = provider->rests_until;
  target.last_trouble = provider->last_trouble;
  target.last_failed = provider->last_failed;
  target.by_check = true;
}

Targets targets_of(const Standings& standings, const Moment& now) {
  std::vector<const Standing*> all;  // they stay; the list's lock is not held while each is asked
  standings.for_each_target([&](const Standing& standing) { all.push_back(&standing); });
  Targets targets;
  for (const auto* standing : all) targets.emplace(standing->name(), standing->report(now.steady));
  return targets;
}

std::string_view provider_of(std::string_view target) { return target.substr(0, target.find('/')); }

/// A provider as a whole.
class ProviderState {
 public:
  ProviderState(const Upstream& upstream, const Targets& targets, const Moment& now)
      : now_(now), credentials_(credentials_of(upstream, now)), checked_(checked(upstream, now)) {
    const std::string own = upstream.name + "/";
    for (auto target = targets.lower_bound(own); target != targets.end() && target->first.starts_with(own); ++target) add(target->second);
    for (const auto& seen : credentials_) note_trouble(seen.report);
    if (checked_) note_trouble(*checked_);
    if (!upstream.may_serve())
      set("no_key", {});
    else if (!credentials_.empty() && std::ranges::none_of(credentials_, is_ready))
      take_credentials();
    else if (checked_ && checked_->rests_until)
      set("cooling", checked_->rests_until);
    else if (targets_ > 0 && resting_ == targets_)
      set("cooling", first_back_);
  }

  [[nodiscard]] bool complete() const { return state_ != "no_key" && state_ != "login_needed"; }

  [[nodiscard]] std::string json_fields() const {
    std::string list;
    for (const auto& seen : credentials_)
      list += fmt::format(R"({}{{"source":{},{}}})", list.empty() ? "" : ",", json_quote(seen.credential->source),
                          standing_fields(seen.state, seen.report, now_));
    return fmt::format(R"("state":"{}",{},{},"targets_asked":{},"targets_resting":{},"credentials":[{}])", state_,
                       rest_fields(until_, now_), trouble_fields(last_), targets_, resting_, list);
  }

 private:
  static bool is_ready(const SeenCredential& seen) { return seen.state == "ready"; }

  void add(Report target) {
    rest_with(target, checked_);
    ++targets_;
    if (target.rests_until) {
      ++resting_;
      first_back_ = std::min(first_back_, *target.rests_until);
    }
    note_trouble(target);
  }

  void note_trouble(const Report& report) {
    if (report.last_trouble && (!last_.last_trouble || report.last_failed > last_.last_failed)) last_ = report;
  }

  /// None is ready: the one that is back first speaks for all.
  void take_credentials() {
    const auto back = [](const SeenCredential& seen) {
      return seen.state == "login_needed" ? policy::TimePoint::max() : seen.report.rests_until.value_or(policy::TimePoint::max());
    };
    const auto first = std::ranges::min_element(credentials_, {}, back);
    set(first->state, first->report.rests_until);
  }

  void set(std::string_view state, std::optional<policy::TimePoint> until) {
    state_ = state;
    until_ = until;
  }

  const Moment& now_;
  std::vector<SeenCredential> credentials_;
  std::optional<Report> checked_;
  std::size_t targets_ = 0, resting_ = 0;
  policy::TimePoint first_back_ = policy::TimePoint::max();  // of the targets that rest
  std::optional<policy::TimePoint> until_;
  Report last_;  // whose trouble is the latest
  std::string_view state_ = "ready";
};

/// The dialects that the provider is asked in, the main one first.
std::string apis_of(const Upstream& upstream) {
  std::string all = json_quote(upstream.dialect);
  for (const auto& other : upstream.others) all += "," + json_quote(other.dialect);
  return all;
}

std::string lessons_json(const std::vector<Lesson>& lessons) {
  std::string list;
  for (const auto& [repair, since] : lessons)
    list += fmt::format(R"({}{{"quirk":{},"value":{},"since":"{}"}})", list.empty() ? "" : ",", json_quote(repair.quirk),
                        json_quote(repair.value), rfc3339(std::chrono::system_clock::from_time_t(since)));
  return list;
}

std::string credentials_json(const Snapshot& snapshot, const Moment& now) {
  std::string list;
  for (const auto& upstream : snapshot.upstreams)
    for (const auto& seen : credentials_of(upstream, now)) {
      const auto limits = seen.credential->standing ? seen.credential->standing->limits() : policy::Limits{};
      const auto remaining = limits.known ? std::optional(fmt::format("{:.3g}", limits.remaining_at(now.steady))) : std::nullopt;
      list += fmt::format(R"({}{{"provider":{},"source":{},{},"remaining":{},{}}})", list.empty() ? "" : ",", json_quote(upstream.name),
                          json_quote(seen.credential->source), standing_fields(seen.state, seen.report, now), remaining.value_or("null"),
                          moment_fields("full_at", "full_seconds", limits.resets, now));
    }
  return list;
}

}  // namespace

PageBody health_page(const Snapshot& snapshot, const Standings& standings, bool draining, bool with_providers, const Moment& now) {
  const auto targets = with_providers ? targets_of(standings, now) : Targets{};  // a load balancer asks often
  bool complete = true;
  std::string providers;
  for (const auto& upstream : snapshot.upstreams) {
    if (!upstream.visible) continue;
    const ProviderState state(upstream, targets, now);
    complete = complete && state.complete();
    if (!with_providers) continue;
    providers +=
        fmt::format(R"({}{}:{{"upstream":{},"dialect":{},"key_present":{},"key_source":{},{},"apis":[{}]}})", providers.empty() ? "" : ",",
                    json_quote(upstream.name), json_quote(upstream.base_url), json_quote(upstream.dialect), upstream.may_serve(),
                    json_quote(upstream.key_source), state.json_fields(), apis_of(upstream));
  }
  const std::string_view status = draining ? "draining" : complete ? "ok" : "degraded";
  return {complete && !draining ? 200 : 503, fmt::format(R"({{"status":"{}","providers":{{{}}}}})", status, providers)};
}

PageBody targets_page(const Snapshot& snapshot, const Standings& standings, const Learned& learned, const Moment& now) {
  auto targets = targets_of(standings, now);
  const auto lessons = learned.all();
  for (const auto& [name, all] : lessons) targets.try_emplace(name);  // not asked since the start, and spared when it will be
  for (auto& [name, report] : targets)
    if (const Upstream* upstream = snapshot.find(provider_of(name))) rest_with(report, checked(*upstream, now));
  std::string list;
  for (const auto& [name, report] : targets) {
    const auto found = lessons.find(name);
    list += fmt::format(R"({}{{"name":{},"provider":{},{},"learned":[{}]}})", list.empty() ? "" : ",\n", json_quote(name),
                        json_quote(provider_of(name)), standing_fields(state_of_target(report), report, now),
                        found == lessons.end() ? "" : lessons_json(found->second));
  }
  return {200,
          fmt::format(R"({{"now":"{}","targets":[{}],"credentials":[{}]}})", rfc3339(now.calendar), list, credentials_json(snapshot, now))};
}

}  // namespace penstock::gateway
