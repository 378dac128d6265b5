#include "gateway/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "dialect/anthropic_request.h"
#include "gateway/admit.h"
#include "gateway/aim.h"
#include "gateway/authenticate.h"
#include "gateway/pages.h"
#include "gateway/state_pages.h"
#include "gateway/work.h"

namespace penstock::gateway {

namespace {

constexpr std::size_t kMaxSession = 64;
constexpr std::size_t kMaxAgent = 64;
constexpr unsigned kLearnAll = 32, kLearnOneOf = 64;  // requests of a model that the estimator learns from
constexpr std::size_t kMostSeen = 1024;
constexpr std::size_t kMostIndexed = 8UL << 20;  // bytes of positions that are kept for the next request

std::string target_name(const Record& record) { return record.upstream->name + "/" + record.model_id; }

std::string field_text(const wire::RequestHead& head, std::string_view name, std::size_t most) {
  const auto* field = wire::find(head.fields, name);
  return field ? std::string(field->value.substr(0, most)) : std::string();
}

Record begin_record(const wire::RequestHead& head, const RequestTarget& target) {
  Record record;
  record.started = net::Clock::now();
  record.request_id = new_request_id();
  record.method = head.method.substr(0, 16);
  record.path = target.path.substr(0, 128);
  record.path_target = target.path_target;
  const auto* agent = wire::find(head.fields, "user-agent");
  record.claude_code = agent && agent->value.starts_with("claude-cli/");
  record.session = record.session_header = field_text(head, "x-claude-code-session-id", kMaxSession);
  record.agent = field_text(head, "x-claude-code-agent-id", kMaxSession);
  if (target.page == Page::chat_completions) record.client = dialect::Api::openai_chat;
  if (target.page == Page::responses) record.client = dialect::Api::openai_responses;
  if (target.page == Page::messages || record.client != dialect::Api::anthropic) record.operation = Operation::messages;
  if (target.page == Page::count_tokens) record.operation = Operation::count_tokens;
  return record;
}

/// Probes of load balancers and of Claude Code's start say nothing and need nothing.
bool is_public(Page page) {
  return page == Page::root || page == Page::hello || page == Page::livez || page == Page::readyz || page == Page::health;
}

Status may_ask(const wire::RequestHead& head, const RequestTarget& target, const Snapshot& snapshot) {
  TRY_STATUS(authenticate(head, snapshot));
  return target.page == Page::targets ? of_own_origin(head) : Status{};
}

std::string_view query_of(std::string_view target) {
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark);
}

}  // namespace

std::string new_request_id() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id;
  id.reserve(28);
  id = "req_";
  std::uint64_t bits = random();
  for (int digit = 0; digit < 24; ++digit, bits >>= 4) {
    if (digit == 16) bits = random();
    id += kHex[bits & 0xf];
  }
  return id;
}

