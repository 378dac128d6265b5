#include "credentials/login.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/url.h"
#include "credentials/private_file.h"
#include "credentials/token_file.h"

namespace penstock::credentials {

namespace {

namespace fs = std::filesystem;

/// Where a login may be: of the provider's own client, and ours. Empty: there is no such place.
struct Files {
  std::string shared, own;
};

Files files_of(const catalog::Provider& provider, const Places& places) {
  Files files;
  if (!provider.oauth->credentials_file.empty() && !places.home.empty())
    files.shared = places.home + "/" + provider.oauth->credentials_file;
  if (!places.key_folder.empty()) files.own = fmt::format("{}/{}.oauth.json", places.key_folder, provider.name);
  return files;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return !path.empty() && fs::exists(path, ignored);
}

/// The folder of the provider's own client: the first part of credentials_file, below the home folder.
bool has_own_client(const catalog::Provider& provider, const Places& places) {
  const fs::path file(provider.oauth->credentials_file);
  std::error_code ignored;
  return !file.empty() && !places.home.empty() && fs::is_directory(fs::path(places.home) / *file.begin(), ignored);
}

std::string file_in_force(const catalog::Provider& provider, const Places& places) {
  const auto files = files_of(provider, places);
  if (is_there(files.shared)) return files.shared;
  if (is_there(files.own)) return files.own;
  return has_own_client(provider, places) || files.own.empty() ? files.shared : files.own;
}

/// The URL on another host, as the first of the variables that is set says.
Status move_host(catalog::OAuth& oauth, const config::Environment& environment) {
  for (const auto& variable : oauth.host_env) {
    auto host = environment(variable).value_or("");
    while (host.ends_with('/')) host.pop_back();
    if (host.empty()) continue;
    if (!catalog::is_token_url(host))
      return fail(config_error(fmt::format("{} must be a URL like https://host, for tokens go there", variable)));
    for (auto* url : {&oauth.device_authorization_url, &oauth.token_url})
      if (const auto parts = parse_url(*url)) *url = host + parts->path;
    return {};
  }
  return {};
}

std::string variable(const config::Environment& environment, const char* upper, const char* lower) {
  const auto value = environment(upper);
  return value && !value->empty() ? *value : environment(lower).value_or("");
}

Error login_failed(const Login& login, std::string_view why, ErrorKind kind = ErrorKind::protocol) {
  return provider_error(kind, fmt::format("the login to {} failed: {}", login.provider, why));
}

Result<DeviceCode> ask_for_code(const Login& login, const Outside& outside) {
  const auto answer =
      post_form(login, login.oauth.device_authorization_url, device_form(login.oauth.client_id, login.oauth.scope), outside);
  if (!answer) return fail(login_failed(login, answer.error().message, answer.error().kind));
  auto code = read_device_answer(answer->status, answer->body);
  if (!code) return fail(login_failed(login, code.error().message));
  return code;
}

TokenAnswer poll_once(const Login& login, const DeviceCode& code, const Outside& outside) {
  const auto answer = post_form(login, login.oauth.token_url, poll_form(login.oauth.client_id, code.device_code.reveal()), outside);
  if (!answer) return {Verdict::busy, {}, answer.error().message};
  const std::array secrets{code.device_code.reveal()};
  return read_token_answer(answer->status, answer->body, std::chrono::system_clock::to_time_t(outside.now()), secrets);
}

Result<TokenSet> poll(const Login& login, const DeviceCode& code, const Outside& outside, const LoginSteps& steps) {
  const auto ended = [&](std::string_view why) { return fail(login_failed(login, why, ErrorKind::authentication)); };
  DevicePoll polls(code, steps.clock());
  std::string words;
  for (auto state = DevicePoll::State::waiting;;) {
    switch (state) {
      case DevicePoll::State::denied: return ended("it was denied in the browser");
      case DevicePoll::State::expired:
        return ended("the code has expired; run the command again" + (words.empty() ? "" : " (" + words + ")"));
      case DevicePoll::State::broken: return ended(words);
      case DevicePoll::State::done:
      case DevicePoll::State::waiting: break;
    }
    steps.wait_until(polls.next());
    if (state = polls.state_at(steps.clock()); state == DevicePoll::State::expired) continue;
    auto answer = poll_once(login, code, outside);
    if (answer.verdict == Verdict::tokens) return std::move(answer.tokens);
    words = answer.verdict == Verdict::pending ? "" : answer.words;
    state = polls.answered(answer.verdict, steps.clock());
  }
}

}  // namespace

Result<std::optional<Login>> login_for(const catalog::Provider& provider, const Places& places) {
  if (!provider.oauth) return std::nullopt;
  Login login{provider.name, *provider.oauth, file_in_force(provider, places), {}, {}};
  TRY_STATUS(move_host(login.oauth, places.environment));
  login.https_proxy = variable(places.environment, "HTTPS_PROXY", "https_proxy");
  login.no_proxy = variable(places.environment, "NO_PROXY", "no_proxy");
  return login;
}

Result<net::Fetched> post_form(const Login& login, const std::string& url, std::string form, const Outside& outside) {
  net::FetchRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"content-type", "application/x-www-form-urlencoded"}, {"accept", "application/json"}, {"user-agent", "penstock"}};
  request.body = std::move(form);
  request.https_proxy = login.https_proxy;
  request.no_proxy = login.no_proxy;
  return outside.fetch(request);
}

Status log_in(const Login& login, const Outside& outside, const LoginSteps& steps) {
  if (login.path.empty()) return fail(config_error("there is no home folder for the login to " + login.provider + ": set HOME"));
  TRY(const auto code, ask_for_code(login, outside));
  steps.show(code);
  TRY(const auto tokens, poll(login, code, outside, steps));
  steps.before_storing();
  TRY(const auto lock, LoginLock::take(login.path, {.give_up = outside.give_up}));
  return store_login(login.path, tokens);
}

Result<std::vector<std::string>> log_out(const catalog::Provider& provider, const Places& places) {
  std::vector<std::string> removed;
  if (!provider.oauth) return removed;
  const auto files = files_of(provider, places);
  for (const auto& path : {files.shared, files.own}) {
    if (!is_there(path)) continue;
    TRY(const auto lock, LoginLock::take(path, {}));
    TRY_STATUS(remove_private(path));
    removed.push_back(path);
  }
  return removed;
}

}  // namespace penstock::credentials
