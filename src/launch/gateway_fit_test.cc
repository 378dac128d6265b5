#include "launch/gateway_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace penstock::launch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

app::Running with(const std::string& config, const std::string& option = "") {
  app::Running running;
  running.pid = 7;
  running.config_path = config;
  running.config_option = option;
  return running;
}

TEST(GatewayFit, TheSameFileByAnotherNameIsTheSame) {
  std::string pattern = (fs::temp_directory_path() / "penstock-fit-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  std::ofstream(folder + "/one.yaml") << "providers: {}\n";
  fs::create_symlink(folder + "/one.yaml", folder + "/link.yaml");
  EXPECT_TRUE(same_configuration(with(folder + "/one.yaml"), {.config = folder + "/link.yaml"}));
  EXPECT_TRUE(same_configuration(with("/gone/p.yaml"), {.config = "/gone/./p.yaml"}));
  EXPECT_TRUE(same_configuration(with(""), {}));
  fs::remove_all(folder);
}

TEST(GatewayFit, AnotherFileIsRefusedWithTheMend) {
  const auto says = [](const app::Running& running, const Wanted& wanted) { return same_configuration(running, wanted).error().message; };
  EXPECT_EQ(says(with("/a.yaml"), {.config = "/b.yaml"}),
            "the gateway that runs (process 7) uses /a.yaml, and this call /b.yaml; mend: penstock restart --config /b.yaml, or set "
            "PENSTOCK_STATE_DIR to another folder for a gateway of its own");
  EXPECT_THAT(says(with("/a.yaml"), {}), HasSubstr("this call no configuration file; mend: add --config /a.yaml"));
  EXPECT_THAT(says(with(""), {.config = "/b.yaml"}), HasSubstr("uses no configuration file"));
  EXPECT_THAT(says(with(""), {.config = "./penstock.yaml", .found_by_gateway = true}), HasSubstr("/penstock.yaml"));
}

TEST(GatewayFit, AFileThatAppearedWhereTheGatewayLooksIsItsOwn) {
  EXPECT_TRUE(same_configuration(with(""), {.config = "/etc/penstock/penstock.yaml", .found_by_gateway = true}));
}

TEST(GatewayFit, WhatHealthSaysOfAKey) {
  constexpr auto kHealth = R"({"status":"degraded","providers":{"zai":{"key_present":true},"kimi":{"key_present":false}}})";
  EXPECT_EQ(key_present(kHealth, "zai"), true);
  EXPECT_EQ(key_present(kHealth, "kimi"), false);
  EXPECT_EQ(key_present(kHealth, "deepseek"), false) << "off for want of a key";
  EXPECT_EQ(key_present("not JSON", "zai"), std::nullopt);
}

TEST(GatewayFit, AGatewayThatSaysNothingIsLetBe) {
  auto running = with("");
  running.url = "http://127.0.0.1:1";
  gateway::Upstream provider;
  provider.key_source = "$ZAI_API_KEY";
  EXPECT_TRUE(same_credential(running, {}, provider));
}

}  // namespace
}  // namespace penstock::launch
