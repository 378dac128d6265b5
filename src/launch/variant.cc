#include "launch/variant.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/descriptor.h"
#include "base/text.h"
#include "config/profile_files.h"
#include "config/values.h"
#include "credentials/private_file.h"
#include "launch/claude_program.h"
#include "launch/shell.h"
#include "launch/theme.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kReady = "ready";
constexpr std::string_view kHeader =
    "# A variant of Claude Code, made by `penstock variant create`. The keys are those of an entry of `profiles` in penstock.yaml.\n";

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

std::string variable(const VariantGround& ground, const char* name) { return ground.install.environment(name).value_or(""); }

std::string config_dir_of(const config::Profile& profile, const VariantGround& ground) {
  return profile.config_dir.empty() ? ground.install.state_dir + "/claude/" + profile.name : profile.config_dir;
}

std::string file_of(const config::Profile& profile, const VariantGround& ground) {
  return config::profile_file(ground.profiles, profile.name);
}

Status can_be_named(const std::string& name) {
  const auto no = [&](const std::string& why) { return fail(client_error(ErrorKind::invalid_request, json_quote(name) + why)); };
  if (!config::is_provider_name(name))
    return no(" cannot be a command's name here; use letters, digits, -, _ and ., beginning with a letter or digit");
  if (name == "claude" || name == "penstock") return no(" would hide the program of that name; call it claude-something, say");
  return {};
}

/// The wish over what it is to be made from.
config::Profile over(config::Profile base, const config::Profile& wish) {
  for (const auto member : {&config::Profile::main, &config::Profile::opus, &config::Profile::sonnet, &config::Profile::haiku,
                            &config::Profile::subagent, &config::Profile::append_system_prompt, &config::Profile::theme})
    if (!(wish.*member).empty()) base.*member = wish.*member;
  for (const auto& [name, value] : wish.env) base.env[name] = value;
  base.args.insert(base.args.end(), wish.args.begin(), wish.args.end());
  base.name = wish.name;
  base.status_line = wish.status_line;
  base.config_dir = wish.config_dir;  // sessions are never shared by accident
  base.command.clear();
  if (base.theme.empty()) base.theme = "brand";
  if (wish.claude_version.empty()) return base;
  base.claude_version = wish.claude_version;
  base.claude_channel.clear();
  return base;
}

config::Profile draft(const VariantWish& wish, const VariantGround& ground) {
  const auto& profiles = ground.config->profiles;
  const auto known = std::ranges::find(profiles, wish.from, &config::Profile::name);
  if (!wish.from.empty() && known != profiles.end()) return over(*known, wish.profile);
  return over(config::Profile{.provider = wish.from}, wish.profile);
}

/// A channel becomes the version that it stands for now; from then on the profile keeps both.
Status pin(config::Profile& profile, const std::string& wanted, const VariantGround& ground) {
  TRY(auto version, resolve_version(wanted, ground.install));
  profile.claude_channel = is_channel(wanted) ? wanted : "";
  profile.claude_version = std::move(version);
  return {};
}

/// What is wrong with the file's text as a profile beside those of `config`; where nothing is, `config` has it as its last.
std::string fault_under(config::Config& config, const std::string& text, const config::Profile& profile, const VariantGround& ground) {
  std::erase_if(config.profiles, [&](const auto& other) { return other.name == profile.name; });
  const auto faults = config::add_profile(text, file_of(profile, ground), ground.context, config);
  return faults.empty() ? "" : faults.front().message;
}

/// The file's text would be read as a sound profile.
Status check(const std::string& text, const config::Profile& profile, const VariantGround& ground) {
  config::Config config = *ground.config;
  if (const auto fault = fault_under(config, text, profile, ground); !fault.empty()) return fail(config_error(fault));
  if (config::Config usual = ground.usual ? *ground.usual : config::Config{}; ground.usual) {
    const auto fault = fault_under(usual, text, profile, ground);
    if (!fault.empty())
      return fail(config_error(fmt::format("without --config, where profile files are read too ({}): {}",
                                           usual.path.empty() ? "no configuration file" : usual.path, fault)));
  }
  if (config::to_yaml(config.profiles.back()) == config::to_yaml(profile)) return {};
  return fail(config_error(fmt::format("{} is written in a way that is left alone; set claude_version there: {}", file_of(profile, ground),
                                       profile.claude_version)));
}

Error there_already(const std::string& name) {
  return config_error(fmt::format("there is a variant {0} already; mend: penstock variant remove {0} first", name));
}

