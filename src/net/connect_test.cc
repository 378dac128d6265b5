// The way out: proxies and their exceptions, TLS with verification, SNI and resumption.
#include "net/connect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/gateway/certificates.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::net {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::StartsWith;

TEST(proxy, urls) {
  const auto read = [](std::string_view url) {
    const auto proxy = parse_proxy(url);
    return proxy ? fmt::format("{} {} {}", proxy->host, proxy->port, proxy->authorization.reveal()) : std::string("bad");
  };
  EXPECT_EQ(read("http://proxy:3128"), "proxy 3128 ");
  EXPECT_EQ(read("http://proxy:3128/"), "proxy 3128 ");
  EXPECT_EQ(read("HTTP://proxy"), "proxy 80 ");
  EXPECT_EQ(read("proxy:8080"), "proxy 8080 ");
  EXPECT_EQ(read("http://[::1]:8080"), "::1 8080 ");
  EXPECT_EQ(read("http://[::1]"), "::1 80 ");
  EXPECT_EQ(read("http://user:pass@proxy:1"), "proxy 1 Basic dXNlcjpwYXNz");
  for (const auto* bad :
       {"", "https://proxy:1", "socks5://proxy:1", "http://:80", "http://proxy:0", "http://proxy:65536", "http://proxy:x"})
    EXPECT_EQ(read(bad), "bad") << bad;
}

TEST(proxy, no_proxy_leaves_hosts_out) {
  struct Row {
    const char* no_proxy;
    const char* host;
    std::uint16_t port;
    bool direct;
  };
  const Row rows[] = {
      {"", "api.example.com", 443, false},
      {"api.example.com", "api.example.com", 443, true},
      {"API.example.COM", "api.example.com", 443, true},
      {"example.com", "api.example.com", 443, true},
      {".example.com", "api.example.com", 443, true},
      {"*.example.com", "api.example.com", 443, true},
      {"ample.com", "api.example.com", 443, false},
      {"api.example.com.evil", "api.example.com", 443, false},
      {"*", "anything", 1, true},
      {" other , api.example.com ", "api.example.com", 443, true},
      {"api.example.com:443", "api.example.com", 443, true},
      {"api.example.com:444", "api.example.com", 443, false},
      {"127.0.0.1", "127.0.0.1", 80, true},
      {"127.0.0.1:80", "127.0.0.1", 80, true},
      {"::1", "::1", 80, true},
      {",,", "api.example.com", 443, false},
  };
  for (const auto& row : rows) {
    const auto proxy = proxy_for(row.host, row.port, "http://proxy:1", row.no_proxy);
    ASSERT_TRUE(proxy) << row.no_proxy;
    EXPECT_EQ(!proxy->has_value(), row.direct) << row.no_proxy << " for " << row.host << ":" << row.port;
  }
  EXPECT_FALSE(proxy_for("a", 1, "", "").value());
  EXPECT_FALSE(proxy_for("a", 1, "nonsense://x", ""));
}

std::string claude(const std::string& url, const std::string& more) {
  return fmt::format("providers:\n  claude: {{ catalog: anthropic, base_url: {}, api_key: k{} }}\n", url, more);
}

std::string request(bool stream = false) { return post("/v1/messages", message_body("claude-sonnet-5", stream)); }

TEST(connect_proxy, is_asked_to_connect_with_its_authorization) {
  ScriptedProvider proxy([](Visit& visit) {
    if (!visit.head()) return;
    visit.send("HTTP/1.1 200 Connection established\r\n\r\n");
    visit.gateway_leaves();
  });
  TestGateway gateway(claude("http://provider.invalid:1234", fmt::format(", proxy: 'http://user:pass@127.0.0.1:{}'", proxy.port())));
  RawClient client(gateway.port());
  client.send(request());
  EXPECT_TRUE(eventually([&] { return proxy.received().contains("POST /v1/messages"); }));
  EXPECT_THAT(
      proxy.received(),
      StartsWith("CONNECT provider.invalid:1234 HTTP/1.1\r\nhost: provider.invalid:1234\r\nproxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n"
                 "POST /v1/messages HTTP/1.1\r\n"));
}

TEST(connect_proxy, tls_runs_through_it) {
  Certificates certificates;
  SSL_CTX* context = certificates.server(certificates.issue("DNS:provider.invalid"));
  ScriptedProvider proxy([context](Visit& visit) {
    std::string connect;
    while (!connect.contains("\r\n\r\n"))
      if (visit.socket().receive(connect) != PeerSocket::Got::bytes) return;
    visit.send("HTTP/1.1 200 OK\r\n\r\n");
    if (visit.socket().accept_tls(context)) answer_messages(visit);
  });
  TestGateway gateway(
      claude("https://provider.invalid", fmt::format(", proxy: 'http://127.0.0.1:{}', ca_file: {}", proxy.port(), certificates.ca_file())));
  RawClient client(gateway.port());
  EXPECT_EQ(client.ask(request()).body, kMessage);
  EXPECT_EQ(client.ask(request(true)).body, joined(kMessageEvents));
  EXPECT_EQ(proxy.connections(), 1U);
}

TEST(connect_proxy, its_refusal_is_an_error) {
  for (const auto* answer : {"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n",
                             "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nbytes too early"}) {
    ScriptedProvider proxy([answer](Visit& visit) {
      visit.head();
      visit.send(answer);
      visit.gateway_leaves();
    });
    TestGateway gateway(claude("http://provider.invalid", fmt::format(", proxy: 'http://127.0.0.1:{}'", proxy.port())));
    RawClient client(gateway.port());
    const auto reply = client.ask(request());
    EXPECT_EQ(reply.status, 529) << answer;
    EXPECT_THAT(reply.body, HasSubstr("proxy")) << answer;
    EXPECT_FALSE(proxy.received().contains("POST"));
  }
}

