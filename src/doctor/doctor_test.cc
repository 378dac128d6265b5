#include "doctor/doctor.h"

#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using Doctor = DoctorTest;

TEST_F(Doctor, looks_at_everything_in_order) {
  auto& made = inputs("providers: { zai: { api_key: k-0123456789 } }\nserver: { listen: '127.0.0.1:0' }");
  made.claude = "/usr/bin/claude";
  std::vector<std::string> order;
  for (const auto& row : examine(made, probe_all(made)))
    if (order.empty() || order.back() != row.check) order.push_back(row.check);
  EXPECT_EQ(order, (std::vector<std::string>{"configuration", "permissions", "credentials", "base URL", "reachable", "clock", "port",
                                             "claude", "shell", "settings"}));
}

TEST_F(Doctor, with_a_faulty_configuration_still_looks_at_the_rest) {
  auto& made = inputs("nonsense: 1");
  EXPECT_TRUE(made.patients.empty());
  std::size_t faults = 0, others = 0;
  for (const auto& row : examine(made, probe_all(made))) (row.verdict == Verdict::fault ? faults : others) += 1;
  EXPECT_EQ(faults, 1U);
  EXPECT_GE(others, 5U);
}

TEST_F(Doctor, no_row_holds_a_secret) {
  variables_["ANTHROPIC_API_KEY"] = "sk-ant-secret-0123456789";
  variables_["ANTHROPIC_BASE_URL"] = "https://llm.example/v1";
  write(".ZaiAZ1.api.key", "secret-0123456789", 0644);
  write(".claude/settings.json", R"({"env":{"ANTHROPIC_AUTH_TOKEN":"secret-0123456789"}})");
  auto& made = inputs(
      "auth: { tokens: [ secret-token-0123456789 ] }\nproviders: { zai: {}, p: { base_url: 'http://p.example', "
      "api_key: sk-ant-secret-0123456789, proxy: 'http://user:secret-0123456789@proxy.example:1' } }");
  ::chmod((home_ + "/penstock.yaml").c_str(), 0644);
  for (const auto& row : examine(made, probe_all(made)))
    EXPECT_FALSE((row.seen + row.mend).contains("0123456789")) << row.check << ": " << row.seen;
}

}  // namespace
}  // namespace penstock::doctor
