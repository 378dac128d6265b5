#include "app/learned_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "app/state_dir.h"
#include "base/log.h"
#include "base/plain_file.h"
#include "base/text.h"
#include "credentials/private_file.h"
#include "dialect/chat_quirks.h"
#include "dialect/quirks.h"
#include "json/padded.h"

namespace penstock::app {

namespace {

using gateway::Lesson;
using gateway::Lessons;

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMostRead = 4U << 20;

/// A quirk of either table; another version may have had others.
bool is_known(const policy::Repair& repair) {
  const std::map<std::string, std::string> named{{repair.quirk, repair.value}};
  return dialect::parse_quirks(named, dialect::strict()).has_value() || dialect::parse_chat_quirks(named, {}).has_value();
}

bool is_old(const Lesson& lesson, std::int64_t now) { return lesson.since + kLearnedFor <= now; }

void erase_old(Lessons& lessons, std::int64_t now) {
  for (auto& [target, all] : lessons) std::erase_if(all, [now](const Lesson& lesson) { return is_old(lesson, now); });
  std::erase_if(lessons, [](const auto& entry) { return entry.second.empty(); });
}

void put(Lessons& lessons, const std::string& target, const Lesson& lesson) {
  auto& all = lessons[target];
  std::erase_if(all, [&](const Lesson& other) { return other.repair.quirk == lesson.repair.quirk; });
  all.push_back(lesson);
}

bool holds(const Lessons& lessons, const std::string& target, const Lesson& lesson) {
  const auto found = lessons.find(target);
  return found != lessons.end() && std::ranges::find(found->second, lesson.repair, &Lesson::repair) != found->second.end();
}

std::string text_of(const json::Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->text() : "";
}

std::string to_text(const Lessons& lessons) {
  std::string out = fmt::format(R"({{"penstock_learned":{},"lessons":[)", kVersion);
  const char* before = "\n";
  for (const auto& [target, all] : lessons)
    for (const auto& [repair, since] : all) {
      out += fmt::format(R"({}{{"target":{},"quirk":{},"value":{},"since":{}}})", std::exchange(before, ",\n"), json_quote(target),
                         json_quote(repair.quirk), json_quote(repair.value), since);
    }
  return out + "\n]}\n";
}

/// A time to come is one of a clock that was wrong.
Result<Lessons> from_text(std::string_view text, std::int64_t now) {
  const json::Padded padded(text);
  json::Document document;
  if (!document.index(padded.text())) return fail(config_error("it is torn, or no JSON"));
  const auto root = document.root();
  const auto version = root.find("penstock_learned");
  const auto list = root.find("lessons");
  if (!version || version->integer() != kVersion || !list || !list->is_array())
    return fail(config_error("it is not a file that this version wrote"));
  Lessons lessons;
  for (const auto value : list->elements()) {
    const auto since = value.find("since");
    const std::string target = text_of(value, "target");
    const Lesson lesson{{text_of(value, "quirk"), text_of(value, "value")}, std::min(since ? since->integer().value_or(0) : 0, now)};
    const bool room = lessons.size() < gateway::Learned::kMost || lessons.contains(target);
    if (target.contains('/') && room && !is_old(lesson, now) && is_known(lesson.repair)) put(lessons, target, lesson);
  }
  return lessons;
}

Status is_safe(const std::string& path) { return check_state_dir(std::filesystem::path(path).parent_path().string()); }

}  // namespace

std::string learned_path(const config::Environment& environment) {
  const std::string state = state_dir(environment);
  return state.empty() ? "" : state + "/learned.json";
}

Result<Lessons> read_learned(const std::string& path, std::int64_t now) {
  if (path.empty()) return Lessons{};
  TRY_STATUS(is_safe(path));
  TRY(const auto text, read_plain_file(path, kMostRead));
  if (!text) return Lessons{};
  auto lessons = from_text(*text, now);
  if (lessons) return lessons;
  return fail(
      config_error(fmt::format("{} is not read: {}; mend: remove it, what it held is found out again", path, lessons.error().message)));
}

Status write_learned(const std::string& path, const Lessons& lessons) {
  if (path.empty()) return fail(config_error("there is no place for state: set HOME or PENSTOCK_STATE_DIR"));
  TRY_STATUS(make_state_dir(std::filesystem::path(path).parent_path().string()));
  return credentials::write_private(path, to_text(lessons));
}

Result<std::vector<std::string>> forget_learned(const std::string& path, std::string_view name, std::int64_t now) {
  TRY(auto lessons, read_learned(path, now));
  std::vector<std::string> forgotten;
  const std::string provider = std::string(name) + "/";
  for (const auto& [target, all] : lessons)
    if (target == name || target.starts_with(provider)) forgotten.push_back(target);
  for (const auto& target : forgotten) lessons.erase(target);
  if (!forgotten.empty()) TRY_STATUS(write_learned(path, lessons));
  return forgotten;
}

LearnedFile::Stamp LearnedFile::stamp() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_ino, status.st_size};
}

void LearnedFile::begin(std::int64_t now) {
  if (path_.empty()) return;
  look(now);
  learned_.on_change([this] { changed_.store(true, std::memory_order_relaxed); });
}

void LearnedFile::look(std::int64_t now) {
  if (path_.empty()) return;
  if (const auto is = stamp(); is != seen_) {
    seen_ = is;
    take(now);
  }
  drop_old(now);
  if (changed_.exchange(false)) store();
}

/// The file as it is now, and what was learned here since both were alike.
void LearnedFile::take(std::int64_t now) {
  auto file = read_learned(path_, now);
  if (!file) {
    return complain(file.error().message);
  }
  learned_.change([&](Lessons& mine) {
    Lessons both = *file;
    for (const auto& [target, all] : mine)
      for (const auto& lesson : all)
        if (!holds(agreed_, target, lesson)) put(both, target, lesson);
    if (both != *file) changed_ = true;
    mine = std::move(both);
  });
  agreed_ = std::move(*file);
}

void LearnedFile::complain(const std::string& why) {
  if (std::exchange(complaint_, why) != why) log_warning("{}", why);
}

void LearnedFile::drop_old(std::int64_t now) {
  if (learned_.empty()) return;
  learned_.change([&](Lessons& mine) {
    const auto has_old = [now](const auto& entry) {
      return std::ranges::any_of(entry.second, [now](const Lesson& lesson) { return is_old(lesson, now); });
    };
    if (std::ranges::none_of(mine, has_old)) return;
    erase_old(mine, now);
    changed_ = true;
  });
}

void LearnedFile::store() {
  auto lessons = learned_.all();
  if (const auto written = write_learned(path_, lessons); !written) {
    changed_ = true;  // again at the next look
    return complain("what was learned of providers is not kept over a restart: " + written.error().message);
  }
  complaint_.clear();
  seen_ = stamp();
  agreed_ = std::move(lessons);
}

}  // namespace penstock::app
