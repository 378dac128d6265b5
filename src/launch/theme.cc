#include "launch/theme.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "credentials/private_file.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::launch {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCustom = "custom:", kOurs = "penstock-", kDark = "dark", kLight = "light", kEnding = ".json";
constexpr auto kBuiltin =
    std::to_array<std::string_view>({kDark, kLight, "dark-daltonized", "light-daltonized", "dark-ansi", "light-ansi"});

/// For providers whose colour nobody knows; each is legible on black and on white.
constexpr auto kColours =
    std::to_array<std::string_view>({"#3e8ed0", "#22a06b", "#d97706", "#7a5cff", "#f23f5d", "#12a594", "#c0569f", "#7f8ea3"});

/// The same name has the same colour, today and on another machine (FNV-1a).
std::string_view colour_of_name(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return kColours[hash % kColours.size()];
}

/// The colour on its way to white, as Claude Code's own shimmers are.
std::string lighter(std::string_view colour) {
  std::string out = "#";
  for (std::size_t i = 1; i + 1 < colour.size(); i += 2) {
    const unsigned part = static_cast<unsigned>(std::stoul(std::string(colour.substr(i, 2)), nullptr, 16));
    out += fmt::format("{:02x}", part + (255 - part) * 2 / 5);
  }
  return out;
}

/// The mascot, the spinner and the frame of the prompt; everything else keeps the colours that its meaning has.
std::string theme_json(const gateway::Upstream& provider, const std::string& base) {
  const std::string colour(provider.brand.empty() ? colour_of_name(provider.name) : provider.brand), light = lighter(colour);
  return fmt::format(R"({{"name":{},"base":{},"overrides":{{"claude":"{c}","claudeShimmer":"{l}","clawd_body":"{c}",)"
                     R"("briefLabelClaude":"{c}","promptBorder":"{c}","promptBorderShimmer":"{l}"}}}})"
                     "\n",
                     json_quote(provider.display_name), json_quote(base), fmt::arg("c", colour), fmt::arg("l", light));
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The text at `key` of the JSON file; empty when there is none.
std::string text_in(const std::string& path, std::string_view key) {
  const json::Padded text(read_text(path));
  json::Document document;
  if (!document.index(text.text())) return {};
  const auto value = document.root().find(key);
  return value ? value->text() : "";
}

/// A terminal's colours as `rxvt` and those after it tell them: "foreground;background", of 16.
std::string ground_of_terminal(const std::string& colorfgbg) {
  const auto parts = split(colorfgbg, ';');
  const auto background = parts.empty() ? std::nullopt : parse_unsigned(parts.back());
  if (!background || *background > 15) return {};
  return std::string(*background <= 6 || *background == 8 ? kDark : kLight);
}

/// A theme of Claude Code's own that `theme` is, or stands on.
std::string builtin_of(const std::string& theme, const std::string& folder, const config::Environment& environment) {
  if (theme == "auto") return ground_of_terminal(environment("COLORFGBG").value_or(""));
  const std::string slug = theme.starts_with(kCustom) ? theme.substr(kCustom.size()) : "";
  const std::string found = slug.empty() || slug.contains('/') ? theme : text_in(folder + "/themes/" + slug + std::string(kEnding), "base");
  return std::ranges::find(kBuiltin, found) == kBuiltin.end() ? std::string(kDark) : found;
}

}  // namespace

Theme theme_of(const Selection& selection, const std::string& base) {
  const std::string wanted = selection.profile ? selection.profile->theme : "brand";
  if (wanted.empty() || wanted == "none") return {};
  if (wanted != "brand") return {wanted, {}, {}};
  const auto* provider = selection.provider;
  if (!provider || provider->transparent || base.empty()) return {};
  const std::string slug = std::string(kOurs) + provider->name;
  return {std::string(kCustom) + slug, slug, theme_json(*provider, base)};
}

std::string base_theme(const config::Environment& environment, const std::string& config_dir) {
  const std::string home = environment("HOME").value_or(""), own = environment("CLAUDE_CONFIG_DIR").value_or("");
  const std::string usual = own.empty() ? home + "/.claude" : own;
  const std::pair<std::string, std::string> places[] = {{config_dir, config_dir + "/settings.json"},
                                                        {config_dir, config_dir + "/.claude.json"},
                                                        {usual, usual + "/settings.json"},
                                                        {usual, (own.empty() ? home : own) + "/.claude.json"}};
  for (const auto& [folder, file] : places)
    if (const auto theme = text_in(file, "theme"); !theme.empty()) return builtin_of(theme, folder, environment);
  return std::string(kDark);  // as Claude Code has it where nobody chose
}

Status write_theme(const Theme& theme, const std::string& config_dir) {
  if (theme.slug.empty()) return {};
  const std::string path = config_dir + "/themes/" + theme.slug + std::string(kEnding);
  return read_text(path) == theme.text ? Status{} : credentials::write_private(path, theme.text);
}

Status remove_themes(const std::string& config_dir) {
  std::error_code error;
  for (fs::directory_iterator at(config_dir + "/themes", error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename().string();
    if (name.starts_with(kOurs) && name.ends_with(kEnding)) TRY_STATUS(credentials::remove_private(at->path().string()));
  }
  fs::remove(config_dir + "/themes", error);  // only when nothing is left in it
  return {};
}

}  // namespace penstock::launch
