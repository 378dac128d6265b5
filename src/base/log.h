// What a person should know, on standard error. Not for requests (gateway/access_log) and not for secrets, which do not format.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

namespace penstock {

/// Sets the level (debug, info, warn, error) and the form of the process's log. Once, at the start.
void begin_log(std::string_view level);

template <typename... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  spdlog::info(text, std::forward<Args>(args)...);
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  spdlog::warn(text, std::forward<Args>(args)...);
}
template <typename... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) {
  spdlog::error(text, std::forward<Args>(args)...);
}

}  // namespace penstock
