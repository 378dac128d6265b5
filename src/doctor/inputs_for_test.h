// A user's machine for the doctor's tests: a home, variables, a configuration, and a network that says what the test wants.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "doctor/doctor.h"

namespace penstock::doctor {

class DoctorTest : public testing::Test {
 protected:
  DoctorTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-doctor-test-XXXXXX").string();
    home_ = ::mkdtemp(pattern.data());
    variables_ = {{"HOME", home_}, {"PENSTOCK_STATE_DIR", home_ + "/state"}};
  }
  ~DoctorTest() override { std::filesystem::remove_all(home_); }

  std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const {
    const auto path = std::filesystem::path(home_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }

  config::Environment environment() const {
    return [variables = variables_](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }

  /// What gather() makes of `yaml` (empty: no file); the network is not reached unless the test says otherwise.
  Inputs& inputs(const std::string& yaml = {}, const std::string& provider = {}) {
    const std::string path = yaml.empty() ? std::string() : write("penstock.yaml", yaml);
    // An empty file rather than none: the search would go on to the machine's own.
    auto gathered = gather({path.empty() ? write("empty.yaml", "") : path, provider}, environment(),
                           [this](config::CredentialStore) { return credentials::Places{environment(), home_, home_ + "/keys", nullptr}; });
    EXPECT_TRUE(gathered) << (gathered ? "" : gathered.error().message);
    inputs_ = gathered ? std::move(*gathered) : std::make_unique<Inputs>();
    inputs_->managed_settings = home_ + "/managed-settings.json";
    inputs_->fetch = [this](const net::FetchRequest& request) -> Result<net::Fetched> {
      const std::scoped_lock lock(mutex_);
      asked_.push_back(request);
      return answer_ ? answer_(request) : fail(provider_error(ErrorKind::connection, "cannot connect"));
    };
    inputs_->run = [](const std::vector<std::string>&) -> Result<ProcessResult> { return ProcessResult{0, "2.1.328 (Claude Code)\n", ""}; };
    return *inputs_;
  }

  Rows run(Rows (*check)(const Evidence&)) {
    if (!inputs_) inputs();
    const auto probes = probe_all(*inputs_);
    return check({*inputs_, probes});
  }
  /// A check that sees one thing.
  Row only(Rows (*check)(const Evidence&)) {
    const auto rows = run(check);
    EXPECT_EQ(rows.size(), 1U);
    return rows.empty() ? Row{} : rows.front();
  }

  std::string home_;
  std::map<std::string, std::string> variables_;
  std::function<Result<net::Fetched>(const net::FetchRequest&)> answer_;
  std::mutex mutex_;
  std::vector<net::FetchRequest> asked_;
  std::unique_ptr<Inputs> inputs_;
};

}  // namespace penstock::doctor
