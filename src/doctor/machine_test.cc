#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

/// Somebody who listens on a port of the system's choice.
class Occupant {
 public:
  Occupant() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void leave() { socket_.reset(); }

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

class Port : public DoctorTest {
 protected:
  Row at(std::string_view address) {
    inputs(fmt::format("server: {{ listen: '{}' }}", address));
    return only(check_port);
  }
  void says(std::string body) {
    answer_ = [body](const auto&) {
      net::Fetched fetched;
      fetched.status = 200;
      fetched.body = body;
      return fetched;
    };
  }
};

TEST_F(Port, that_is_free_ours_or_anothers) {
  Occupant occupant;
  const auto address = fmt::format("127.0.0.1:{}", occupant.port());
  says(R"({"status":"ok","providers":{}})");
  EXPECT_EQ(at(address).seen, address + ": a gateway of ours answers");
  EXPECT_EQ(asked_.front().url, fmt::format("http://{}/health", address));
  says("<html>hello</html>");
  EXPECT_EQ(at(address).verdict, Verdict::fault);
  EXPECT_THAT(at(address).mend, HasSubstr(fmt::format(":{}'", occupant.port())));
  says(R"({"status":"ok"})");
  EXPECT_EQ(at(address).verdict, Verdict::fault) << "many have a health page";
  answer_ = nullptr;
  EXPECT_EQ(at(address).verdict, Verdict::fault);
  occupant.leave();
  EXPECT_EQ(at(address).seen, address + " is free");
}

TEST_F(Port, whose_certificate_cannot_be_verified) {
  Occupant occupant;
  answer_ = [](const auto&) -> Result<net::Fetched> { return fail(provider_error(ErrorKind::connection, "the certificate has expired")); };
  EXPECT_EQ(at(fmt::format("127.0.0.1:{}", occupant.port())).verdict, Verdict::skipped);
}

TEST_F(Port, of_another_machine) {
  const auto row = at("127.0.0.1:0");
  EXPECT_EQ(row.verdict, Verdict::skipped);
  inputs("server: { listen: '192.0.2.1:4100' }\nauth: { tokens: [ token-0123456789 ] }");
  EXPECT_EQ(only(check_port).verdict, Verdict::fault);
  EXPECT_THAT(only(check_port).mend, HasSubstr("of this machine"));
}

class Claude : public DoctorTest {};

TEST_F(Claude, its_version_and_place) {
  inputs().claude = "/usr/bin/claude";
  EXPECT_EQ(only(check_claude).seen, "2.1.328 (Claude Code) at /usr/bin/claude");
}

TEST_F(Claude, that_is_missing_or_broken) {
  inputs().claude = fail(config_error("the program claude was not found"));
  EXPECT_EQ(only(check_claude).verdict, Verdict::warning);
  inputs_->claude = "/usr/bin/claude";
  inputs_->run = [](const auto&) -> Result<ProcessResult> { return ProcessResult{126, "", "wrong machine"}; };
  EXPECT_EQ(only(check_claude).verdict, Verdict::fault);
  EXPECT_THAT(only(check_claude).seen, HasSubstr("126"));
  inputs_->run = [](const auto&) -> Result<ProcessResult> { return fail(internal_error("claude took too long")); };
  EXPECT_EQ(only(check_claude).seen, "claude took too long");
}

}  // namespace
}  // namespace penstock::doctor
