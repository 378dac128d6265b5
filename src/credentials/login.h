// Logging in to a provider with a browser, and out again; and where such a login lives.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "credentials/find.h"
#include "credentials/oauth.h"
#include "net/fetch.h"

namespace penstock::credentials {

/// Everything that concerns one provider's login but the tokens. A value; two equal ones are the same login.
struct Login {
  std::string provider;  // as `penstock login NAME` takes it
  catalog::OAuth oauth;  // with the host that the environment names
  std::string path;      // of the login file in force, or of the one that a login would make; empty: there is no place for one
  std::string https_proxy, no_proxy;
  bool operator==(const Login&) const = default;
};

/// The provider's login. The file of the provider's own client wins where there is one (both then use one login); else Penstock's own,
/// `NAME.oauth.json` in the key folder. A first login goes to the provider's own client when that has a folder of its own (~/.kimi).
/// Nothing for a provider without OAuth. Fails when a variable names a host without https.
Result<std::optional<Login>> login_for(const catalog::Provider& provider, const Places& places);

/// What OAuth needs from outside: HTTP, time, and an end to waiting.
struct Outside {
  std::function<Result<net::Fetched>(const net::FetchRequest&)> fetch = net::fetch;
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  std::function<bool()> give_up;  // waits for another process's lock end early
};

/// Posts a form to one of the login's URLs. An HTTP error status is no failure.
Result<net::Fetched> post_form(const Login& login, const std::string& url, std::string form, const Outside& outside);

/// What a login does beside HTTP.
struct LoginSteps {
  std::function<void(const DeviceCode&)> show;       // the code and the URL, to the user
  std::function<void(DevicePoll::Time)> wait_until;  // the next poll
  std::function<DevicePoll::Time()> clock = DevicePoll::Time::clock::now;
  std::function<void()> before_storing = [] {};  // from here on nothing should interrupt
};

/// The whole device flow: asks for a code, shows it, polls until the user has decided, stores the tokens. Fails with a sentence that says
/// why (denied, expired, the server's words); nothing is stored then.
Status log_in(const Login& login, const Outside& outside, const LoginSteps& steps);

/// Removes the login's files, under their locks; the provider's own client loses its login with them. Returns those that were there.
Result<std::vector<std::string>> log_out(const catalog::Provider& provider, const Places& places);

}  // namespace penstock::credentials