/// Until the file is closed, no other penstock writes variants: of several that make one of the same name, one does.
Result<Descriptor> lock_profiles(const std::string& folder) {
  TRY_STATUS(credentials::make_folders_above(folder + "/x"));
  Descriptor locked(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int done = locked ? ::flock(locked.get(), LOCK_EX) : -1;
  while (done != 0 && locked && errno == EINTR) done = ::flock(locked.get(), LOCK_EX);
  if (done != 0) return fail(config_error(fmt::format("cannot lock {}: {}", folder, std::strerror(errno))));
  return locked;
}

Status may_write(const std::string& command) {
  if (!exists(command) || is_variant_script(command)) return {};
  return fail(config_error(command + " is there already, and no variant's; mend: another name, or --bin-dir FOLDER"));
}

/// Whole or not at all, and never through a link. Not a secret: a folder for programs may be shared.
Status write_script(const std::string& path, const std::string& text) {
  TRY_STATUS(may_write(path));
  const std::string beside = fmt::format("{}.{}.new", path, ::getpid());
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  fs::remove(beside, error);
  std::ofstream file(beside, std::ios::binary);
  file << text;
  file.close();
  const bool done = file.good() && ::chmod(beside.c_str(), 0755) == 0 && ::rename(beside.c_str(), path.c_str()) == 0;
  if (done) return {};
  const int why = errno;
  ::unlink(beside.c_str());
  return fail(config_error(fmt::format("cannot write {}: {}", path, std::strerror(why))));
}

Status make_config_dir(const std::string& folder) {
  std::error_code error;
  return fs::is_directory(folder, error) ? Status{} : credentials::make_private_folder(folder);
}

/// Why a shell that is given the command's name would not start it; empty when it would.
std::string reach_fault(const std::string& command, const VariantGround& ground) {
  const fs::path path(command);
  for (const auto folder : split(variable(ground, "PATH"), ':')) {
    const std::string candidate = std::string(folder) + "/" + path.filename().string();
    std::error_code error;
    if (::access(candidate.c_str(), X_OK) != 0 || !fs::is_regular_file(candidate, error)) continue;
    if (!fs::equivalent(candidate, path, error)) return candidate + " comes first in PATH";
    return {};
  }
  return path.parent_path().string() + " is not in PATH";
}

std::string script_option(const std::string& command) {
  // What create was given stays with the script: it is read back from there.
  const std::string text = read_text(command);
  constexpr std::string_view kMark = "# --config ";
  const auto at = text.find(kMark);
  return at == std::string::npos ? "" : text.substr(at + kMark.size(), text.find('\n', at) - at - kMark.size());
}

/// All that is slow or may fail for want of a network comes before the first file.
Result<VariantMade> make_parts(const config::Profile& profile, const std::string& text, const std::string& script,
                               const VariantGround& ground, bool anew) {
  TRY_STATUS(check(text, profile, ground));
  TRY_STATUS(may_write(profile.command));
  if (!profile.claude_version.empty()) {
    TRY(const auto program, install_claude(profile.claude_version, ground.install));
  }
  TRY(const auto lock, lock_profiles(ground.profiles));
  if (anew && exists(file_of(profile, ground))) return fail(there_already(profile.name));
  TRY_STATUS(may_write(profile.command));
  TRY_STATUS(make_config_dir(config_dir_of(profile, ground)));
  const std::string file = file_of(profile, ground), before = read_text(file);
  if (before != text) TRY_STATUS(credentials::write_private(file, text));
  if (auto written = write_script(profile.command, script); !written) {
    (void)(before.empty() ? credentials::remove_private(file) : credentials::write_private(file, before));
    return fail(std::move(written.error()));
  }
  VariantMade made{profile, {}};
  if (const auto fault = reach_fault(profile.command, ground); !fault.empty())
    made.warnings.push_back(fmt::format("{}: so {} does not start it yet; its full path does", fault, profile.name));
  return made;
}

/// A profile of the configuration file: the file is the user's, only the version is our business.
Result<VariantMade> install_for(const config::Profile& profile, const std::string& version, const VariantGround& ground) {
  if (!version.empty())
    return fail(config_error(fmt::format("the profile {} stands in {}; change claude_version there, and then: penstock variant update {}",
                                         profile.name, ground.config->path, profile.name)));
  if (profile.claude_version.empty()) return VariantMade{profile, {}};
  VariantMade made{profile, {}};
  TRY_STATUS(pin(made.profile, profile.claude_version, ground));
  TRY(const auto program, install_claude(made.profile.claude_version, ground.install));
  if (is_channel(profile.claude_version))
    TRY_STATUS(point_channel(ground.install.state_dir, profile.claude_version, made.profile.claude_version));
  return made;
}

std::size_t count_sessions(const std::string& config_dir) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator project(config_dir + "/projects", error), end; !error && project != end; project.increment(error)) {
    std::error_code inner;
    for (fs::directory_iterator file(project->path(), inner); !inner && file != end; file.increment(inner))
      count += file->path().extension() == ".jsonl" ? 1 : 0;
  }
  return count;
}

