#include "credentials/find.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/values.h"
#include "credentials/login.h"
#include "credentials/private_file.h"
#include "credentials/token_file.h"

namespace penstock::credentials {

namespace {

/// Goes through the places. Each step returns false when the visitor has seen enough.
class Walk {
 public:
  Walk(const Sought& sought, const Places& places, const std::function<bool(Finding)>& visit)
      : entry_(sought.entry), row_(sought.row), places_(places), visit_(visit) {}

  void go() const {
    if (entry_ && entry_->credentials.mode == config::CredentialMode::passthrough) return;
    (void)(configuration() && environment() && keyring() && key_files() && older_files() && login());
  }

 private:
  bool configuration() const {
    if (!entry_) return true;
    if (entry_->api_key && !offer(Place::configuration, "configuration", *entry_->api_key)) return false;
    for (const auto& [key, weight] : entry_->credentials.pool)
      if (!offer(Place::configuration, "configuration", key)) return false;
    return true;
  }

  bool environment() const {
    if (!row_) return true;
    for (const auto& variable : row_->env)
      if (const auto value = places_.environment(variable); value && !offer(Place::environment, "$" + variable, Secret(*value)))
        return false;
    return true;
  }

  bool keyring() const {
    if (!places_.keyring) return true;
    for (const auto& own : names()) {
      auto key = places_.keyring->lookup(own);
      if (!key) return visit_({Place::keyring, "keyring", {}, std::move(key.error())});
      if (*key && !offer(Place::keyring, "keyring", **key)) return false;
    }
    return true;
  }

  bool key_files() const {
    if (places_.key_folder.empty()) return true;
    for (const auto& own : names())
      if (!file(Place::key_file, key_file(places_, own))) return false;
    return true;
  }

  bool older_files() const {
    if (!row_ || places_.home.empty()) return true;
    for (const auto& name : row_->key_files)
      if (!file(Place::older_file, places_.home + "/" + name)) return false;
    return true;
  }

  /// A login counts when its access token has expired, too: it is refreshed when it is used.
  bool login() const {
    if (!row_) return true;
    const auto login = login_for(*row_, places_);
    if (!login) return visit_({Place::login, row_->name, {}, login.error()});
    if (!*login || (*login)->path.empty()) return true;
    auto tokens = load_login((*login)->path);
    if (!tokens) return visit_({Place::login, (*login)->path, {}, std::move(tokens.error())});
    return !*tokens || visit_({Place::login, (*login)->path, std::move((*tokens)->access), std::nullopt});
  }

  /// Under which names a key may be stored: the entry's own, then that of the row on which it stands.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    if (entry_) all.push_back(entry_->name);
    if (row_ && (all.empty() || all.front() != row_->name)) all.push_back(row_->name);
    return all;
  }

  bool file(Place place, const std::string& path) const {
    auto text = read_private(path);
    if (!text) return visit_({place, path, {}, std::move(text.error())});
    if (!*text) return true;
    const Secret whole(std::move(**text));
    return offer(place, path, whole);
  }

  /// What is empty is no key. A key goes into a header: a line break in it would be a header of its own.
  bool offer(Place place, const std::string& source, const Secret& text) const {
    const auto key = trim(text.reveal());
    if (key.empty()) return true;
    if (config::is_secret_text(key)) return visit_({place, source, Secret(std::string(key)), std::nullopt});
    return visit_({place,
                   source,
                   {},
                   config_error(fmt::format("the key from {} holds a space, a line break or another character that no "
                                            "key has; it is not used",
                                            source))});
  }

  const config::Provider* entry_;
  const catalog::Provider* row_;
  const Places& places_;
  const std::function<bool(Finding)>& visit_;
};

}  // namespace

Places process_places(config::CredentialStore store) {
  Places places;
  places.environment = config::process_environment();
  places.home = places.environment("HOME").value_or("");
  if (const auto folder = config::config_home(places.environment); !folder.empty()) places.key_folder = folder + "/penstock/keys";
  if (store == config::CredentialStore::keyring) places.keyring = std::make_shared<Keyring>();
  return places;
}

std::string key_file(const Places& places, std::string_view provider) { return fmt::format("{}/{}", places.key_folder, provider); }

std::string_view name(Place place) {
  constexpr std::array<std::string_view, 6> kNames{"configuration", "environment", "keyring", "key file", "older file", "login"};
  return kNames[static_cast<std::size_t>(place)];
}

void walk(const Sought& sought, const Places& places, const std::function<bool(Finding)>& visit) { Walk(sought, places, visit).go(); }

Result<std::optional<Found>> find(const Sought& sought, const Places& places) {
  Result<std::optional<Found>> first = std::nullopt;
  walk(sought, places, [&](Finding finding) {
    if (finding.fault) {
      first = fail(std::move(*finding.fault));
    } else {
      first = Found{std::move(finding.key), std::move(finding.source), finding.place == Place::login};
    }
    return false;
  });
  return first;
}

Result<std::optional<Found>> find(const catalog::Provider& provider, const Places& places) {
  return find(Sought{nullptr, &provider}, places);
}

}  // namespace penstock::credentials