TEST(connect_proxy, one_that_is_not_there_is_named) {
  std::uint16_t port = 0;
  {
    const ScriptedProvider gone([](Visit&) {});
    port = gone.port();
  }
  TestGateway gateway(claude("http://provider.invalid", fmt::format(", proxy: 'http://127.0.0.1:{}'", port)));
  RawClient client(gateway.port());
  const auto reply = client.ask(request());
  EXPECT_EQ(reply.status, 529);
  EXPECT_THAT(reply.body, HasSubstr(fmt::format("the proxy 127.0.0.1:{} (HTTPS_PROXY, or `proxy` of the provider)", port)));
  EXPECT_THAT(reply.body, HasSubstr("Connection refused"));
}

TEST(connect_tls, a_private_ca_sni_and_resumption) {
  Certificates certificates;
  std::atomic<int> resumed{0}, named{0};
  ScriptedProvider provider(
      [&](Visit& visit) {
        if (!visit.request()) return;
        named += std::string_view(SSL_get_servername(visit.socket().tls(), TLSEXT_NAMETYPE_host_name)) == "localhost";
        resumed += SSL_session_reused(visit.socket().tls());
        visit.send(whole_answer(kMessage, 200, "connection: close\r\n"));
      },
      certificates.server(certificates.issue("DNS:localhost")));
  TestGateway gateway(claude(fmt::format("https://localhost:{}", provider.port()), ", ca_file: " + certificates.ca_file()));
  RawClient client(gateway.port());
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(client.ask(request()).body, kMessage);
  EXPECT_EQ(provider.connections(), 3U);
  EXPECT_EQ(named, 3);
  EXPECT_EQ(resumed, 2);
}

TEST(connect_tls, pooled_connections_and_streams) {
  Certificates certificates;
  ScriptedProvider provider(answer_messages, certificates.server(certificates.issue("IP:127.0.0.1")));
  TestGateway gateway(claude(provider.url(), ", ca_file: " + certificates.ca_file()));
  RawClient client(gateway.port());
  const auto large = post("/v1/messages", message_body("claude-sonnet-5", false, R"(, "x": ")" + std::string(1 << 20, 'y') + '"'));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(client.ask(request()).body, kMessage);
    EXPECT_EQ(client.ask(request(true)).body, joined(kMessageEvents));
    EXPECT_EQ(client.ask(large).body, kMessage);
  }
  EXPECT_EQ(provider.connections(), 1U);
}

TEST(connect_tls, a_large_request_on_a_new_connection) {
  Certificates certificates;
  ScriptedProvider provider(
      [](Visit& visit) {
        if (visit.request()) visit.send(whole_answer(kMessage, 200, "connection: close\r\n"));
      },
      certificates.server(certificates.issue("IP:127.0.0.1")));
  TestGateway gateway(claude(provider.url(), ", ca_file: " + certificates.ca_file()));
  RawClient client(gateway.port());
  const auto body = message_body("claude-sonnet-5", false, R"(, "x": ")" + std::string(8 << 20, 'y') + '"');
  for (std::size_t turn = 1; turn <= 2; ++turn) {
    EXPECT_EQ(client.ask(post("/v1/messages", body)).body, kMessage);
    ASSERT_EQ(provider.seen().size(), turn);
    EXPECT_TRUE(provider.seen().back().body == body);
  }
}

TEST(connect_tls, who_cannot_prove_a_name_is_refused) {
  Certificates certificates, others;
  const CertificateFiles served[] = {certificates.issue_self_signed("DNS:localhost"), certificates.issue("DNS:elsewhere.test"),
                                     others.issue("DNS:localhost"), certificates.issue("DNS:*.localhost"),
                                     certificates.issue("IP:127.0.0.2")};
  for (const auto& files : served) {
    ScriptedProvider provider(answer_messages, certificates.server(files));
    TestGateway gateway(claude(fmt::format("https://localhost:{}", provider.port()), ", ca_file: " + certificates.ca_file()));
    RawClient client(gateway.port());
    const auto reply = client.ask(request());
    EXPECT_EQ(reply.status, 502) << files.cert;
    EXPECT_THAT(reply.body, HasSubstr("TLS handshake failed"));
    EXPECT_TRUE(provider.seen().empty());
  }
}

TEST(connect_tls, the_system_store_does_not_know_a_private_ca) {
  Certificates certificates;
  ScriptedProvider provider(answer_messages, certificates.server(certificates.issue("DNS:localhost")));
  TestGateway gateway(claude(fmt::format("https://localhost:{}", provider.port()), ""));
  RawClient client(gateway.port());
  EXPECT_THAT(client.ask(request()).body, HasSubstr("TLS handshake failed"));
}

TEST(connect_tls, a_provider_without_tls_is_an_error) {
  ScriptedProvider provider([](Visit& visit) { visit.send("HTTP/1.1 400 No\r\n\r\n"); });
  TestGateway gateway(claude(fmt::format("https://localhost:{}", provider.port()), ""));
  RawClient client(gateway.port());
  EXPECT_THAT(client.ask(request()).body, HasSubstr("TLS handshake failed"));
}

}  // namespace
}  // namespace penstock::net
