#include "app/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "app/child_for_test.h"
#include "app/presence.h"
#include "app/running.h"
#include "base/text.h"

namespace penstock::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

ServiceText odd_text() {
  ServiceText text;
  text.program = "/opt/a b 100% $HOME/penstock";
  text.config = "/home/me/50% <&> \"$x\" \\n.yaml";
  text.listen = "127.0.0.1:4100";
  text.environment_file = "/home/me/100% x/environment";
  text.state_dir = "/var/state of $me";
  text.made_folders = 2;
  return text;
}

TEST(service, words_of_a_unit_are_quoted) {
  const auto unit = systemd_unit(odd_text());
  EXPECT_THAT(unit, HasSubstr(R"(ExecStart="/opt/a b 100%% $HOME/penstock" "serve" "--config" "/home/me/50%% <&> \"$$x\" \\n.yaml" )"
                              R"("--listen" "127.0.0.1:4100")"
                              "\n"));
  EXPECT_THAT(unit, HasSubstr("Environment=\"PENSTOCK_STATE_DIR=/var/state of $me\"\n"));
  EXPECT_THAT(unit, HasSubstr("EnvironmentFile=-/home/me/100%% x/environment\n"));
  EXPECT_THAT(unit, Not(HasSubstr("--log-file"))) << "systemd has its journal";
  EXPECT_EQ(made_folders(unit), 2U);
  auto text = odd_text();
  text.config = "/a\nExecStartPre=/bin/evil";
  EXPECT_THAT(systemd_unit(text), Not(HasSubstr("\nExecStartPre")));
}

TEST(service, words_of_a_property_list_are_quoted) {
  auto text = odd_text();
  text.log_file = "/log";
  const auto plist = launchd_plist(text);
  EXPECT_THAT(plist, HasSubstr("    <string>/home/me/50% &lt;&amp;&gt; \"$x\" \\n.yaml</string>\n"));
  EXPECT_THAT(plist, HasSubstr("    <string>--log-file</string>\n    <string>/log</string>\n"));
  EXPECT_THAT(plist, HasSubstr("<key>PENSTOCK_STATE_DIR</key>\n    <string>/var/state of $me</string>"));
  EXPECT_EQ(made_folders(plist), 2U);
  EXPECT_EQ(made_folders("[Unit]\n"), std::nullopt);
}

/// A home, a program with a name that needs quotes, and a service manager that notes what it was asked.
class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock service-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(home());
    variables_["HOME"] = home();
    options_.program = folder_ + "/50% of $it {x} penstock";
    std::ofstream(options_.program) << "#!/bin/sh\n";
    ::chmod(options_.program.c_str(), 0755);
    options_.environment = [this](const std::string& name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    options_.platform = ServicePlatform::systemd;
    options_.run = [this](const std::vector<std::string>& argv) -> Result<ProcessResult> {
      asked_.push_back(join(argv, " "));
      if (absent_) return fail(Error{ErrorKind::not_found, Fault::us, argv.front() + " is not installed"});
      return ProcessResult{code_, "", code_ == 0 ? "" : "Failed to connect to bus\n"};
    };
  }
  ~ServiceTest() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string home() const { return folder_ + "/the home"; }
  [[nodiscard]] std::string unit() const { return home() + "/.config/systemd/user/penstock.service"; }
  static std::string content(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  /// Every path below the home.
  [[nodiscard]] std::vector<std::string> everything() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(home())) paths.push_back(fs::relative(entry.path(), home()).string());
    return paths;
  }

  std::string folder_;
  std::map<std::string, std::string> variables_;
  ServiceOptions options_;
  std::vector<std::string> asked_;
  bool absent_ = false;
  int code_ = 0;
};

TEST_F(ServiceTest, is_installed_and_removed_without_a_trace) {
  const auto done = install_service(options_);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->path, unit());
  EXPECT_THAT(done->left_to_do, IsEmpty());
  EXPECT_THAT(asked_, ElementsAre("systemctl --user daemon-reload", "systemctl --user enable penstock.service",
                                  "systemctl --user restart penstock.service"));
  EXPECT_THAT(content(unit()), HasSubstr("Folders made for it: 3\n"));
  ASSERT_TRUE(install_service(options_)) << "a second time replaces it";
  EXPECT_THAT(content(unit()), HasSubstr("Folders made for it: 3\n")) << "and remembers the folders";
  asked_.clear();
  const auto removed = remove_service(options_);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_TRUE(removed->changed);
  EXPECT_THAT(asked_, ElementsAre("systemctl --user disable --now penstock.service", "systemctl --user daemon-reload"));
  EXPECT_THAT(everything(), IsEmpty());
  const auto again = remove_service(options_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->changed);
}

TEST_F(ServiceTest, a_path_that_would_be_a_line_of_the_file_is_refused) {
  for (const char* name : {"HOME", "XDG_CONFIG_HOME", "PENSTOCK_STATE_DIR"}) {
    const auto before = variables_;
    variables_[name] = home() + "/a\nExecStartPre=/bin/evil";
    const auto text = service_file(options_);
    ASSERT_FALSE(text) << name << *text;
    EXPECT_THAT(text.error().message, HasSubstr("a ExecStartPre=/bin/evil")) << name;
    EXPECT_THAT(text.error().message, HasSubstr("holds a line break")) << name;
    variables_ = before;
  }
  EXPECT_TRUE(service_file(options_));
}

TEST_F(ServiceTest, leaves_what_others_put_there) {
  fs::create_directories(home() + "/.config/systemd");
  ASSERT_TRUE(install_service(options_));
  std::ofstream(home() + "/.config/systemd/user/other.service") << "x";
  ASSERT_TRUE(remove_service(options_));
  EXPECT_TRUE(fs::exists(home() + "/.config/systemd/user/other.service"));
  fs::remove_all(home() + "/.config/systemd/user");
  ASSERT_TRUE(install_service(options_));
  ASSERT_TRUE(remove_service(options_));
  EXPECT_THAT(everything(), testing::UnorderedElementsAre(".config", ".config/systemd"))
      << "the user's own folders stay, empty as they are";
}

