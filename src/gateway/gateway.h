// The gateway: one request's way from client to provider and back. serve() is the table of contents; each stage is a file of its own.
#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <set>
#include <unordered_map>

#include "gateway/access_log.h"
#include "gateway/candidates.h"
#include "gateway/endpoint.h"
#include "gateway/learned.h"
#include "gateway/relay.h"
#include "gateway/seats.h"
#include "gateway/shared_answers.h"
#include "gateway/standing.h"
#include "gateway/tickets.h"
#include "gateway/trial.h"
#include "gateway/work.h"
#include "json/scan.h"
#include "net/connection_pool.h"
#include "net/http_server.h"
#include "policy/token_estimate.h"

namespace penstock::gateway {

/// What all workers share.
struct Shared {
  std::atomic<unsigned> inflight{0};
  std::atomic<bool> draining{false};
  Standings standings;
  Seats seats;
  Learned learned;
  SharedAnswers answers;
};

struct Trials;

/// One per worker, on its thread. Keeps the worker's pools, estimators and log.
class Gateway : public net::Service {
 public:
  /// `worker` and `shared` outlive it; the log goes to `log_descriptor`.
  Gateway(net::Worker& worker, Shared& shared, std::shared_ptr<const Snapshot> snapshot, int log_descriptor)
      : worker_(worker),
        shared_(shared),
        snapshot_(std::move(snapshot)),
        pool_(worker),
        log_(worker.deadlines(), log_descriptor),
        tickets_(worker) {}

  net::Task<> serve(net::Exchange& exchange) override;
  void refused(int status, std::string_view why) override { log_.add_refused(status, why, snapshot_->json_log); }
  [[nodiscard]] bool draining() const override { return shared_.draining.load(std::memory_order_relaxed); }

  /// Requests from now on use this. On the worker's thread.
  void use(std::shared_ptr<const Snapshot> snapshot) {
    snapshot_ = std::move(snapshot);
    cannot_count_.clear();
    pool_.close();
  }
  /// Gives up all requests in work; their clients get an error that says so. On the worker's thread.
  void stop_running();
  /// Before the worker goes: closes idle connections and writes what the log still holds.
  void close() {
    tickets_.close();
    pool_.close();
    log_.flush();
  }

 private:
  class Running;
  net::Task<> serve_page(net::Exchange& exchange, const RequestTarget& target, Record& record, const Snapshot& snapshot);
  net::Task<> serve_model(net::Exchange& exchange, Record& record, const Snapshot& snapshot, std::string_view query);
  Status prepare(Work& work, std::string_view body);
  // forward.cc: the attempts of one request
  struct Course;
  net::Task<> forward(Work& work);
  std::uint64_t seat_of(Work& work);
  Draw draw(Work& work, std::uint64_t seat);
  net::Task<Attempted> follow(Course& course, const policy::Step& step);
  net::Task<Attempted> attempt_later(Course& course, const policy::Step& step);
  net::Task<Attempted> attempt_now(Course& course, const policy::Step& step);
  net::Task<Attempted> attempt_in_line(Course& course, const policy::Step& step);
  net::Task<Result<std::optional<Tickets::Taken>>> take_place(Course& course, const policy::Step& step, const Upstream& upstream);
  net::Task<Attempted> attempt_with(Course& course, const policy::Step& step, std::optional<Tickets::Taken> taken);
  net::Task<Attempted> attempt_answer(Course& course, Trials& trials);
  net::Task<> give_up(Course& course, const policy::Step& step);
  net::Task<Result<Provider>> ask(Work& work) { return ask(work, work.cancel); }
  net::Task<Result<Provider>> ask(Work& work, net::Cancel& cancel);
  // hedge.cc: two targets for one attempt
  struct Second;
  bool may_hedge(Record& record);
  net::Task<Result<Provider>> ask_hedged(Course& course, Trials& trials);
  net::Task<Result<Provider>> ask_second(Course& course, Trials& trials, Second& second, net::Cancel& cancel);
  net::Task<std::optional<Ticket>> enter_second(Course& course, Second& second, Record& record, net::Cancel& cancel);
  Status take_over(Course& course, Second& second);
  void note_failure(Trial& trial, const Result<Provider>& came, Record& record, const std::vector<policy::Repair>& repairs);
  // shared_forward.cc: one answer for several requests
  net::Task<> forward_shared(Work& work);
  net::Task<> follow_shared(Work& work, std::shared_ptr<SharedAnswers::Follower> follower);
  net::Task<> count_tokens(Work& work);
  net::Task<> answer_estimate(Work& work);
  policy::RouteSigns signs_of(Record& record);
  [[nodiscard]] bool learns_from(const Record& record);
  [[nodiscard]] double estimate(const Work& work);
  void learn(const Work& work);

  net::Worker& worker_;
  Shared& shared_;
  std::shared_ptr<const Snapshot> snapshot_;
  net::ConnectionPool pool_;
  AccessLog log_;
  json::Document document_;  // of the request that is being prepared: no stage suspends while it is in use; then of answers
  dialect::SchemaCache schemas_;
  policy::EstimatorTable estimators_;
  std::unordered_map<std::string, unsigned> seen_;  // requests by target, for learns_from()
  std::set<std::string> cannot_count_;              // targets that answered 404 to count_tokens, until a reload
  std::set<net::Cancel*> running_;                  // requests that wait for a provider
  KnownStandings standings_{shared_.standings};
  Tickets tickets_;
  Standing client_standing_{"the client's own credential", {}};  // nobody asks how it stands
  std::mt19937_64 random_{std::random_device{}()};
  std::uint64_t turn_ = 0;  // requests so far
};

/// "req_" and 24 hexadecimal digits.
std::string new_request_id();

}  // namespace penstock::gateway
