// How other tools name environment variables in their files, and keys that must not be copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::importing {

/// plain: nothing is a reference. litellm: `os.environ/NAME` as the whole value. braced: `${NAME}` anywhere. dollar: that, and `$NAME` in
/// capitals.
enum class Spelling : std::uint8_t { plain, litellm, braced, dollar };

/// A value in the spelling of Penstock's file.
struct Text {
  std::string text;
  bool has_reference = false;
};
Text to_text(std::string_view source, Spelling spelling);

/// A name that `${NAME}` may hold.
bool is_variable_name(std::string_view name);
/// `MY-Provider.2` as `MY_PROVIDER_2_API_KEY`.
std::string key_variable(std::string_view provider);
/// The name of a header, variable or option says that its value is secret: it holds `key`, `token`, `secret`, `password`, `auth` or
/// `cookie`.
bool sounds_secret(std::string_view name);

/// Seconds as the configuration writes them (`30s`, `2500ms`), if they lie between 1 ms and a day.
std::optional<std::string> duration_text(double seconds);

}  // namespace penstock::importing
