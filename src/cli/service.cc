// penstock service install, remove: the gateway as a systemd user unit or a launchd agent.
#include "app/service.h"

#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/setup.h"

namespace penstock::cli {

namespace {

int report_error(const Error& error) { return report({error.kind == ErrorKind::config ? kConfigFault : kFailed, error.message}); }

app::ServiceOptions service_options(const Common& common) {
  app::ServiceOptions options;
  options.config = common.config;
  options.listen = common.listen;
  return options;
}

int print_file(const Common& common) {
  const auto text = app::service_file(service_options(common));
  if (!text) return report_error(text.error());
  fmt::print("{}", *text);
  return kDone;
}

int install(const Common& common) {
  auto setup = read_setup(common);  // a service that could not start is not installed
  if (!setup) return report(setup.error());
  const auto done = app::install_service(service_options(common));
  if (!done) return report_error(done.error());
  fmt::print("wrote {}\n", done->path);
  for (const auto& note : done->notes) fmt::print("{}\n", note);
  if (done->left_to_do.empty()) {
    fmt::print("the service is enabled and started; look at it with: penstock status\n");
    if (app::own_platform() == app::ServicePlatform::systemd)
      fmt::print("it runs while you are logged in; to run it from boot on: loginctl enable-linger\n");
    return kDone;
  }
  fmt::print("run yourself, where the service is to run:\n");
  for (const auto& line : done->left_to_do) fmt::print("  {}\n", line);
  return kDone;
}

int remove() {
  const auto done = app::remove_service({});
  if (!done) return report_error(done.error());
  for (const auto& note : done->notes) fmt::print(stderr, "{}\n", note);
  fmt::print("{}\n", done->changed ? "removed " + done->path : "no service is installed");
  return kDone;
}

}  // namespace

void add_service(CLI::App& app, int& code) {
  auto* service = app.add_subcommand("service", "the gateway as a service of your own (systemd, launchd)");
  service->require_subcommand(1);
  auto common = std::make_shared<Common>();
  auto print = std::make_shared<bool>(false);
  auto* command = service->add_subcommand("install", "writes the service's file, enables and starts it");
  with_config(*command, *common);
  with_listen(*command, *common);
  command->add_flag("--print", *print, "only prints the file");
  command->callback([common, print, &code] { code = *print ? print_file(*common) : install(*common); });
  service->add_subcommand("remove", "stops the service and removes its file")->callback([&code] { code = remove(); });
}

}  // namespace penstock::cli
