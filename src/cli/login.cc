// penstock login, logout, token: OAuth logins of providers, and any provider's credential for scripts.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "cli/commands.h"
#include "cli/qr_code.h"
#include "cli/setup.h"
#include "credentials/key_store.h"
#include "credentials/login.h"
#include "credentials/renewal.h"

namespace penstock::cli {

namespace {

constexpr std::string_view kAboutClaude =
    R"(Claude Code logs in by itself (/login), and Penstock can pass that login on: configure the provider with
  providers:
    claude: { catalog: anthropic, credentials: { mode: passthrough } }
and start Claude Code without ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN.
For a machine without a browser: `claude setup-token` prints a token; put it into CLAUDE_CODE_OAUTH_TOKEN and start Penstock.
)";

/// What the three commands begin with: the provider that the user named.
struct Named {
  Setup setup;
  credentials::Places places;
  credentials::Sought sought;  // into `setup`
  std::string name;
  [[nodiscard]] const catalog::OAuth* oauth() const { return sought.row && sought.row->oauth ? &*sought.row->oauth : nullptr; }
};

std::expected<std::unique_ptr<Named>, Failure> read_named(const Common& common, const std::string& name) {
  auto setup = read_setup(common);
  if (!setup) return std::unexpected(setup.error());
  auto named = std::make_unique<Named>();
  named->setup = std::move(*setup);
  named->name = name;
  named->places = credentials::process_places(named->setup.config.credential_store);
  auto sought = credentials::sought(name, named->setup.config, named->setup.catalog);
  // "claude" is what people call the provider anthropic.
  if (!sought && name == "claude") sought = credentials::sought("anthropic", named->setup.config, named->setup.catalog);
  if (!sought) return std::unexpected(Failure{kFailed, sought.error().message});
  named->sought = *sought;
  return named;
}

int failed(const Error& error) { return report({error.kind == ErrorKind::config ? kConfigFault : kFailed, error.message}); }

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// The code and the page; a QR code where a terminal has room for it.
void show(const credentials::DeviceCode& code) {
  const std::string& page = code.complete_url.empty() ? code.url : code.complete_url;
  fmt::print("Open this page, on this or any other device, and confirm the code {}:\n  {}\n", code.user_code, page);
  if (::isatty(STDOUT_FILENO) != 0) {
    const char* no_color = std::getenv("NO_COLOR");
    const auto qr = qr_code(page, no_color == nullptr || *no_color == '\0');
    if (qr.width <= terminal_width()) fmt::print("\n{}\n", qr.lines);
  }
  fmt::print("Waiting until it is confirmed (Ctrl-C stops) ...\n");
  std::fflush(stdout);
}

/// Says that nothing has changed, and lets the signal end us as it would have.
void stopped(int signal) {
  constexpr std::string_view kWords = "\nlogin stopped; nothing was changed\n";
  if (::write(STDERR_FILENO, kWords.data(), kWords.size()) < 0) {
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// A key found before the login would make the login useless without a word.
void warn_of_keys(const Named& named) {
  const auto found = credentials::find(named.sought, named.places);
  if (found && *found && !(*found)->login)
    fmt::print(stderr, "note: the key from {} comes before this login and is used instead of it\n", (*found)->source);
}

int log_in_now(const Named& named) {
  if (named.sought.row && named.sought.row->name == "anthropic") {
    fmt::print("{}", kAboutClaude);
    return kDone;
  }
  if (!named.oauth())
    return report({kFailed, fmt::format("{} has no login; it takes a key: penstock keys set {}", named.name, named.name)});
  const auto login = credentials::login_for(*named.sought.row, named.places);
  if (!login) return failed(login.error());
  credentials::LoginSteps steps;
  steps.show = show;
  steps.wait_until = [](credentials::DevicePoll::Time until) { std::this_thread::sleep_until(until); };
  steps.before_storing = [] { std::signal(SIGINT, SIG_IGN); };
  std::signal(SIGINT, stopped);
  if (const auto done = credentials::log_in(**login, {}, steps); !done) return failed(done.error());
  fmt::print("Logged in to {}. The login is in {} and is refreshed there; penstock logout {} removes it.\n", named.sought.row->display_name,
             (*login)->path, named.name);
  warn_of_keys(named);
  (void)credentials::tell_gateway(named.places);  // without it, a running gateway learns of a first login at its next start
  return kDone;
}

int log_out_now(const Named& named) {
  if (!named.oauth()) return report({kFailed, fmt::format("{} has no login; its keys: penstock keys remove {}", named.name, named.name)});
  const auto removed = credentials::log_out(*named.sought.row, named.places);
  if (!removed) return failed(removed.error());
  if (removed->empty()) fmt::print("There is no login to {}.\n", named.sought.row->display_name);
  for (const auto& path : *removed)
    fmt::print("Removed {}{}\n", path, path.ends_with(".oauth.json") ? "" : ", with which the provider's own client is logged out too");
  (void)credentials::tell_gateway(named.places);
  return kDone;
}

int print_token(const Named& named) {
  if (named.sought.entry && named.sought.entry->credentials.mode == config::CredentialMode::passthrough)
    return report({kFailed, named.name + " has no credential of its own: what the client shows is passed on"});
  auto found = credentials::find(named.sought, named.places);
  if (!found) return failed(found.error());
  if (!*found)
    return report({kFailed, fmt::format("there is no credential for {}: penstock {} {}", named.name, named.oauth() ? "login" : "keys set",
                                        named.name)});
  Secret token = std::move((*found)->key);
  if ((*found)->login) {
    const auto login = credentials::login_for(*named.sought.row, named.places);
    if (!login) return failed(login.error());
    auto tokens = credentials::renew_patiently(**login, {}, [](std::chrono::seconds pause) { std::this_thread::sleep_for(pause); });
    if (!tokens) return failed(tokens.error());
    token = std::move(tokens->access);
  }
  fmt::print("{}\n", token.reveal());
  return kDone;
}

void add(CLI::App& app, int& code, const char* name, const char* help, int (*run)(const Named&)) {
  struct Options {
    Common common;
    std::string provider;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(name, help);
  command->add_option("PROVIDER", options->provider, "its name in the configuration or the catalogue")->required();
  with_config(*command, options->common);
  command->callback([options, run, &code] {
    const auto named = read_named(options->common, options->provider);
    code = named ? run(**named) : report(named.error());
  });
}

}  // namespace

void add_login(CLI::App& app, int& code) { add(app, code, "login", "log in to a provider in the browser (Kimi)", log_in_now); }
void add_logout(CLI::App& app, int& code) { add(app, code, "logout", "remove a provider's login", log_out_now); }
void add_token(CLI::App& app, int& code) { add(app, code, "token", "print a provider's credential, a fresh one of a login", print_token); }

}  // namespace penstock::cli