/// Takes part in the list of running requests while it lives.
class Gateway::Running {
 public:
  Running(std::set<net::Cancel*>& list, net::Cancel& cancel) : list_(list), cancel_(cancel) { list_.insert(&cancel_); }
  ~Running() { list_.erase(&cancel_); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::set<net::Cancel*>& list_;
  net::Cancel& cancel_;
};

void Gateway::stop_running() {
  for (auto* cancel : std::set(running_)) cancel->request();  // a copy: a request may end in between
}

net::Task<> Gateway::serve(net::Exchange& exchange) {
  const auto snapshot = snapshot_;  // a reload does not change a request in work
  const RequestTarget target = understand(exchange.head().method, exchange.head().target);
  Record record = begin_record(exchange.head(), target);

  const Status allowed = may_ask(exchange.head(), target, *snapshot);
  if (!allowed && !(is_public(target.page) && !snapshot->open())) {
    Answer answer(exchange, record, *snapshot);
    co_await answer.error(dialect::from_error(allowed.error()));
  } else if (record.operation == Operation::other) {
    co_await serve_page(exchange, target, record, *snapshot);
  } else {
    co_await serve_model(exchange, record, *snapshot, query_of(exchange.head().target));
  }
  if (document_.capacity() > kMostIndexed) document_ = json::Document();  // one huge body must not pin its index
  // Every way out leads here.
  log_.add(record, {exchange.status(), exchange.bytes_in(), exchange.bytes_out()}, snapshot->json_log);
}

net::Task<> Gateway::serve_page(net::Exchange& exchange, const RequestTarget& target, Record& record, const Snapshot& snapshot) {
  Answer answer(exchange, record, snapshot);
  PageBody page{200, "{}"};
  std::string fields = "content-type: application/json\r\n";
  const Reader reader = reader_of(field_text(exchange.head(), "user-agent", kMaxAgent));
  switch (target.page) {
    case Page::models: page = models_page(snapshot, target.path_target, reader); break;
    case Page::model: page = model_page(snapshot, target.model, target.path_target, record.request_id); break;
    case Page::health:
      page = health_page(snapshot, shared_.standings, draining(), authenticate(exchange.head(), snapshot).has_value());
      break;
    case Page::targets: page = targets_page(snapshot, shared_.standings, shared_.learned); break;
    case Page::readyz: page = {draining() ? 503 : 200, fmt::format(R"({{"status":"{}"}})", draining() ? "draining" : "ok")}; break;
    case Page::livez: page = {200, R"({"status":"ok"})"}; break;
    case Page::root:
    case Page::hello: page = {200, R"({"name":"penstock","version":")" PENSTOCK_VERSION R"("})"}; break;
    case Page::wrong_method: {
      fields += fmt::format("allow: {}\r\n", target.allow);
      page = {405, dialect::error_body({405, "invalid_request_error", fmt::format("{} takes {} only", record.path, target.allow), {}, {}},
                                       record.request_id)};
      break;
    }
    default:
      page = {404,
              dialect::error_body(
                  {404, "not_found_error", fmt::format("there is nothing at {}; models are asked at /v1/messages", record.path), {}, {}},
                  record.request_id)};
  }
  record.outcome = page.status == 200 ? Outcome::done : Outcome::refused;
  auto sent = co_await answer.whole(page.status, fields, page.json);
  if (!sent) record.outcome = Outcome::client_left;
}

net::Task<> Gateway::serve_model(net::Exchange& exchange, Record& record, const Snapshot& snapshot, std::string_view query) {
  Work work(exchange, record, snapshot, query);
  work.schemas = &schemas_;
  auto slot = admit(shared_.inflight, snapshot.max_inflight);
  if (!slot) co_return co_await work.answer.error(dialect::from_error(slot.error()));

  auto body = co_await exchange.read_body(snapshot.max_body);
  if (!body) {
    if (body.error().kind == ErrorKind::connection || body.error().kind == ErrorKind::cancelled) {
      record.outcome = Outcome::client_left;
      record.error = body.error().message;
      exchange.abort();
      co_return;
    }
    co_return co_await work.answer.error(dialect::from_error(body.error()));
  }
  if (const Status ready = prepare(work, *body); !ready) co_return co_await work.answer.error(dialect::from_error(ready.error()));
  exchange.on_client_gone([&work] { work.cancel.request(); });
  const Running running(running_, work.cancel);
  if (record.operation == Operation::count_tokens) co_return co_await count_tokens(work);
  if (snapshot.share_background && signs_of(record).kinds.has(policy::RequestKind::background)) co_return co_await forward_shared(work);
  co_await forward(work);
}

/// inspect and route, without suspending.
Status Gateway::prepare(Work& work, std::string_view body) {
  Record& record = work.record;
  work.body = body;
  TRY_STATUS(document_.index(body));
  work.indexed = true;
  TRY(record.facts, record.operation == Operation::count_tokens ? dialect::inspect(document_, dialect::Endpoint::count_tokens)
                                                                : dialect::inspect_as(record.client, document_));
  if (record.session.empty()) record.session = record.facts.session.substr(0, kMaxSession);

  TRY(record.plan, work.snapshot.router.route(record.facts.model, record.path_target, signs_of(record)));
  const auto& first = record.plan.targets.front();
  record.upstream = endpoint_of(work, first);
  if (!record.upstream) return fail(internal_error("the route leads to a provider that is not there: " + first.provider));
  record.model_id = first.model;
  if (learns_from(record)) work.features = policy::measure(document_);
  return {};
}

net::Task<> Gateway::count_tokens(Work& work) {
  const Record& record = work.record;
  // Only Anthropic's API has a way to ask, and only of whom we have something to show.
  const bool can_ask = record.upstream->api == dialect::Api::anthropic && record.upstream->counts_tokens &&
                       (record.upstream->has_credential() || passes_credential(work, *record.upstream));
  if (!can_ask || cannot_count_.contains(target_name(record))) co_return co_await answer_estimate(work);
  const Status ready = aim(work, document_, record.plan.targets.front(), record.upstream->credentials.front(), {});
  if (!ready) co_return co_await answer_estimate(work);
  auto provider = co_await ask(work);
  if (work.exchange.client_gone()) {
    work.record.outcome = Outcome::client_left;
    co_return work.exchange.abort();
  }
  const int status = provider ? (*provider)->head().status : 0;
  const bool missing = status == 404 || status == 405 || status == 501;
  if (missing && !record.upstream->transparent) cannot_count_.insert(target_name(record));
  // A third party that cannot count is no reason to let the client count by asking the model.
  if (!record.upstream->transparent && status != 200) co_return co_await answer_estimate(work);
  if (!provider) co_return co_await show(work.answer, work.record, unanswered(provider.error(), record));
  Relay to{worker_, pool_, work.snapshot, work.exchange, work.answer, work.record, work.cancel, document_};
  if (const auto setback = co_await relay(to, std::move(*provider))) co_await show(work.answer, work.record, *setback);
}

net::Task<> Gateway::answer_estimate(Work& work) {
  work.record.outcome = Outcome::done;
  const std::string body = fmt::format(R"({{"input_tokens":{}}})", static_cast<std::uint64_t>(estimate(work)));
  auto sent = co_await work.answer.whole(200, "content-type: application/json\r\n", body);
  if (!sent) work.record.outcome = Outcome::client_left;
}

/// What the routes by kind go by.
policy::RouteSigns Gateway::signs_of(Record& record) {
  const policy::KindSigns head{record.session_header, record.agent, record.claude_code, record.operation == Operation::count_tokens};
  policy::RouteSigns signs;
  signs.kinds = policy::kinds_of(record.facts, head);
  if (policy::honours_subagent_tag(record.facts, head))
    signs.subagent_model = record.facts.subagent_model;
  else
    record.facts.subagent_tag = {};  // it is not for us, and stays
  signs.facts = &record.facts;
  signs.tokens = [this, &record] {
    return static_cast<std::uint64_t>(estimators_.estimate(record.facts.model, policy::measure(document_)));
  };
  return signs;
}

/// Measuring a prompt costs more than relaying it, so after the first requests only a few are learned from; and none where the provider
/// counts itself.
bool Gateway::learns_from(const Record& record) {
  if (record.operation != Operation::messages || (record.upstream->counts_tokens && !cannot_count_.contains(target_name(record))))
    return false;
  if (seen_.size() >= kMostSeen) seen_.clear();
  const unsigned seen = seen_[target_name(record)]++;
  return seen < kLearnAll || seen % kLearnOneOf == 0;
}

double Gateway::estimate(const Work& work) {
  if (!document_.index(work.body)) return 0;
  return estimators_.estimate(target_name(work.record), policy::measure(document_));
}

void Gateway::learn(const Work& work) {
  const auto& usage = work.record.usage;
  if (work.features && usage.known && work.record.outcome == Outcome::done)
    estimators_.learn(target_name(work.record), *work.features, usage.prompt());
}

}  // namespace penstock::gateway