TEST_F(ServiceTest, does_not_touch_a_foreign_file) {
  fs::create_directories(fs::path(unit()).parent_path());
  std::ofstream(unit()) << "[Service]\nExecStart=/bin/true\n";
  for (const auto& result : {install_service(options_), remove_service(options_)}) {
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("was not written by penstock"));
  }
  EXPECT_EQ(content(unit()), "[Service]\nExecStart=/bin/true\n");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(ServiceTest, without_systemctl_says_what_to_run) {
  absent_ = true;
  const auto done = install_service(options_);
  ASSERT_TRUE(done);
  EXPECT_THAT(done->left_to_do, ElementsAre("systemctl --user daemon-reload", "systemctl --user enable penstock.service",
                                            "systemctl --user restart penstock.service"));
  EXPECT_TRUE(fs::exists(unit()));
  ASSERT_TRUE(remove_service(options_));
  EXPECT_THAT(everything(), IsEmpty());
}

TEST_F(ServiceTest, a_systemctl_that_fails_is_told_and_can_be_undone) {
  code_ = 1;
  const auto done = install_service(options_);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("systemctl --user daemon-reload: Failed to connect to bus\n"));
  EXPECT_THAT(done.error().message, HasSubstr("\n  systemctl --user enable penstock.service\n"));
  fs::create_directories(fs::path(unit()).parent_path() / "default.target.wants");
  fs::create_symlink(unit(), fs::path(unit()).parent_path() / "default.target.wants/penstock.service");
  const auto removed = remove_service(options_);
  ASSERT_TRUE(removed);
  EXPECT_THAT(removed->notes, ElementsAre(HasSubstr("Failed to connect to bus")));
  EXPECT_THAT(everything(), IsEmpty());
}

TEST_F(ServiceTest, says_what_it_was_told) {
  variables_["XDG_CONFIG_HOME"] = home() + "/elsewhere";
  variables_["PENSTOCK_STATE_DIR"] = home() + "/st%ate";
  variables_["PENSTOCK_CONFIG"] = home() + "/own.yaml";
  options_.listen = "127.0.0.1:1";
  const auto text = service_file(options_).value();
  EXPECT_THAT(text, HasSubstr("/own.yaml\" \"--listen\" \"127.0.0.1:1\"\n"));
  EXPECT_THAT(text, HasSubstr("PENSTOCK_STATE_DIR=" + home() + "/st%%ate\""));
  EXPECT_THAT(text, HasSubstr("EnvironmentFile=-" + home() + "/elsewhere/penstock/environment\n"));
  EXPECT_EQ(service_path(ServicePlatform::systemd, options_.environment), home() + "/elsewhere/systemd/user/penstock.service");
  EXPECT_EQ(service_path(ServicePlatform::launchd, options_.environment), home() + "/Library/LaunchAgents/penstock.gateway.plist");
  EXPECT_THAT(everything(), IsEmpty()) << "only asked";
  options_.program = folder_ + "/\"quoted\"";
  std::ofstream(options_.program) << "x";
  EXPECT_THAT(service_file(options_).error().message, HasSubstr("systemd runs no program"));
  variables_.clear();
  EXPECT_THAT(service_file(options_).error().message, HasSubstr("HOME"));
}

TEST_F(ServiceTest, a_gateway_in_the_background_makes_room) {
  variables_["PENSTOCK_STATE_DIR"] = folder_;
  Running running;
  running.urls = {"http://127.0.0.1:4100"};
  tests::Child child([folder = folder_, running](tests::Child::Pipes& parent) mutable {
    running.pid = ::getpid();
    const auto presence = Presence::take(folder, to_json(running));
    parent.say('r');
    parent.hear();
  });
  ASSERT_EQ(child.hear(), 'r');
  const auto done = install_service(options_);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->notes, ElementsAre(HasSubstr("process " + std::to_string(child.pid()))));
  EXPECT_TRUE(WIFSIGNALED(child.end(0)));
  EXPECT_EQ(asked_.back(), "systemctl --user restart penstock.service");
}

TEST_F(ServiceTest, systemd_itself_takes_the_unit) {
  const auto tool = run({"systemd-analyze", "--version"}, "", std::chrono::seconds(20));
  if (!tool) GTEST_SKIP() << "systemd-analyze is not here: the unit was not held against systemd itself";
  variables_["PENSTOCK_STATE_DIR"] = folder_ + "/100% \"st$ate\"";
  variables_["PENSTOCK_CONFIG"] = folder_ + "/50% $own \"x\".yaml";
  ASSERT_TRUE(install_service(options_));
  const auto verified = run({"systemd-analyze", "--user", "--man=no", "verify", unit()}, "", std::chrono::seconds(20),
                            {{"XDG_RUNTIME_DIR", folder_}, {"HOME", home()}});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->code, 0) << verified->err;
  EXPECT_EQ(verified->err, "");
  // That this would have told of a fault:
  std::ofstream(unit(), std::ios::app) << "[Service]\nNonsense=yes\nExecReload=/nowhere/program\n";
  const auto faulty = run({"systemd-analyze", "--user", "--man=no", "verify", unit()}, "", std::chrono::seconds(20),
                          {{"XDG_RUNTIME_DIR", folder_}, {"HOME", home()}});
  ASSERT_TRUE(faulty);
  EXPECT_THAT(faulty->err, HasSubstr("Nonsense"));
}

}  // namespace
}  // namespace penstock::app
