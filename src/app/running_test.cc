#include "app/running.h"

#include <gtest/gtest.h>

namespace penstock::app {
namespace {

TEST(running, comes_back_from_its_text) {
  Running running;
  running.pid = 17;
  running.urls = {"http://0.0.0.0:4100", "http://[::]:4100"};
  running.config_path = "/home/a \"b\"/penstock.yaml";
  running.version = "1.2.3";
  running.log_file = "/state/penstock.log";
  running.started = 1'700'000'000;
  running.drain = std::chrono::seconds(30);
  running.config_option = "/c";
  running.listen_option = ":0";
  running.service = "systemd";
  const auto back = running_from(to_json(running) + "\n");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(running));
  EXPECT_EQ(back->url, "http://127.0.0.1:4100");
}

TEST(running, nonsense_is_none) {
  for (const auto* text : {"", "{}", "[]", "null", R"({"pid":1})", R"({"pid":0,"urls":["http://a"]})", R"({"pid":1,"urls":["http://a"])"})
    EXPECT_FALSE(running_from(text)) << text;
}

TEST(running, an_address_for_every_interface_is_reached_at_the_loopback) {
  EXPECT_EQ(local_url("https://[::]:1"), "https://[::1]:1");
  EXPECT_EQ(local_url("http://192.0.2.1:4100"), "http://192.0.2.1:4100");
}

}  // namespace
}  // namespace penstock::app
