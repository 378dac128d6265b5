// Where one request goes, and why.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "policy/request_kind.h"

namespace penstock::policy {

struct PlannedTarget : config::Target {
  std::uint64_t id = 0;  // target_id() of it (hash.h): the same in every gateway and after every reload
};

/// A list that is never changed: its own, or one that the router keeps. The latter is valid as long as the router, and costs nothing,
/// however long it is.
class Targets {
 public:
  Targets() = default;
  explicit Targets(std::vector<PlannedTarget> own) : own_(std::move(own)), view_(own_) {}
  static Targets kept(std::span<const PlannedTarget> targets) {
    Targets out;
    out.view_ = targets;
    return out;
  }
  Targets(const Targets& other) : own_(other.own_), view_(own_.empty() ? other.view_ : std::span<const PlannedTarget>(own_)) {}
  Targets(Targets&& other) noexcept : own_(std::move(other.own_)), view_(std::exchange(other.view_, {})) {}
  Targets& operator=(Targets other) noexcept {
    own_.swap(other.own_);
    view_ = other.view_;
    return *this;
  }
  ~Targets() = default;

  [[nodiscard]] std::size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }
  [[nodiscard]] const PlannedTarget& front() const { return view_.front(); }
  [[nodiscard]] const PlannedTarget& operator[](std::size_t index) const { return view_[index]; }
  /// The place of the target with this id.
  [[nodiscard]] std::optional<std::size_t> find(std::uint64_t id) const {
    const auto found = std::ranges::find(view_, id, &PlannedTarget::id);
    return found == view_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - view_.begin()));
  }
  [[nodiscard]] auto begin() const { return view_.begin(); }
  [[nodiscard]] auto end() const { return view_.end(); }

 private:
  std::vector<PlannedTarget> own_;
  std::span<const PlannedTarget> view_;
};

struct Plan {
  Targets targets;                // never empty, best first; stars filled, providers known, none twice
  std::size_t fallback_from = 0;  // those before it are what was asked for, in the order of `balance`; the others follow on_error
  Targets overflow, refusal;      // on_context_overflow and on_refusal; may be empty
  config::Balance balance = config::Balance::ordered;
  std::optional<RequestKind> kind;  // the kind whose route decided
  std::string rule;                 // for x-penstock-route: printable ASCII, at most Router::kMaxRule bytes
  std::string asked;                // as the client wrote it
  bool million = false;             // the name carried [1m]: the client counts on a window of a million tokens
};

}  // namespace penstock::policy
