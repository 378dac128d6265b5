// penstock doctor: what is set up, whether it works, and how to mend what does not.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/setup.h"
#include "doctor/child_gateway.h"
#include "doctor/doctor.h"
#include "doctor/live_run.h"
#include "doctor/report.h"
#include "launch/claude_program.h"

namespace penstock::cli {

namespace {

struct DoctorOptions {
  Common common;
  std::string provider, model;
  bool live = false;
};

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

void say_what_it_costs(std::size_t providers) {
  fmt::print(stderr, "asking {} provider{} {} short questions each; this costs a few tokens\n", providers, providers == 1 ? "" : "s",
             doctor::kLiveChecks.size() - 1);
}

/// Through a gateway, so that what is tried is what a client gets.
Result<std::vector<doctor::LiveRow>> try_live(const DoctorOptions& options, const doctor::Inputs& inputs,
                                              const std::vector<doctor::Probe>& probes) {
  const auto subjects = doctor::live_subjects(inputs, options.model, probes);
  const auto asked = std::ranges::count_if(subjects, [](const auto& subject) { return doctor::why_not(subject).empty(); });
  if (asked == 0) return doctor::run_live(inputs, subjects, {});  // which says why not
  say_what_it_costs(static_cast<std::size_t>(asked));
  TRY(const auto gateway, doctor::ChildGateway::start(own_program(), inputs.config.path));
  doctor::LiveGateway reached{gateway->url(), {}, {}};
  if (!inputs.config.auth_tokens.empty()) reached.token = inputs.config.auth_tokens.front();
  if (inputs.config.server.tls) reached.ca_file = inputs.config.server.tls->cert;
  return doctor::run_live(inputs, subjects, reached);
}

void add_live(const DoctorOptions& options, const doctor::Inputs& inputs, const std::vector<doctor::Probe>& probes,
              doctor::Report& report) {
  if (inputs.patients.empty()) return;
  auto rows = try_live(options, inputs, probes);
  if (rows) {
    report.live = std::move(*rows);
    return;
  }
  auto row = doctor::fault(rows.error().message, "see what penstock serve says");
  row.check = "live";
  report.checks.push_back(std::move(row));
}

int doctor_command(const DoctorOptions& options) {
  const auto environment = config::process_environment();
  auto inputs = doctor::gather({options.common.config, options.provider}, environment, credentials::process_places);
  if (!inputs) return report({inputs.error().kind == ErrorKind::config ? kConfigFault : kWrongUsage, inputs.error().message});
  (*inputs)->claude = launch::find_claude(environment, (*inputs)->state_dir, {});
  const auto probes = doctor::probe_all(**inputs);
  doctor::Report found{doctor::examine(**inputs, probes), {}};
  if (options.live) add_live(options, **inputs, probes, found);
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").value_or("").empty();
  fmt::print("{}", options.common.json ? doctor::to_json(found) + "\n" : doctor::to_text(found, colour));
  if (!(*inputs)->config_faults.empty()) return kConfigFault;
  return doctor::count(found, doctor::Verdict::fault) == 0 ? kDone : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, int& code) {
  auto options = std::make_shared<DoctorOptions>();
  auto* command = app.add_subcommand("doctor", "what is set up, whether it works, and how to mend what does not");
  command->add_option("provider", options->provider, "only this one");
  command->add_flag("--live", options->live, "try real requests: text, stream, tools, thinking, an image; costs a few tokens");
  command->add_option("--model", options->model, "the model to try with --live; without it the provider's default")->needs("--live");
  with_config(*command, options->common);
  with_json(*command, options->common);
  command->callback([options, &code] { code = doctor_command(*options); });
}

}  // namespace penstock::cli
