// What gateways found out about providers: it works as it is; written into the configuration it is no longer forgotten.
#include <fmt/format.h>

#include <map>

#include "app/learned_file.h"
#include "catalog/list_file.h"
#include "dialect/chat_quirks.h"
#include "dialect/quirks.h"
#include "doctor/checks.h"

namespace penstock::doctor {

namespace {

/// The configuration says so by itself.
bool is_configured(const Patient& patient, const policy::Repair& repair) {
  if (!patient.entry) return false;
  const auto found = patient.entry->quirks.find(repair.quirk);
  return found != patient.entry->quirks.end() && found->second == repair.value;
}

/// The configuration's quirks are those of the provider's main endpoint; a client of another dialect may have met another one.
bool fits(const Patient& patient, const policy::Repair& repair) {
  const std::map<std::string, std::string> named{{repair.quirk, repair.value}};
  return patient.upstream.api == dialect::Api::anthropic ? dialect::parse_quirks(named, dialect::strict()).has_value()
                                                         : dialect::parse_chat_quirks(named, {}).has_value();
}

/// As YAML takes it inside braces.
std::string in_yaml(const std::string& value) { return value.contains(',') ? '"' + value + '"' : value; }

Row row_of(const Patient& patient, const std::string& target, const gateway::Lesson& lesson) {
  const auto& [repair, since] = lesson;
  const std::string& provider = patient.upstream.name;
  std::string seen = fmt::format("{} refused a request on {}; since then {} goes with {}: {}", provider, catalog::day_of(since), target,
                                 repair.quirk, repair.value);
  const std::string forget = fmt::format("to have it tried anew: penstock models --forget {}", target);
  if (!fits(patient, repair)) return warning(std::move(seen), forget, provider);
  return warning(std::move(seen),
                 fmt::format("to make it permanent, for all models of {0}: providers.{0}.quirks: {{ {1}: {2} }} in the configuration; {3}",
                             provider, repair.quirk, in_yaml(repair.value), forget),
                 provider);
}

}  // namespace

Rows check_learned(const Evidence& evidence) {
  const Inputs& inputs = evidence.inputs;
  const std::string path = inputs.state_dir.empty() ? "" : inputs.state_dir + "/learned.json";
  const auto lessons = app::read_learned(path, inputs.now.time_since_epoch().count());
  if (!lessons) return {warning(lessons.error().message, "remove " + path)};
  Rows rows;
  for (const auto& patient : inputs.patients) {
    const std::string own = patient.upstream.name + "/";
    for (auto found = lessons->lower_bound(own); found != lessons->end() && found->first.starts_with(own); ++found)
      for (const auto& lesson : found->second)
        if (!is_configured(patient, lesson.repair)) rows.push_back(row_of(patient, found->first, lesson));
  }
  return rows;
}

}  // namespace penstock::doctor