/// Only what lies in our state folder and no other profile uses. A folder that the user chose is the user's, wherever it lies; a file that
/// cannot be read may have chosen one.
bool may_purge(const config::Profile& profile, const VariantGround& ground) {
  if (!profile.config_dir.empty() || read_text(file_of(profile, ground)).contains("config_dir")) return false;
  std::error_code error;
  const auto real = [&](const std::string& path) { return fs::weakly_canonical(path, error).string(); };
  const std::string folder = real(config_dir_of(profile, ground));
  const bool shared = std::ranges::any_of(ground.config->profiles, [&](const auto& other) {
    return other.name != profile.name && real(config_dir_of(other, ground)) == folder;
  });
  return !shared && folder.starts_with(real(ground.install.state_dir) + "/claude/");
}

/// Files of ours in a config dir that stays.
Status clean_config_dir(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name.starts_with("penstock-") && name.ends_with(".json")) TRY_STATUS(credentials::remove_private(at->path().string()));
  }
  return remove_themes(folder);
}

VariantPart claude_part(const config::Profile& profile, const VariantGround& ground) {
  const auto found = find_claude(ground.install.environment, ground.install.state_dir, profile.claude_version);
  if (found) return {*found, std::string(kReady)};
  const bool pinned = !profile.claude_version.empty();
  return {pinned ? version_folder(ground.install.state_dir, profile.claude_version) : "",
          pinned ? "missing; mend: penstock variant update " + profile.name : "not found in PATH"};
}

VariantPart command_part(const config::Profile& profile, const VariantGround& ground) {
  if (profile.command.empty()) return {"", "none"};
  if (!exists(profile.command)) return {profile.command, "missing; mend: penstock variant update " + profile.name};
  if (!is_variant_script(profile.command)) return {profile.command, "not ours"};
  const auto fault = reach_fault(profile.command, ground);
  return {profile.command, fault.empty() ? std::string(kReady) : fault};
}

}  // namespace

std::string variant_script(const std::string& name, const std::string& penstock, const std::string& config_option) {
  const bool noted = !config_option.empty() && !config_option.contains('\n');
  return fmt::format(
      "#!/bin/sh\n"
      "{}: {}. Made by `penstock variant create`; it goes with `penstock variant remove {}`.\n"
      "{}"
      "penstock={}\n"
      "[ -x \"$penstock\" ] || penstock=penstock\n"
      "exec \"$penstock\" run{} {} -- \"$@\"\n",
      kVariantMark, name, name, noted ? "# --config " + config_option + "\n" : "", quote_posix(penstock),
      noted ? " --config " + quote_posix(config_option) : "", quote_posix(name));
}

std::string with_key(std::string_view yaml, std::string_view key, const std::string& value) {
  const std::string line = value.empty() ? "" : std::string(key) + ": " + json_quote(value) + "\n";
  std::string out;
  bool there = false;
  while (!yaml.empty()) {
    const auto end = std::min(yaml.find('\n'), yaml.size() - 1) + 1;
    const auto old = yaml.substr(0, end);
    yaml.remove_prefix(end);
    const bool is_it = old.starts_with(key) && trim(old.substr(key.size())).starts_with(':');
    out += is_it ? line : std::string(old);
    there |= is_it;
  }
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  return there ? out : out + line;
}

