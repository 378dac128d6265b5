// A stand-in for secret-tool: a shell script that keeps its items as files, is strict about how it is called, and notes each call. The
// real one is tried end to end (tests/e2e/keyring.test.js).
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "credentials/keyring.h"

namespace penstock::credentials {

/// The keyring's items, as secret-tool of libsecret 0.20 shows them; lives in a folder of its own until the end.
class StubKeyring {
 public:
  explicit StubKeyring(const std::map<std::string, std::string>& items = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-keyring-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ + "/items");
    for (const auto& [provider, key] : items) std::ofstream(folder_ + "/items/" + provider) << key;
    say(kScript);
  }
  StubKeyring(const StubKeyring&) = delete;
  StubKeyring& operator=(const StubKeyring&) = delete;
  ~StubKeyring() { std::filesystem::remove_all(folder_); }

  std::shared_ptr<Keyring> keyring(std::chrono::milliseconds patience = std::chrono::seconds(30)) const {
    return std::make_shared<Keyring>(folder_ + "/secret-tool", patience);
  }
  /// Replaces the program by another script.
  void say(const std::string& script) const {
    const std::string path = folder_ + "/secret-tool";
    std::ofstream(path) << "#!/bin/sh\nfolder='" << folder_ << "'\necho \"$*\" >>\"$folder/calls\"\n" << script;
    ::chmod(path.c_str(), 0700);
  }
  /// Items stay, and show no secret.
  void lock() const { std::ofstream(folder_ + "/locked") << "x"; }
  /// The arguments of every call so far, a line each.
  std::string calls() const { return text("calls"); }
  /// What is stored for a provider.
  std::string item(const std::string& provider) const { return text("items/" + provider); }

 private:
  std::string text(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static constexpr const char* kScript = R"sh(
show() {
  echo "[/1]"; echo "label = Penstock: $1"
  if [ -e "$folder/locked" ]; then echo "secret-tool: Cannot get secret of a locked object" >&2
  else echo "secret = $(cat "$folder/items/$1")"; fi
  echo "created = 2026-11-20 12:00:00"
  echo "attribute.provider = $1" >&2; echo "attribute.service = penstock" >&2
}
case "$*" in
  "search --all service penstock") for item in "$folder"/items/*; do [ -e "$item" ] && show "${item##*/}"; done; exit 0 ;;
  "search service penstock provider "*) [ -e "$folder/items/$5" ] && show "$5"; exit 0 ;;
  "store --label=Penstock: "*" service penstock provider "*)
    [ -e "$folder/locked" ] && { echo "secret-tool: Cannot create an item in a locked collection" >&2; exit 1; }
    [ "$2" = "--label=Penstock: $6" ] && cat >"$folder/items/$6" ;;
  "clear service penstock provider "*) [ ! -e "$folder/locked" ] && rm "$folder/items/$5" 2>/dev/null ;;
  *) echo "secret-tool: called in a way it does not know" >&2; exit 2 ;;
esac
)sh";
  std::string folder_;
};

}  // namespace penstock::credentials
