#include "net/port_holder.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>

#include "base/descriptor.h"

namespace penstock::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1004 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0000000000000000 100 0 0 10 0\n"
    "   1: 00000000:1005 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0000000000000000 100 0 0 10 0\n"
    "   2: 0100007F:1006 0100007F:1004 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0000000000000000 100 0 0 10 0\n";
constexpr std::string_view kTable6 =
    "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  "
    "timeout inode\n"
    "   0: 00000000000000000000000001000000:1004 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0    "
    "    0 444 1 0000000000000000 100 0 0 10 0\n"
    "   1: 00000000000000000000000000000000:1007 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0    "
    "    0 555 1 0000000000000000 100 0 0 10 0\n";

TEST(port_holder, listeners_that_collide) {
  if constexpr (std::endian::native != std::endian::little) GTEST_SKIP() << "the texts are those of a little-endian machine";
  EXPECT_THAT(listening_sockets(kTable, "127.0.0.1", 0x1004), ElementsAre("111"));
  EXPECT_THAT(listening_sockets(kTable, "localhost", 0x1004), ElementsAre("111"));
  EXPECT_THAT(listening_sockets(kTable, "0.0.0.0", 0x1004), ElementsAre("111")) << "every address is wanted";
  EXPECT_THAT(listening_sockets(kTable, "127.0.0.2", 0x1004), IsEmpty());
  EXPECT_THAT(listening_sockets(kTable, "192.0.2.1", 0x1005), ElementsAre("222")) << "every address is taken";
  EXPECT_THAT(listening_sockets(kTable, "127.0.0.1", 0x1006), IsEmpty()) << "a connection is no listener";
  EXPECT_THAT(listening_sockets(kTable6, "::1", 0x1004), ElementsAre("444"));
  EXPECT_THAT(listening_sockets(kTable6, "127.0.0.1", 0x1004), IsEmpty());
  EXPECT_THAT(listening_sockets(kTable6, "127.0.0.1", 0x1007), ElementsAre("555"));
  EXPECT_THAT(listening_sockets(kTable, "nonsense", 0x1004), IsEmpty());
  EXPECT_THAT(listening_sockets("", "::1", 1), IsEmpty());
}

TEST(port_holder, we_find_ourselves) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t length = sizeof address;
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto port = ntohs(address.sin_port);
  EXPECT_FALSE(port_holder("127.0.0.1", port)) << "it does not listen yet";
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  const auto holder = port_holder("127.0.0.1", port);
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_FALSE(holder->name.empty());
}

TEST(port_holder, in_words) {
  EXPECT_EQ(to_text({12, "nginx"}), "nginx (process 12)");
  EXPECT_EQ(to_text({}), "another program");
  EXPECT_EQ(to_text({12, "\x1b[2J"}), "\xef\xbf\xbd[2J (process 12)");
}

}  // namespace
}  // namespace penstock::net
