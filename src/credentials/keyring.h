// The desktop's keyring (the Secret Service of GNOME Keyring, KWallet or KeePassXC), through `secret-tool` of Debian's libsecret-tools.
// Our items carry the attributes `service penstock` and `provider NAME`.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "base/process.h"
#include "base/result.h"
#include "base/secret.h"

namespace penstock::credentials {

/// Asks the keyring once which providers it holds keys of, and remembers that, or why it could not say. One thread at a time.
/// Without secret-tool, a session bus or a keyring on it every call fails, and the message names the mend.
class Keyring {
 public:
  /// `program` by its path or looked for in PATH. A question that takes longer than `patience` counts as a keyring that is not there, so
  /// that looking up any number of providers takes one `patience` at most.
  explicit Keyring(std::string program = "secret-tool", std::chrono::milliseconds patience = std::chrono::seconds(3));

  /// The provider's key; nothing when the keyring has none. Never asks a person to unlock: an item that is locked is an error.
  Result<std::optional<Secret>> lookup(const std::string& provider);
  /// Adds or replaces. The desktop may ask to unlock; it has two minutes for that.
  Status store(const std::string& provider, const Secret& key);
  /// False when there was none.
  Result<bool> remove(const std::string& provider);
  /// Why the keyring as a whole cannot be used, once that is known.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

 private:
  Status learn_names();
  Result<ProcessResult> ask(const std::vector<std::string>& arguments);

  std::string program_;
  std::chrono::milliseconds patience_;
  std::optional<std::set<std::string>> names_;
  std::optional<Error> fault_;
};

}  // namespace penstock::credentials
