#include "gateway/endpoint.h"

#include <gtest/gtest.h>

namespace penstock::gateway {
namespace {

TEST(endpoint, routes) {
  struct Row {
    std::string_view method, target;
    Page page;
  };
  const Row rows[] = {
      {"POST", "/v1/messages", Page::messages},
      {"POST", "/v1/messages?beta=true", Page::messages},
      {"POST", "/v1/messages/", Page::messages},
      {"POST", "/v1/v1/messages", Page::messages},
      {"POST", "/v1/messages/count_tokens?beta=true", Page::count_tokens},
      {"GET", "/v1/models?limit=1000", Page::models},
      {"HEAD", "/v1/models", Page::models},
      {"GET", "/v1/models/zai/glm-5.3", Page::model},
      {"HEAD", "/", Page::root},
      {"GET", "/?x", Page::root},
      {"HEAD", "/api/hello", Page::hello},
      {"GET", "/health", Page::health},
      {"GET", "/livez", Page::livez},
      {"GET", "/readyz", Page::readyz},
      {"GET", "/admin/v1/targets", Page::targets},
      {"POST", "/admin/v1/targets", Page::wrong_method},
      {"GET", "/v1/messages", Page::wrong_method},
      {"PUT", "/v1/models", Page::wrong_method},
      {"DELETE", "/v1/models/x", Page::wrong_method},
      {"POST", "/v1/message", Page::unknown},
      {"POST", "/v2/messages", Page::unknown},
      {"OPTIONS", "*", Page::unknown},
      {"POST", "//v1/messages", Page::unknown},
      {"POST", "/V1/messages", Page::unknown},
      {"get", "/livez", Page::wrong_method},
      {"POST", "http://host:1/v1/messages?x", Page::messages},
      {"GET", "http://host", Page::root},
      {"POST", "/to/zai/v1/messages", Page::messages},
      {"POST", "/to//v1/messages", Page::unknown},
      {"GET", "/to/zai", Page::root},
      {"GET", "/to/zai/v1/models", Page::models},
  };
  for (const auto& row : rows) EXPECT_EQ(understand(row.method, row.target).page, row.page) << row.method << ' ' << row.target;
}

TEST(endpoint, names_in_the_path_are_decoded) {
  EXPECT_EQ(understand("POST", "/to/my%20rule/v1/messages").path_target, "my rule");
  EXPECT_EQ(understand("GET", "/v1/models/zai%2Fglm-5.3%5B1m%5D").model, "zai/glm-5.3[1m]");
  EXPECT_EQ(understand("GET", "/to/a/v1/models/b/c?d").model, "b/c");
  EXPECT_EQ(understand("GET", "/v1/messages").allow, "POST");
  EXPECT_EQ(understand("POST", "/to/a/v1/messages?secret=1").path, "/to/a/v1/messages");
}

}  // namespace
}  // namespace penstock::gateway
