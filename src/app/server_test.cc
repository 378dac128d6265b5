// The running program in one process: start, reload, drain, stop; by signals, as from outside.
#include "app/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "tests/gateway/certificates.h"
#include "tests/gateway/fixture.h"
#include "tests/gateway/raw_client.h"
#include "tests/gateway/scripted_provider.h"

namespace penstock::app {
namespace {

using namespace tests;
using testing::HasSubstr;

/// A server on a configuration file in a folder of its own, its control loop in a thread.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "penstock-server-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::signal(SIGPIPE, SIG_IGN);
    std::fflush(stderr);
    ::dup2(said_, STDERR_FILENO);
    begin_log("info");
  }
  ~ServerTest() override {
    end();
    ::dup2(standard_error_, STDERR_FILENO);
    ::close(standard_error_);
    ::close(said_);
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string file() const { return folder_ + "/penstock.yaml"; }
  void write(const std::string& yaml) const {
    std::ofstream(file() + ".new") << yaml;
    std::filesystem::rename(file() + ".new", file());
  }
  Status start(const std::string& yaml, const std::string& drain = "20s") {
    write("server: { listen: '127.0.0.1:0', workers: 2, drain: " + drain + " }\n" + yaml);
    ServeOptions options;
    options.config_path = file();
    options.environment = [this](const std::string& name) {
      if (name == "XDG_CONFIG_HOME") return std::optional(folder_);
      return name == "PENSTOCK_STATE_DIR" ? std::optional(folder_ + "/state") : std::nullopt;
    };
    auto catalog = catalog::builtin().value();
    auto config = read_config(options, catalog);
    EXPECT_TRUE(config) << config.error();
    server_ = std::make_unique<Server>(options, *config, std::move(catalog));
    const auto started = server_->start();
    if (!started) return started;
    port_ = static_cast<std::uint16_t>(std::stoi(server_->urls().front().substr(server_->urls().front().rfind(':') + 1)));
    return {};
  }
  /// Runs the control loop. Returns once signals are heard: the loop begins to listen for them before it takes a first connection.
  void run() {
    thread_ = std::thread([this] {
      server_->run();
      ended_.open();
    });
    if (server_->urls().front().starts_with("http:")) EXPECT_EQ(RawClient(port_).ask(get("/livez")).status, 200);
  }
  void signal(int number) const { ::kill(::getpid(), number); }
  void end() {
    if (thread_.joinable()) {
      signal(SIGTERM);
      thread_.join();
    }
    server_.reset();
  }
  /// What was written to standard error until now.
  [[nodiscard]] std::string said() const {
    std::string text(1 << 20, '\0');
    const auto got = ::pread(said_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  [[nodiscard]] bool says(std::string_view words) const {
    return eventually([&] { return said().contains(words); });
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  Gate ended_;
  const int standard_error_ = ::dup(STDERR_FILENO), said_ = ::memfd_create("standard error", MFD_CLOEXEC);
};

TEST_F(ServerTest, a_signal_before_the_loop_is_heard_in_it) {
  ASSERT_TRUE(start("providers: {}\n"));
  signal(SIGTERM);
  server_->run();
  EXPECT_THAT(said(), HasSubstr("draining"));
}

TEST_F(ServerTest, serves_the_built_in_mock) {
  ASSERT_TRUE(start("providers: {}\n"));
  run();
  RawClient client(port_);
  for (const bool stream : {false, true}) {
    const auto reply = client.ask(post("/v1/messages", message_body("mock/echo", stream)));
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr("hello"));
    if (stream) EXPECT_TRUE(ends_well(reply.body));
  }
  EXPECT_TRUE(ends_well(client.ask(post("/v1/messages", message_body("mock/cut", true))).body));
  EXPECT_EQ(client.ask(post("/v1/messages", message_body("mock/error-529", true))).status, 529);
}

TEST_F(ServerTest, ends_without_ever_having_run) {
  ASSERT_TRUE(start("providers: {}\n"));
  EXPECT_THAT(server_->urls(), testing::ElementsAre(testing::StartsWith("http://127.0.0.1:")));
}

TEST_F(ServerTest, a_port_that_is_taken_is_told) {
  const ScriptedProvider other(answer_messages);
  ASSERT_TRUE(start("providers: {}\n"));
  ServeOptions options;
  options.listen = config::ListenAddress{"127.0.0.1", other.port()};
  options.environment = [this](const std::string& name) {
    return name == "PENSTOCK_STATE_DIR" ? std::optional(folder_ + "/state") : std::nullopt;
  };
  Server second(options, config::Config{}, catalog::builtin().value());
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, testing::ContainsRegex("is taken by [^ ]+ \\(process [0-9]+\\); choose"));
}

TEST_F(ServerTest, sigterm_lets_a_stream_end) {
  Gate go_on;
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    go_on.wait();
    visit.send(chunk(joined({kMessageEvents.begin() + 1, kMessageEvents.end()})) + std::string(kStreamEnd));
  });
  ASSERT_TRUE(start(anthropic_at(provider.url())));
  run();
  RawClient idle(port_), client(port_);
  EXPECT_EQ(idle.ask(get("/livez")).status, 200);
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  client.until("message_start");
  signal(SIGTERM);
  EXPECT_TRUE(idle.closed()) << "a connection that waits for a request is not kept";
  EXPECT_TRUE(eventually([&] { return !PeerSocket::connect(port_).open(); })) << "no new connections";
  go_on.open();
  EXPECT_THAT(client.until("0\r\n\r\n"), HasSubstr("event: message_stop"));
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(ended_.wait());
}

