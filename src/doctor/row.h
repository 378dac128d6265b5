// What one check found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::doctor {

/// A fault stops something from working; a warning may; what was skipped was not looked at, and `seen` says why.
enum class Verdict : std::uint8_t { ok, warning, fault, skipped };
std::string_view name(Verdict verdict);

/// One line of the report. No text holds a secret.
struct Row {
  Verdict verdict = Verdict::ok;
  std::string seen;      // what is so
  std::string mend;      // what to do about it; empty when nothing need be done
  std::string provider;  // whom it concerns; empty: nobody in particular
  std::string check;     // the check's name; whoever runs the check fills it in
};
using Rows = std::vector<Row>;

inline Row ok(std::string seen, std::string provider = {}) { return {Verdict::ok, std::move(seen), {}, std::move(provider), {}}; }
inline Row skipped(std::string why, std::string provider = {}) { return {Verdict::skipped, std::move(why), {}, std::move(provider), {}}; }
inline Row warning(std::string seen, std::string mend, std::string provider = {}) {
  return {Verdict::warning, std::move(seen), std::move(mend), std::move(provider), {}};
}
inline Row fault(std::string seen, std::string mend, std::string provider = {}) {
  return {Verdict::fault, std::move(seen), std::move(mend), std::move(provider), {}};
}

}  // namespace penstock::doctor
