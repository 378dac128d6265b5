#include "doctor/live_run.h"

#include <fmt/format.h>

#include <future>

#include "credentials/token_file.h"
#include "json/padded.h"

namespace penstock::doctor {

namespace {

constexpr std::chrono::seconds kPatience{120};  // a local server may have to load its model first

/// What the provider may have been shown. The gateway that asked it may have refreshed a login meanwhile, so its file counts too.
std::vector<Secret> credentials_of(const gateway::Upstream& upstream) {
  std::vector<Secret> shown{upstream.key};
  if (!upstream.token_source) return shown;
  if (const auto token = upstream.token_source->current()) shown.push_back(token->access);
  if (const auto now = credentials::load_login(upstream.token_source->login().path); now && *now) {
    shown.push_back((*now)->access);
    shown.push_back((*now)->refresh);
  }
  return shown;
}

/// The text with every secret that we know crossed out: a provider may repeat the key that it refuses.
std::string without_secrets(std::string text, const Inputs& inputs, const LiveGateway& gateway) {
  const auto cross_out = [&](const Secret& secret) {
    if (secret.empty()) return;
    for (auto at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at))
      text.replace(at, secret.reveal().size(), "…");
  };
  cross_out(gateway.token);
  for (const auto& patient : inputs.patients)
    for (const auto& secret : credentials_of(patient.upstream)) cross_out(secret);
  return text;
}

class Examination {
 public:
  Examination(const Inputs& inputs, const Subject& subject, const LiveGateway& gateway)
      : inputs_(inputs), subject_(subject), gateway_(gateway) {}

  LiveRow run() {
    row_.provider = subject_.patient->upstream.name;
    row_.model = subject_.model;
    std::string why = why_not(subject_);
    for (const auto check : kLiveChecks) {
      row_.results.push_back(why.empty() ? ask(check) : skipped(why));
      auto& result = row_.results.back();
      result.check = name(check);
      result.provider = row_.provider;
      if (check == LiveCheck::plain && result.verdict == Verdict::fault) why = "the plain answer failed";
    }
    return std::move(row_);
  }

 private:
  Row ask(LiveCheck check) {
    if (auto why = why_not(subject_, check); !why.empty()) return skipped(std::move(why));
    net::FetchRequest request{.method = "POST", .url = gateway_.url + live_path(subject_, check)};
    request.headers = {{"content-type", "application/json"}, {"anthropic-version", "2023-06-01"}, {"user-agent", "penstock-doctor"}};
    if (!gateway_.token.empty()) request.headers.emplace_back("x-api-key", gateway_.token.reveal());
    request.body = live_body(subject_, check);
    request.ca_file = gateway_.ca_file;
    request.patience = kPatience;
    const auto answer = inputs_.fetch(request);
    if (!answer) return fault(answer.error().message, "");
    if (check == LiveCheck::stream) row_.first_byte = std::chrono::ceil<std::chrono::milliseconds>(answer->first_byte);
    Row row = judge(subject_, check, *answer);
    row.seen = without_secrets(std::move(row.seen), inputs_, gateway_);
    return row;
  }

  const Inputs& inputs_;
  const Subject& subject_;
  const LiveGateway& gateway_;
  LiveRow row_;
};

/// The first model of a list of models, whoever's shape it has.
std::string first_model(const Probe& probe) {
  if (!probe.answer || probe.answer->status != 200) return {};
  const json::Padded padded(probe.answer->body);
  json::Document document;
  if (!document.index(padded.text())) return {};
  if (const auto data = document.root().find("data"))
    for (const auto model : data->elements())
      if (const auto id = model.find("id")) return id->text();
  return {};
}

}  // namespace

std::vector<LiveRow> run_live(const Inputs& inputs, const std::vector<Subject>& subjects, const LiveGateway& gateway) {
  std::vector<std::future<LiveRow>> running;
  for (const auto& subject : subjects)
    running.push_back(std::async(std::launch::async, [&] { return Examination(inputs, subject, gateway).run(); }));
  std::vector<LiveRow> rows;
  for (auto& one : running) rows.push_back(one.get());
  return rows;
}

std::vector<Subject> live_subjects(const Inputs& inputs, const std::string& model, const std::vector<Probe>& probes) {
  std::vector<Subject> subjects;
  for (const auto& patient : inputs.patients) {
    Subject subject{&patient, model};
    if (subject.model.empty()) subject.model = patient.upstream.tier("main");
    for (const auto& probe : probes)
      if (subject.model.empty() && probe.patient == &patient && patient.upstream.local) subject.model = first_model(probe);
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

}  // namespace penstock::doctor
