// A brand theme per provider, through Claude Code's own settings: one sees which provider one talks to.
//
// Claude Code (2.1.118 and newer, read in 2.1.197 and 2.1.328) takes themes from CONFIG_DIR/themes/SLUG.json, `{name, base, overrides}`: a
// theme of its own with some colours replaced; names of colours that it does not know are ignored. The setting is `theme: "custom:SLUG"`;
// an older version does not know that word and stays with its usual theme.
#pragma once

#include <string>

#include "base/result.h"
#include "config/load.h"
#include "launch/selection.h"

namespace penstock::launch {

/// What a session looks like.
struct Theme {
  std::string setting;     // the value of Claude Code's `theme`; empty: as it is
  std::string slug, text;  // the theme file that `setting` needs, and its JSON; empty: none
};

/// The provider's colours over Claude Code's theme `base`, unless the profile names another theme or none. Without a base there are no
/// colours: text in those of a dark theme cannot be read on a light ground. Anthropic's own models look as they always do.
Theme theme_of(const Selection& selection, const std::string& base);

/// The theme that a session in `config_dir` would have without ours: the one chosen there, or the user's usual one. Where that is `auto`,
/// what COLORFGBG tells; empty when nothing does.
std::string base_theme(const config::Environment& environment, const std::string& config_dir);

/// Writes the theme's file, if it has one and that changed. Files of others are left alone.
Status write_theme(const Theme& theme, const std::string& config_dir);
/// Removes every theme file of ours from the folder.
Status remove_themes(const std::string& config_dir);

}  // namespace penstock::launch
