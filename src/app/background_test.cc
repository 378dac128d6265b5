// Starting and stopping, with scripts for gateways that are started and child processes for those that run. The real program:
// tests/e2e/background.test.js.
#include "app/background.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "app/child_for_test.h"

namespace penstock::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::Child;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

class BackgroundTest : public testing::Test {
 protected:
  BackgroundTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock background-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directory(state());
    variables_["PENSTOCK_STATE_DIR"] = state();
  }
  ~BackgroundTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string state() const { return folder_ + "/state"; }
  [[nodiscard]] config::Environment environment() const {
    return [variables = variables_](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
  /// A program that notes how it was called, and does what `script` says.
  StartOptions with_program(const std::string& script) {
    const auto path = folder_ + "/the program";
    std::ofstream(path) << "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\" >> '" << folder_ << "/called'; done\n" << script << "\n";
    ::chmod(path.c_str(), 0700);
    StartOptions options;
    options.environment = environment();
    options.variables = std::vector<std::string>{"PATH=/usr/bin:/bin", "PENSTOCK_STATE_DIR=" + variables_["PENSTOCK_STATE_DIR"]};
    options.program = path;
    return options;
  }
  [[nodiscard]] std::vector<std::string> called() const {
    std::vector<std::string> words;
    std::ifstream file(folder_ + "/called");
    for (std::string word; std::getline(file, word);) words.push_back(word);
    return words;
  }
  static Running running(int pid = 1) {
    Running one;
    one.pid = pid;
    one.urls = {"http://127.0.0.1:4100"};
    one.drain = milliseconds(60'000);
    return one;
  }
  static std::string says_ready() { return "echo 'ready " + to_json(running(77)) + "' >&3"; }
  /// Holds the state folder; at SIGTERM it drains (d) until it is told to end. `deaf`: it does nothing of that.
  [[nodiscard]] Child gateway(Running what, bool deaf = false) const {
    return Child([folder = state(), what = std::move(what), deaf](Child::Pipes& parent) mutable {
      what.pid = ::getpid();
      sigset_t terminate;
      sigemptyset(&terminate);
      sigaddset(&terminate, SIGTERM);
      ::sigprocmask(SIG_BLOCK, &terminate, nullptr);
      auto presence = Presence::take(folder, to_json(what)).value();
      parent.say('r');
      int signal = 0;
      do ::sigwait(&terminate, &signal);
      while (deaf);
      presence->leave();
      parent.say('d');
      parent.hear();
    });
  }

  std::string folder_;
  std::map<std::string, std::string> variables_;
};

TEST(background_variables, of_a_session_stay_behind) {
  EXPECT_THAT(background_variables({"HOME=/a", "CLAUDECODE=1", "CLAUDE_CODE_SESSION_ID=x", "CLAUDE_PID=2", "CLAUDE_CODE_ENTRYPOINT=cli",
                                    "CLAUDE_CODE_OAUTH_TOKEN=t", "ZAI_API_KEY=k=1", "PWD=/b", "PENSTOCK_SERVICE=systemd", "CLAUDECODEX=1"}),
              ElementsAre("HOME=/a", "CLAUDE_CODE_OAUTH_TOKEN=t", "ZAI_API_KEY=k=1", "CLAUDECODEX=1"));
}

TEST_F(BackgroundTest, a_start_hears_what_the_gateway_says) {
  std::ofstream(folder_ + "/own.yaml") << "";
  auto options = with_program(says_ready());
  options.config = folder_ + "/state/../own.yaml";
  options.listen = "127.0.0.1:0";
  const auto started = start_in_background(options);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(started->pid, 77);
  EXPECT_TRUE(started->fresh);
  EXPECT_THAT(called(), ElementsAre("serve", "--log-file", state() + "/penstock.log", "--ready-fd", "3", "--config", folder_ + "/own.yaml",
                                    "--listen", "127.0.0.1:0"));
}

TEST_F(BackgroundTest, a_folder_that_is_relative_stays_the_same_one) {
  const auto relative = fs::relative(folder_).string() + "/new/state";
  variables_["PENSTOCK_STATE_DIR"] = relative;
  const auto started = start_in_background(with_program("echo \"$PENSTOCK_STATE_DIR\" >> \"$3\"; " + says_ready()));
  ASSERT_TRUE(started) << started.error().message;
  std::string said;
  std::getline(std::ifstream(folder_ + "/new/state/penstock.log"), said);
  EXPECT_EQ(fs::weakly_canonical(said), fs::weakly_canonical(folder_ + "/new/state"));
  EXPECT_TRUE(said.starts_with('/')) << said;
}

TEST_F(BackgroundTest, a_fault_of_the_configuration_is_told_in_its_own_words) {
  std::ofstream(state() + "/penstock.log") << "something old\n";
  const auto started = start_in_background(with_program("echo 'a.yaml:1:1: unknown key' >&2; echo 'failed 78' >&3"));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::config);
  EXPECT_EQ(started.error().message, "a.yaml:1:1: unknown key");
}

TEST_F(BackgroundTest, an_end_is_told_with_the_last_words) {
  const auto started = start_in_background(with_program("for i in $(seq 100); do echo \"line $i\"; done; exit 3"));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::internal);
  EXPECT_THAT(started.error().message, HasSubstr(state() + "/penstock.log"));
  EXPECT_THAT(started.error().message, HasSubstr("line 81\n"));
  EXPECT_THAT(started.error().message, Not(HasSubstr("line 80\n")));
  EXPECT_THAT(started.error().message, testing::EndsWith("line 100"));
}