TEST_F(ServerTest, a_second_sigterm_ends_at_once) {
  ScriptedProvider provider([&](Visit& visit) {
    visit.request();
    visit.gateway_leaves();
  });
  ASSERT_TRUE(start(anthropic_at(provider.url())));
  run();
  RawClient client(port_);
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  ASSERT_TRUE(provider.wait_for_requests(1));
  signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return !PeerSocket::connect(port_).open(); }));
  signal(SIGTERM);
  EXPECT_TRUE(ended_.wait());
  end();
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, what_outlasts_the_drain_time_is_told_so) {
  ScriptedProvider provider([&](Visit& visit) {
    if (!visit.request()) return;
    visit.send(std::string(kStreamHead) + chunk(kMessageEvents[0]) + chunk(kMessageEvents[1]));
    visit.gateway_leaves();
  });
  ASSERT_TRUE(start(anthropic_at(provider.url()), "100ms"));
  run();
  RawClient client(port_);
  client.send(post("/v1/messages", message_body("claude-sonnet-5", true)));
  client.until("message_start");
  signal(SIGTERM);
  EXPECT_TRUE(ended_.wait());
  end();
  EXPECT_THAT(client.until("0\r\n\r\n"), HasSubstr("event: error\ndata: {\"type\":\"error\""));
}

TEST_F(ServerTest, sighup_takes_the_new_file_and_not_a_faulty_one) {
  ScriptedProvider before(whole_answer(kMessage)), after(whole_answer(kMessage));
  ASSERT_TRUE(start(anthropic_at(before.url())));
  run();
  RawClient client(port_);
  const auto ask = [&] { return client.ask(post("/v1/messages", message_body("claude-sonnet-5", false))).status; };
  EXPECT_EQ(ask(), 200);
  write("servr: {}\nproviders: { claude: { base_url: nonsense } }\n");
  signal(SIGHUP);
  EXPECT_TRUE(says("old configuration stays in force"));
  EXPECT_TRUE(says("penstock.yaml:1:1: "));
  EXPECT_TRUE(says("penstock.yaml:2:"));
  EXPECT_EQ(ask(), 200);
  EXPECT_EQ(before.seen().size(), 2U);
  write("server: { listen: '127.0.0.1:0' }\n" + anthropic_at(after.url()));
  signal(SIGHUP);
  EXPECT_TRUE(says("configuration reloaded (SIGHUP)"));
  EXPECT_TRUE(eventually([&] { return ask() == 200 && !after.seen().empty(); }));
  EXPECT_THAT(said(), testing::Not(HasSubstr("sk-provider-secret")));
}

