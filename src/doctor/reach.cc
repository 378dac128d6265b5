// The way to each provider, and the time of day there.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <future>

#include "base/text.h"
#include "doctor/base_url.h"
#include "doctor/checks.h"
#include "doctor/doctor.h"

namespace penstock::doctor {

namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kMostSkew{300};  // issuers of tokens commonly allow this much

std::string variable(const Inputs& inputs, const char* upper, const char* lower) {
  const auto value = inputs.environment(upper).value_or("");
  return value.empty() ? inputs.environment(lower).value_or("") : value;
}

net::FetchRequest request_for(const Inputs& inputs, const Patient& patient) {
  net::FetchRequest request;
  request.url = patient.upstream.base_url + "/v1/models";
  request.ca_file = patient.upstream.origin.ca_file;
  request.patience = kPatience;
  request.headers = {{"user-agent", "penstock-doctor"}};
  const bool own = patient.entry && patient.entry->proxy;
  if (own && *patient.entry->proxy == "none") return request;
  request.https_proxy = own ? *patient.entry->proxy : variable(inputs, "HTTPS_PROXY", "https_proxy");
  if (!own) request.no_proxy = variable(inputs, "NO_PROXY", "no_proxy");
  return request;
}

/// What a failure's words mean. The first that fits counts.
struct Cause {
  std::string_view word, mend;
};
constexpr auto kCauses = std::to_array<Cause>({
    {"certificate", "if a proxy of your company opens TLS, give its CA: providers.NAME.ca_file; else see whether the clock is right"},
    {"proxy", "see HTTPS_PROXY and providers.NAME.proxy (proxy: none goes without one)"},
    {"cannot resolve", "see whether base_url is spelled right and this machine has a network"},
    {"TLS", "see whether base_url should begin with http://, and whether something between opens TLS"},
});

std::string mend_for(const Patient& patient, const Error& error) {
  if (is_loopback_host(patient.upstream.origin.host) && error.message.contains("cannot connect"))
    return fmt::format("start {}, or give the base_url on which it listens", patient.row ? patient.row->display_name : "that server");
  std::string mend = "see whether a firewall or a proxy stands between; HTTPS_PROXY names one";
  for (const auto& cause : kCauses)
    if (contains_ignoring_case(error.message, cause.word)) {
      mend = cause.mend;
      break;
    }
  if (const auto at = mend.find("NAME"); at != std::string::npos) mend.replace(at, 4, patient.upstream.name);
  return mend;
}

Row reached(const Probe& probe, const net::Fetched& answer) {
  const auto& name = probe.patient->upstream.name;
  const auto& proxy = probe.patient->upstream.origin.proxy;
  const std::string way = proxy ? fmt::format(", through the proxy {}:{}", proxy->host, proxy->port) : "";
  if (answer.status >= 300 && answer.status < 400)
    return warning(
        fmt::format("answers with a redirect ({}); requests are never redirected, as that could give the key away", answer.status),
        "give the address to which it leads as base_url", name);
  if (answer.status >= 500)
    return warning(fmt::format("answers {}{}", answer.status, way), "it is loading a model, or has trouble of its own; try again", name);
  return ok(fmt::format("answers in {} ms{}", std::chrono::duration_cast<std::chrono::milliseconds>(answer.total).count(), way), name);
}

/// Seconds since 1970 of an HTTP date (RFC 9110 5.6.7, the preferred form).
std::optional<std::chrono::sys_seconds> parse_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0') return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

/// How far we are ahead of the answer's clock. What a cache kept is as old as it says.
std::optional<std::chrono::seconds> skew_of(const net::Fetched& answer, std::chrono::sys_seconds now) {
  const auto date = parse_date(answer.header("date"));
  if (!date) return std::nullopt;
  const auto age = parse_unsigned(answer.header("age")).value_or(0);
  return now - *date - std::chrono::seconds(age);
}

}  // namespace

std::vector<Probe> probe_all(const Inputs& inputs) {
  std::vector<std::future<Result<net::Fetched>>> answers;
  for (const auto& patient : inputs.patients) answers.push_back(std::async(std::launch::async, inputs.fetch, request_for(inputs, patient)));
  std::vector<Probe> probes;
  for (std::size_t i = 0; i < answers.size(); ++i) probes.push_back({&inputs.patients[i], answers[i].get()});
  return probes;
}

Rows check_reachable(const Evidence& evidence) {
  Rows rows;
  for (const auto& probe : evidence.probes) {
    if (probe.answer)
      rows.push_back(reached(probe, *probe.answer));
    else
      rows.push_back(fault(probe.answer.error().message, mend_for(*probe.patient, probe.answer.error()), probe.patient->upstream.name));
  }
  return rows;
}

/// Its front page is asked for: a search would cost at some, and show the key.
Rows check_search(const Evidence& evidence) {
  const auto& inputs = evidence.inputs;
  if (inputs.config.web_search.url.empty()) return {};
  net::FetchRequest request;
  request.url = inputs.config.web_search.url;
  request.patience = kPatience;
  request.headers = {{"user-agent", "penstock-doctor"}};
  request.https_proxy = variable(inputs, "HTTPS_PROXY", "https_proxy");
  request.no_proxy = variable(inputs, "NO_PROXY", "no_proxy");
  const auto answer = inputs.fetch(request);
  if (!answer) return {fault("the search server: " + answer.error().message, "start it, or see whether web_search.url is right")};
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(answer->total).count();
  if (answer->status >= 500)
    return {warning(fmt::format("the search server answers {}", answer->status), "it has trouble of its own; try again")};
  return {ok(fmt::format("the search server answers in {} ms", took))};
}

/// One provider whose clock agrees with ours settles it: theirs can be wrong too.
Rows check_clock(const Evidence& evidence) {
  std::optional<std::chrono::seconds> best;
  for (const auto& probe : evidence.probes) {
    const auto skew = probe.answer ? skew_of(*probe.answer, evidence.inputs.now) : std::nullopt;
    if (skew && (!best || std::chrono::abs(*skew) < std::chrono::abs(*best))) best = skew;
  }
  if (!best) return {skipped("no provider said what time it is")};
  const auto off = std::chrono::abs(*best);
  const std::string seen = fmt::format("{} s {} the providers'", off.count(), *best < std::chrono::seconds(0) ? "behind" : "ahead of");
  if (off > kMostSkew)
    return {fault("this machine's clock is " + seen + "; tokens and certificates expire by it", "timedatectl set-ntp true")};
  return {ok(seen)};
}

}  // namespace penstock::doctor
