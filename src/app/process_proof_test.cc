#include "app/process_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/child_for_test.h"

namespace penstock::app {
namespace {

using testing::HasSubstr;
using tests::Child;

TEST(process_proof, our_own_program) {
  Child child([](Child::Pipes& parent) { parent.hear(); });
  EXPECT_EQ(why_no_gateway(child.pid(), child.pid()), "");
  EXPECT_EQ(why_no_gateway(child.pid(), 0), "");
  EXPECT_THAT(why_no_gateway(child.pid(), child.pid() + 1), HasSubstr("is not the process that the file names"));
  EXPECT_THAT(why_no_gateway(child.pid(), -1), HasSubstr("is not the process that the file names"));
}

TEST(process_proof, a_stranger) {
  Child child([](Child::Pipes& parent) {
    parent.say('r');
    ::dup2(parent.in.get(), 0);
    ::execl("/bin/cat", "penstock", nullptr);  // what it calls itself is no proof
  });
  ASSERT_EQ(child.hear(), 'r');
  ASSERT_EQ(child.hear(), 0) << "the pipe closes when the other program begins";
  EXPECT_EQ(why_no_gateway(child.pid(), child.pid()), "cat is no Penstock");
}

TEST(process_proof, another_user) {
  Child child([](Child::Pipes& parent) {
    parent.say(::setresuid(1, 1, 1) == 0 ? 'r' : 'n');
    parent.hear();
  });
  if (child.hear() != 'r') GTEST_SKIP() << "only root can become another";
  EXPECT_THAT(why_no_gateway(child.pid(), child.pid()), HasSubstr("runs as another user"));
}

}  // namespace
}  // namespace penstock::app
