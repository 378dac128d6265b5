// What providers refused is remembered over restarts: STATE/learned.json, which a person may look at, change and remove while a gateway
// runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/load.h"
#include "gateway/learned.h"

namespace penstock::app {

/// After so many seconds a finding is forgotten, and found again if it still holds: providers mend themselves too.
inline constexpr std::int64_t kLearnedFor = 30L * 24 * 3600;

/// The file's path, whether it is there or not; empty when nothing says where state is kept.
std::string learned_path(const config::Environment& environment);

/// What it holds, without what is too old or names a quirk that this version does not have; nothing when there is none. Fails, and names
/// the mend, on a file that is torn, foreign, or in a folder that others may write. `now` in seconds since 1970.
Result<gateway::Lessons> read_learned(const std::string& path, std::int64_t now);
/// Puts them in the place of those before, whole or not at all; 0600.
Status write_learned(const std::string& path, const gateway::Lessons& lessons);
/// Takes out those of a target (provider/model), or of all targets of a provider. Returns the names of these targets.
Result<std::vector<std::string>> forget_learned(const std::string& path, std::string_view name, std::int64_t now);

/// Keeps a gateway's findings and the file alike. Used by the control thread; outlives those that learn.
class LearnedFile {
 public:
  LearnedFile(std::string path, gateway::Learned& learned) : path_(std::move(path)), learned_(learned) {}

  /// Takes what the file holds, and listens from now on. Before anybody learns.
  void begin(std::int64_t now);
  /// Does what is due: takes over what others changed in the file, and writes what was learned since. What went from the file is
  /// forgotten here too; what was learned here meanwhile stays. Now and then, and once at the end.
  void look(std::int64_t now);

 private:
  using Stamp = std::tuple<std::int64_t, std::uint64_t, std::int64_t>;  // time, inode, size
  [[nodiscard]] Stamp stamp() const;
  void take(std::int64_t now);
  void drop_old(std::int64_t now);
  void store();
  void complain(const std::string& why);

  const std::string path_;
  gateway::Learned& learned_;
  std::atomic<bool> changed_{false};  // set by those that learn
  Stamp seen_;
  gateway::Lessons agreed_;  // what file and gateway both had last
  std::string complaint_;    // the last one, which is not repeated
};

}  // namespace penstock::app
