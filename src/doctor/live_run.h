// The questions of live.h, put to a running gateway.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/secret.h"
#include "doctor/live.h"

namespace penstock::doctor {

/// A gateway that answers, and what it wants to see.
struct LiveGateway {
  std::string url;  // without a slash at its end
  Secret token;     // empty: it is open
  std::string ca_file;
};

/// One provider's row of the matrix.
struct LiveRow {
  std::string provider, model;
  Rows results;                             // one for each of kLiveChecks, in their order
  std::chrono::milliseconds first_byte{0};  // of the stream's answer; 0: there was none
};

/// Asks everything of each subject, one question after the other and all subjects at once. A provider that fails the first question is
/// asked no more. Texts that hold a secret of `inputs` come with it crossed out.
std::vector<LiveRow> run_live(const Inputs& inputs, const std::vector<Subject>& subjects, const LiveGateway& gateway);

/// Whom to ask, and with which model: `model`, or the provider's default, or the first one that a server told in `probes`.
std::vector<Subject> live_subjects(const Inputs& inputs, const std::string& model, const std::vector<Probe>& probes);

}  // namespace penstock::doctor
