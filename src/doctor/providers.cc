// Each provider's credential, and where it would go.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "doctor/base_url.h"
#include "doctor/checks.h"

namespace penstock::doctor {

namespace {

using credentials::Finding;

std::vector<Finding> findings_of(const Patient& patient, const credentials::Places& places) {
  std::vector<Finding> findings;
  credentials::walk({patient.entry, patient.row}, places, [&](Finding finding) {
    findings.push_back(std::move(finding));
    return true;
  });
  return findings;
}

std::string how_to_get_one(const Patient& patient) {
  const auto& up = patient.upstream;
  std::string mend = "penstock keys set " + up.name;
  if (!up.key_variable.empty()) mend += ", or set " + up.key_variable;
  if (patient.row && patient.row->oauth) mend += ", or penstock login " + up.name;
  return mend;
}

Row missing(const Patient& patient) {
  std::string seen = "no key was found";
  const bool unset = patient.entry && !patient.entry->unset_variables.empty();
  if (unset) seen += "; the configuration names " + join(patient.entry->unset_variables, ", ") + ", which has no value";
  if (patient.upstream.may_serve()) {  // Anthropic's own users
    seen += "; the client's own credential passes";
    return unset ? warning(std::move(seen), "set it, or take it out of the configuration", patient.upstream.name)
                 : ok(std::move(seen), patient.upstream.name);
  }
  return fault(std::move(seen), how_to_get_one(patient), patient.upstream.name);
}

/// The first place counts; what lies in others is worth a word, because one of them may be the newer key.
Row found(const Patient& patient, const std::vector<Finding>& findings) {
  const auto written = std::ranges::count(findings, credentials::Place::configuration, &Finding::place);
  std::string seen = written > 1    ? fmt::format("{} keys of a pool, from the configuration", written)
                     : written == 1 ? "from the configuration"
                                    : "from " + findings.front().source;
  const auto used = static_cast<std::size_t>(std::max<std::ptrdiff_t>(written, 1));
  if (findings.size() > used) seen += fmt::format("; another in {} is not used", findings[used].source);
  return ok(std::move(seen), patient.upstream.name);
}

Row credential_of(const Patient& patient, const credentials::Places& places) {
  const auto& up = patient.upstream;
  if (up.passthrough) return ok("the client's own credential passes", up.name);
  const auto findings = findings_of(patient, places);
  if (!findings.empty() && findings.front().fault) return fault(findings.front().fault->message, how_to_get_one(patient), up.name);
  if (!findings.empty()) return found(patient, findings);
  if (up.auth == gateway::AuthScheme::none) return ok("needs none", up.name);
  return missing(patient);
}

}  // namespace

Rows check_credentials(const Evidence& evidence) {
  const Inputs& inputs = evidence.inputs;
  if (!inputs.config_faults.empty()) return {skipped("the configuration has faults")};
  if (inputs.patients.empty())
    return {warning("no provider has a credential",
                    "penstock keys set PROVIDER, or set its variable, such as DEEPSEEK_API_KEY or ZAI_API_KEY")};
  Rows rows;
  for (const auto& patient : inputs.patients) rows.push_back(credential_of(patient, inputs.places));
  return rows;
}

Rows check_base_urls(const Evidence& evidence) {
  Rows rows;
  for (const auto& patient : evidence.inputs.patients) {
    auto traps = base_url_traps(patient, evidence.inputs.catalog);
    if (traps.empty()) traps.push_back(ok(patient.upstream.base_url));
    for (auto& trap : traps) {
      trap.provider = patient.upstream.name;
      rows.push_back(std::move(trap));
    }
  }
  return rows;
}

}  // namespace penstock::doctor