TEST_F(BackgroundTest, silence_is_told_and_ended) {
  auto options = with_program("echo hm; exec sleep 1000");
  options.patience = milliseconds(200);
  const auto started = start_in_background(options);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("not ready after 0.2 s"));
  EXPECT_THAT(started.error().message, HasSubstr("hm"));
}

TEST_F(BackgroundTest, one_that_runs_is_found_and_not_started_again) {
  EXPECT_FALSE(find_running(environment()).value());
  auto first = gateway(running());
  ASSERT_EQ(first.hear(), 'r');
  const auto found = find_running(environment());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->pid, first.pid()) << "the lock's holder, whatever the file says";
  EXPECT_EQ((*found)->url, "http://127.0.0.1:4100");
  const auto started = start_in_background(with_program(says_ready()));
  ASSERT_TRUE(started);
  EXPECT_EQ(started->pid, first.pid());
  EXPECT_FALSE(started->fresh);
  EXPECT_THAT(called(), ElementsAre());
}

TEST_F(BackgroundTest, one_that_was_faster_counts) {
  const std::string begin = folder_ + "/begin", done = folder_ + "/done";
  ASSERT_EQ(::mkfifo(begin.c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(done.c_str(), 0600), 0);
  Child other([&](Child::Pipes& parent) {
    std::string word;
    std::ifstream(begin) >> word;  // waits for the other end
    const auto presence = Presence::take(state(), to_json(running()));
    std::ofstream(done) << "taken\n";
    parent.hear();
  });
  const auto started = start_in_background(with_program("echo go > '" + begin + "'; read word < '" + done + "'; echo 'failed 1' >&3"));
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(started->pid, other.pid());
  EXPECT_FALSE(started->fresh);
}

TEST_F(BackgroundTest, a_foreign_process_is_left_alone) {
  Child stranger([](Child::Pipes& parent) { parent.hear(); });
  std::ofstream(state() + "/gateway.json") << to_json(running(stranger.pid()));
  EXPECT_FALSE(find_running(environment()).value());
  const auto stopped = stop_in_background(environment());
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->pid, 0);
  EXPECT_TRUE(fs::is_empty(state() + "/gateway.json"));
  EXPECT_EQ(::waitpid(stranger.pid(), nullptr, WNOHANG), 0) << "it lives";
}

TEST_F(BackgroundTest, a_stranger_with_the_lock_is_not_signalled) {
  Child stranger([&](Child::Pipes& parent) {
    const auto presence = Presence::take(state(), to_json(running(1)));
    parent.say('r');
    parent.hear();
  });
  ASSERT_EQ(stranger.hear(), 'r');
  const auto stopped = stop_in_background(environment(), milliseconds(10));
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("is not the process that the file names: nothing was done to it"));
  EXPECT_FALSE(restart_in_background(with_program(says_ready())));
  EXPECT_THAT(called(), ElementsAre());
  EXPECT_EQ(::waitpid(stranger.pid(), nullptr, WNOHANG), 0) << "it lives";
}

TEST_F(BackgroundTest, a_folder_that_others_may_write_is_not_believed) {
  auto first = gateway(running());
  ASSERT_EQ(first.hear(), 'r');
  ::chmod(state().c_str(), 0777);
  const auto mend = HasSubstr("chmod go-w " + state());
  EXPECT_THAT(find_running(environment()).error().message, mend);
  EXPECT_THAT(start_in_background(with_program(says_ready())).error().message, mend);
  EXPECT_THAT(stop_in_background(environment()).error().message, mend);
  EXPECT_THAT(called(), ElementsAre());
}

