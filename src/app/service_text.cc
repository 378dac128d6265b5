// The texts of app/service.h.
#include <fmt/format.h>

#include <charconv>

#include "app/service.h"

namespace penstock::app {

namespace {

constexpr std::string_view kMark = "Written by `penstock service install`; `penstock service remove` takes it away. Folders made for it: ";

/// A quoted word of a unit file. Specifiers (%) are everywhere; variables ($) only in a command's arguments, not in its program.
std::string unit_word(std::string_view text, bool variables) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || (c == '$' && variables)) out += c;
    if (static_cast<unsigned char>(c) < ' ')
      out += fmt::format("\\x{:02x}", c);
    else
      out += c;
  }
  return out + "\"";
}

/// A path that stands alone in a unit file, without quotes.
std::string unit_path(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '%' ? "%%" : std::string(1, c);
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::vector<std::string> arguments(const ServiceText& text) {
  std::vector<std::string> out{"serve"};
  if (!text.log_file.empty()) out.insert(out.end(), {"--log-file", text.log_file});
  if (!text.config.empty()) out.insert(out.end(), {"--config", text.config});
  if (!text.listen.empty()) out.insert(out.end(), {"--listen", text.listen});
  return out;
}

}  // namespace

std::optional<unsigned> made_folders(std::string_view file) {
  const auto at = file.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  unsigned count = 0;
  file.remove_prefix(at + kMark.size());
  std::from_chars(file.data(), file.data() + file.size(), count);
  return count;
}

std::string systemd_unit(const ServiceText& text) {
  std::string command = unit_word(text.program, false);
  for (const auto& word : arguments(text)) command += " " + unit_word(word, true);
  std::string environment = "Environment=PENSTOCK_SERVICE=systemd\n";
  if (!text.state_dir.empty()) environment += "Environment=" + unit_word("PENSTOCK_STATE_DIR=" + text.state_dir, false) + "\n";
  return fmt::format(R"(# {}{}
[Unit]
Description=Penstock, every large language model behind one API

[Service]
Type=exec
ExecStart={}
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=/
Restart=on-failure
RestartSec=2
# A faulty configuration, or an address that is taken, does not mend itself.
RestartPreventExitStatus=78
{}# Providers' keys may stand here, NAME=value a line (chmod 600). Without the file, key files are used: penstock keys set
EnvironmentFile=-{}
# What works for a user's own units, without namespaces.
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
)",
                     kMark, text.made_folders, command, environment, unit_path(text.environment_file));
}

std::string launchd_plist(const ServiceText& text) {
  std::string words = fmt::format("    <string>{}</string>\n", xml_text(text.program));
  for (const auto& word : arguments(text)) words += fmt::format("    <string>{}</string>\n", xml_text(word));
  std::string state;
  if (!text.state_dir.empty())
    state = fmt::format("    <key>PENSTOCK_STATE_DIR</key>\n    <string>{}</string>\n", xml_text(text.state_dir));
  return fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- {}{} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>penstock.gateway</string>
  <key>ProgramArguments</key>
  <array>
{}  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PENSTOCK_SERVICE</key>
    <string>launchd</string>
{}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ExitTimeOut</key>
  <integer>40</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>ProcessType</key>
  <string>Background</string>
</dict>
</plist>
)",
                     kMark, text.made_folders, words, state);
}

}  // namespace penstock::app