Result<VariantMade> create_variant(const VariantWish& wish, const VariantGround& ground) {
  const auto& name = wish.profile.name;
  TRY_STATUS(can_be_named(name));
  if (ground.profiles.empty()) return fail(config_error("neither XDG_CONFIG_HOME nor HOME says where a variant's profile belongs"));
  if (wish.from.empty() && wish.profile.main.empty())
    return fail(client_error(ErrorKind::invalid_request, "say what the variant is for: --from PROVIDER (or a profile), or --model NAME"));
  config::Profile profile = draft(wish, ground);
  if (exists(file_of(profile, ground))) return fail(there_already(name));
  if (wish.config_option.contains('\n'))
    return fail(config_error("the name of a configuration file with a line break cannot stand in a command"));
  if (std::ranges::find(ground.config->profiles, name, &config::Profile::name) != ground.config->profiles.end())
    return fail(config_error(fmt::format("{} has a profile {} already; call the variant something else, and copy it: --from {}",
                                         ground.config->path, name, name)));
  profile.command = (wish.bin_dir.empty() ? variable(ground, "HOME") + "/.local/bin" : wish.bin_dir) + "/" + name;
  // Before npm is asked: the same text with the version still open.
  config::Profile open = profile;
  open.claude_version = open.claude_channel = "";
  TRY_STATUS(check(config::to_yaml(open), open, ground));
  TRY_STATUS(may_write(profile.command));
  if (!profile.claude_version.empty())
    TRY_STATUS(pin(profile, profile.claude_channel.empty() ? profile.claude_version : profile.claude_channel, ground));
  return make_parts(profile, std::string(kHeader) + config::to_yaml(profile), variant_script(name, ground.penstock, wish.config_option),
                    ground, true);
}

Result<VariantMade> update_variant(const config::Profile& profile, const std::string& version, const VariantGround& ground) {
  const std::string file = file_of(profile, ground);
  if (!exists(file)) return install_for(profile, version, ground);
  config::Profile after = profile;
  if (version == "none") {
    after.claude_version = after.claude_channel = "";
  } else if (const auto& wanted = !version.empty()                 ? version
                                  : profile.claude_channel.empty() ? profile.claude_version
                                                                   : profile.claude_channel;
             !wanted.empty()) {
    TRY_STATUS(pin(after, wanted, ground));
  }
  std::string text = read_text(file);
  if (after.claude_version != profile.claude_version) text = with_key(text, "claude_version", after.claude_version);
  if (after.claude_channel != profile.claude_channel) text = with_key(text, "claude_channel", after.claude_channel);
  if (after.command.empty()) {
    after.command = variable(ground, "HOME") + "/.local/bin/" + profile.name;
    text = with_key(text, "command", after.command);
  }
  return make_parts(after, text, variant_script(after.name, ground.penstock, script_option(after.command)), ground, false);
}

Result<std::vector<std::string>> remove_variant(const config::Profile& profile, bool purge, const VariantGround& ground) {
  std::vector<std::string> said;
  const bool removable = purge && may_purge(profile, ground);
  if (is_variant_script(profile.command)) {
    TRY_STATUS(credentials::remove_private(profile.command));
    said.push_back("removed " + profile.command);
  } else if (exists(profile.command)) {
    said.push_back(profile.command + " stays: it is no variant's");
  }
  const std::string file = file_of(profile, ground), folder = config_dir_of(profile, ground);
  if (exists(file)) {
    TRY_STATUS(credentials::remove_private(file));
    said.push_back("removed " + file);
  }
  if (!exists(folder)) return said;
  TRY_STATUS(clean_config_dir(folder));
  std::error_code error;
  if (removable) fs::remove_all(folder, error);
  said.push_back(removable && !error ? "removed " + folder
                 : purge
                     ? folder + " stays: it was chosen with --config-dir, another profile uses it, or it is not in Penstock's own folder"
                     : folder + " stays, with its sessions and settings");
  return said;
}

std::vector<config::Profile> variants_of(const VariantGround& ground) {
  std::vector<config::Profile> variants;
  std::ranges::copy_if(ground.config->profiles, std::back_inserter(variants),
                       [&](const auto& profile) { return exists(file_of(profile, ground)); });
  return variants;
}

config::Profile nameless_variant(const std::string& name, const VariantGround& ground) {
  return {.name = name, .command = variable(ground, "HOME") + "/.local/bin/" + name};
}

VariantState look_at_variant(const config::Profile& profile, const VariantGround& ground) {
  const std::string file = file_of(profile, ground), folder = config_dir_of(profile, ground);
  return {.command = command_part(profile, ground),
          .file = {file, exists(file) ? std::string(kReady) : "missing"},
          .config_dir = {folder, exists(folder) ? std::string(kReady) : "not made yet"},
          .claude = claude_part(profile, ground),
          .sessions = count_sessions(folder)};
}

std::vector<std::string> remove_unused_versions(const std::vector<config::Profile>& profiles, const VariantGround& ground) {
  std::vector<std::string> used;
  for (const auto& profile : profiles) used.push_back(profile.claude_version);
  return remove_other_versions(ground.install.state_dir, used);
}

}  // namespace penstock::launch