TEST_F(BackgroundTest, a_log_that_is_a_link_is_not_followed) {
  std::ofstream(folder_ + "/precious") << "";
  fs::create_symlink(folder_ + "/precious", state() + "/penstock.log");
  EXPECT_THAT(start_in_background(with_program("echo x; " + says_ready())).error().message, HasSubstr("cannot write"));
  EXPECT_TRUE(fs::is_empty(folder_ + "/precious"));
}

TEST_F(BackgroundTest, a_stop_waits_for_the_drain) {
  auto first = gateway(running());
  ASSERT_EQ(first.hear(), 'r');
  std::atomic<bool> returned = false;
  Result<Stopped> stopped;
  std::thread stopping([&] {
    stopped = stop_in_background(environment());
    returned = true;
  });
  EXPECT_EQ(first.hear(), 'd');
  EXPECT_FALSE(find_running(environment()).value()) << "what drains takes no connections";
  EXPECT_FALSE(returned);
  first.say('g');
  stopping.join();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->pid, first.pid());
  EXPECT_FALSE(stopped->killed);
  EXPECT_EQ(stop_in_background(environment())->pid, 0) << "a second stop finds none";
}

TEST_F(BackgroundTest, a_stop_comes_to_an_end) {
  auto deaf = gateway(running(), true);
  ASSERT_EQ(deaf.hear(), 'r');
  const auto stopped = stop_in_background(environment(), milliseconds(10));
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->pid, deaf.pid());
  EXPECT_TRUE(stopped->killed);
  EXPECT_TRUE(WIFSIGNALED(deaf.end(0)));
}

TEST_F(BackgroundTest, a_stop_finds_those_that_drain) {
  auto first = gateway(running());
  ASSERT_EQ(first.hear(), 'r');
  ::kill(first.pid(), SIGTERM);
  ASSERT_EQ(first.hear(), 'd');
  const auto stopped = stop_in_background(environment(), milliseconds(10));
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->pid, first.pid());
}

TEST_F(BackgroundTest, a_restart_keeps_the_options_and_does_not_wait_for_the_drain) {
  std::ofstream(folder_ + "/own.yaml") << "";
  auto what = running();
  what.config_option = folder_ + "/own.yaml";
  what.listen_option = "127.0.0.1:1";
  auto first = gateway(what);
  ASSERT_EQ(first.hear(), 'r');
  const auto second = restart_in_background(with_program(says_ready()));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->pid, 77);
  EXPECT_EQ(first.hear(), 'd') << "it drains yet";
  EXPECT_THAT(called(), testing::IsSupersetOf({what.config_option, what.listen_option}));
}

TEST_F(BackgroundTest, a_restart_takes_new_options_and_those_of_one_that_died) {
  auto what = running();
  what.listen_option = "127.0.0.1:1";
  std::ofstream(state() + "/gateway.json") << to_json(what);
  ASSERT_TRUE(restart_in_background(with_program(says_ready())));
  EXPECT_THAT(called(), testing::IsSupersetOf({"--listen", "127.0.0.1:1"}));
  auto options = with_program(says_ready());
  options.listen = "127.0.0.1:2";
  fs::remove(folder_ + "/called");
  ASSERT_TRUE(restart_in_background(options));
  EXPECT_THAT(called(), testing::IsSupersetOf({"--listen", "127.0.0.1:2"}));
}

TEST_F(BackgroundTest, a_restart_that_could_not_work_changes_nothing) {
  auto first = gateway(running());
  ASSERT_EQ(first.hear(), 'r');
  std::ofstream(folder_ + "/faulty.yaml") << "nonsense: 1\n";
  auto options = with_program(says_ready());
  options.config = folder_ + "/faulty.yaml";
  const auto second = restart_in_background(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::config);
  EXPECT_THAT(second.error().message, HasSubstr("faulty.yaml:1:1: "));
  EXPECT_THAT(called(), ElementsAre());
  EXPECT_EQ(find_running(environment()).value()->pid, first.pid());
}

TEST_F(BackgroundTest, a_service_is_restarted_by_who_runs_it) {
  auto what = running();
  what.service = "systemd";
  auto first = gateway(what);
  ASSERT_EQ(first.hear(), 'r');
  const auto second = restart_in_background(with_program(says_ready()));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("systemctl --user restart penstock"));
  EXPECT_TRUE(find_running(environment()).value());
}

TEST_F(BackgroundTest, a_folder_that_cannot_be_is_told) {
  std::ofstream(folder_ + "/file") << "";
  variables_["PENSTOCK_STATE_DIR"] = folder_ + "/file/state";
  const auto started = start_in_background(with_program(says_ready()));
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("PENSTOCK_STATE_DIR"));
  EXPECT_FALSE(find_running(environment()).value());
}

}  // namespace
}  // namespace penstock::app