TEST_F(ServerTest, a_changed_file_is_noticed) {
  ScriptedProvider before(whole_answer(kMessage)), after(whole_answer(kMessage));
  ASSERT_TRUE(start(anthropic_at(before.url())));
  run();
  write("server: { listen: '127.0.0.1:0' }\n" + anthropic_at(after.url()));
  RawClient client(port_);
  EXPECT_TRUE(eventually([&] {
    client.ask(post("/v1/messages", message_body("claude-sonnet-5", false)));
    return !after.seen().empty();
  }));
}

TEST_F(ServerTest, profile_files_come_and_change_while_it_runs) {
  const std::string profile = folder_ + "/penstock/profiles/big.yaml";
  std::filesystem::create_directories(folder_ + "/penstock/profiles");
  ASSERT_TRUE(start("providers: {}\n"));
  run();
  RawClient client(port_);
  const auto ask = [&] { return client.ask(post("/to/big/v1/messages", message_body("opus", false))).status; };
  EXPECT_EQ(ask(), 404);
  std::ofstream(profile) << "models: { main: mock/echo }\n";
  EXPECT_TRUE(eventually([&] { return ask() == 200; }));
  std::ofstream(profile) << "models: { main: mock/error-529 }\n";  // in place: the folder looks as before
  EXPECT_TRUE(eventually([&] { return ask() == 529; }));
  std::ofstream(profile) << "no profile\n";
  EXPECT_TRUE(says("big.yaml:1:1: \"profiles.big\" must be a map"));
  EXPECT_EQ(ask(), 529) << "the old configuration stays in force";
}

/// The subject of the certificate that the server shows.
std::string shown_certificate(std::uint16_t port, SSL_CTX* context) {
  auto socket = PeerSocket::connect(port);
  return socket.connect_tls(context, "localhost") ? socket.shown_subject() : "none";
}

TEST_F(ServerTest, certificates_are_changed_while_it_runs) {
  Certificates certificates;
  const auto one = certificates.issue("DNS:localhost"), two = certificates.issue("DNS:localhost");
  const auto yaml = [](const CertificateFiles& files) {
    return fmt::format(
        "server: {{ listen: '127.0.0.1:0', tls: {{ cert: {}, key: {} }} }}\nauth: {{ tokens: [ a-token-0123456789 ] }}\nproviders: {{}}\n",
        files.cert, files.key);
  };
  write(yaml(one));
  ServeOptions options;
  options.config_path = file();
  options.environment = [this](const std::string& name) {
    return name == "PENSTOCK_STATE_DIR" ? std::optional(folder_ + "/state") : std::nullopt;
  };
  auto catalog = catalog::builtin().value();
  auto config = read_config(options, catalog);
  ASSERT_TRUE(config) << config.error();
  server_ = std::make_unique<Server>(options, *config, std::move(catalog));
  ASSERT_TRUE(server_->start());
  ASSERT_THAT(server_->urls().front(), testing::StartsWith("https://"));
  port_ = static_cast<std::uint16_t>(std::stoi(server_->urls().front().substr(server_->urls().front().rfind(':') + 1)));
  run();
  SSL_CTX* client = certificates.client();
  const auto first = shown_certificate(port_, client);
  EXPECT_THAT(first, HasSubstr("test 2"));
  auto kept = PeerSocket::connect(port_);
  ASSERT_TRUE(kept.connect_tls(client, "localhost"));

  write(yaml({two.cert, one.key}));  // a key that does not fit
  signal(SIGHUP);
  EXPECT_TRUE(says("old configuration stays in force"));
  EXPECT_EQ(shown_certificate(port_, client), first);
  write(yaml(two));
  signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return shown_certificate(port_, client) != first; }));
  EXPECT_THAT(shown_certificate(port_, client), HasSubstr("test 3"));
  RawClient old(std::move(kept));
  EXPECT_EQ(old.ask(get("/livez")).status, 200) << "open connections keep theirs";
}

}  // namespace
}  // namespace penstock::app
