#include "credentials/keyring.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/text.h"

namespace penstock::credentials {

namespace {

constexpr std::chrono::minutes kPatienceWithPersons{2};
constexpr std::string_view kMend = "unlock the keyring of your desktop's session, or set credentials: files";

/// What secret-tool complains of, without its name and without what the bus adds.
std::string complaint(const ProcessResult& result) {
  constexpr std::string_view kName = "secret-tool: ";
  std::string last = fmt::format("secret-tool ended with {}", result.code);
  for (const auto line : split(result.err, '\n'))
    if (line.starts_with(kName)) last = line.substr(kName.size());
  return valid_utf8(last);
}

Error unusable(const Error& error) {
  if (error.kind == ErrorKind::not_found)
    return config_error("credentials: keyring needs secret-tool; mend: apt-get install libsecret-tools, or set credentials: files");
  if (error.kind == ErrorKind::timeout) return config_error(fmt::format("the keyring did not answer in time; mend: {}", kMend));
  return error;
}

/// What stands behind `name = ` on lines of their own. An item of ours holds no line break.
std::vector<std::string> values_of(std::string_view text, std::string_view name) {
  std::vector<std::string> values;
  for (const auto line : split(text, '\n'))
    if (line.starts_with(name) && line.substr(name.size()).starts_with(" = ")) values.emplace_back(line.substr(name.size() + 3));
  return values;
}

void wipe(std::string& text) { explicit_bzero(text.data(), text.size()); }

}  // namespace

Keyring::Keyring(std::string program, std::chrono::milliseconds patience) : program_(std::move(program)), patience_(patience) {}

Result<ProcessResult> Keyring::ask(const std::vector<std::string>& arguments) {
  if (fault_) return fail(*fault_);
  std::vector<std::string> argv{program_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto result = run(argv, "", patience_);
  if (result && result->code == 0) return result;
  fault_ =
      result ? config_error(fmt::format("the keyring cannot be used: {}; mend: {}", complaint(*result), kMend)) : unusable(result.error());
  return fail(*fault_);
}

Status Keyring::learn_names() {
  if (names_) return {};
  // `search` leaves locked items locked, where `lookup` would open a dialogue and wait.
  TRY(auto found, ask({"search", "--all", "service", "penstock"}));
  names_.emplace();
  // Attributes come on standard error before libsecret 0.21, on standard output since.
  for (const auto* text : {&found.out, &found.err})
    for (auto& name : values_of(*text, "attribute.provider")) names_->insert(std::move(name));
  wipe(found.out);
  return {};
}

Result<std::optional<Secret>> Keyring::lookup(const std::string& provider) {
  TRY_STATUS(learn_names());
  if (!names_->contains(provider)) return std::nullopt;
  TRY(auto found, ask({"search", "service", "penstock", "provider", provider}));
  auto secrets = values_of(found.out, "secret");
  wipe(found.out);
  if (secrets.empty()) return fail(config_error(fmt::format("the keyring holds a key of {}, but is locked; mend: {}", provider, kMend)));
  return Secret(std::move(secrets.front()));
}

Status Keyring::store(const std::string& provider, const Secret& key) {
  const std::vector<std::string> argv{program_, "store", "--label=Penstock: " + provider, "service", "penstock", "provider", provider};
  const auto stored = run(argv, key.reveal(), kPatienceWithPersons);
  names_.reset();
  if (!stored) return fail(unusable(stored.error()));
  if (stored->code == 0) return {};
  return fail(config_error(fmt::format("the keyring did not take the key: {}; mend: {}", complaint(*stored), kMend)));
}

Result<bool> Keyring::remove(const std::string& provider) {
  TRY_STATUS(learn_names());
  if (!names_->contains(provider)) return false;
  const auto cleared = run({program_, "clear", "service", "penstock", "provider", provider}, "", kPatienceWithPersons);
  names_.reset();
  if (!cleared) return fail(unusable(cleared.error()));
  if (cleared->code == 0) return true;
  return fail(config_error(fmt::format("the keyring did not give up the key of {}; mend: {}", provider, kMend)));
}

}  // namespace penstock::credentials
