// A gateway of one's own for as long as a check takes: the same program and configuration as `penstock serve`, on a port that the system
// chooses, with a state folder that goes with it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace penstock::doctor {

class ChildGateway {
 public:
  /// Runs `program serve --listen 127.0.0.1:0`, with --config when `config` is not empty, and waits for the line that says where it
  /// listens. Fails with what it wrote when it ends before that or takes longer than ten seconds.
  static Result<std::unique_ptr<ChildGateway>> start(const std::string& program, const std::string& config);
  /// Ends it: asked first, then killed.
  ~ChildGateway();
  ChildGateway(const ChildGateway&) = delete;
  ChildGateway& operator=(const ChildGateway&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  ChildGateway() = default;
  Status spawn(const std::string& program, const std::string& config);
  Status wait_for_url();
  [[nodiscard]] Error why_not() const;
  void drain();
  void end();

  pid_t child_ = -1;
  Descriptor output_;  // what it writes; read to the end, so that it never waits for us
  std::string state_dir_, url_, written_;
  std::thread drainer_;
};

}  // namespace penstock::doctor
