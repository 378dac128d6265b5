// Reads and validates a configuration file: every fault at once, each with its line, its column and the mend.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace penstock::config {

/// One thing that is wrong with a file. Lines and columns count from 1; 0 means the whole file.
struct Fault {
  std::string file;
  int line = 0, column = 0;
  std::string message;  // says what is wrong, and the mend (`unknown key "portt"; did you mean "port"?`)
};
/// "file:line:column: message".
std::string to_text(const Fault& fault);

/// Reads an environment variable; tests hand in a map.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The process's own environment.
Environment process_environment();

/// What load() needs from outside.
struct LoadContext {
  Environment environment;
  std::vector<std::string> catalog_names;                              // providers that need no base_url
  std::map<std::string, std::vector<std::string>> catalog_dialects{};  // what those speak; of a name that is not there it is not known
};

/// Parses `text` as the file `path` (only named in faults, and the base of relative `file:` paths).
std::expected<Config, std::vector<Fault>> parse(std::string_view text, const std::string& path, const LoadContext& context);
/// Reads the file at `path` and parses it.
std::expected<Config, std::vector<Fault>> load(const std::string& path, const LoadContext& context);

/// $XDG_CONFIG_HOME when it is absolute, else ~/.config; empty when nothing says where.
std::string config_home(const Environment& environment);

/// The first file that exists: `explicit_path` (must exist when given), $PENSTOCK_CONFIG (likewise), ./penstock.yaml,
/// $XDG_CONFIG_HOME/penstock/penstock.yaml (default ~/.config), /etc/penstock/penstock.yaml. Empty when there is none.
std::string find_file(const std::string& explicit_path, const Environment& environment);

}  // namespace penstock::config
