#include "credentials/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/stub_keyring_for_test.h"

namespace penstock::credentials {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string looked_up(Keyring& keyring, const std::string& provider) {
  const auto key = keyring.lookup(provider);
  if (!key) return "fault: " + key.error().message;
  return *key ? std::string((*key)->reveal()) : "none";
}

TEST(Keyring, keeps_a_key_each) {
  const StubKeyring stub;
  const auto keyring = stub.keyring();
  EXPECT_EQ(looked_up(*keyring, "zai"), "none");
  ASSERT_TRUE(keyring->store("zai", Secret("sk-1 = x")));
  ASSERT_TRUE(keyring->store("my.own", Secret("sk-2")));
  EXPECT_EQ(looked_up(*keyring, "zai"), "sk-1 = x");
  EXPECT_EQ(looked_up(*keyring, "my.own"), "sk-2");
  ASSERT_TRUE(keyring->store("zai", Secret("sk-3")));
  EXPECT_EQ(looked_up(*keyring, "zai"), "sk-3");
  EXPECT_EQ(stub.item("zai"), "sk-3");
  EXPECT_EQ(keyring->remove("zai").value(), true);
  EXPECT_EQ(keyring->remove("zai").value(), false);
  EXPECT_EQ(looked_up(*keyring, "zai"), "none");
}

TEST(Keyring, a_key_is_never_an_argument) {
  const StubKeyring stub;
  ASSERT_TRUE(stub.keyring()->store("zai", Secret("hunter2")));
  EXPECT_EQ(stub.item("zai"), "hunter2");
  EXPECT_THAT(stub.calls(), HasSubstr("store --label=Penstock: zai service penstock provider zai\n"));
  EXPECT_THAT(stub.calls(), Not(HasSubstr("hunter2")));
}

TEST(Keyring, one_question_answers_for_all_that_it_does_not_hold) {
  const StubKeyring stub({{"zai", "k"}});
  const auto keyring = stub.keyring();
  for (const auto* provider : {"a", "b", "c"}) EXPECT_EQ(looked_up(*keyring, provider), "none");
  EXPECT_EQ(stub.calls(), "search --all service penstock\n");
  EXPECT_EQ(looked_up(*keyring, "zai"), "k");
}

TEST(Keyring, attributes_on_standard_output_as_in_newer_versions) {
  const StubKeyring stub;
  stub.say("printf '[/1]\\nlabel = x\\nsecret = k\\nattribute.provider = zai\\nattribute.service = penstock\\n'");
  EXPECT_EQ(looked_up(*stub.keyring(), "zai"), "k");
}

TEST(Keyring, locked_is_told_and_never_waited_for) {
  const StubKeyring stub({{"zai", "hunter2"}});
  stub.lock();
  const auto keyring = stub.keyring();
  EXPECT_THAT(looked_up(*keyring, "zai"), testing::StartsWith("fault: the keyring holds a key of zai, but is locked; mend: unlock"));
  EXPECT_EQ(looked_up(*keyring, "other"), "none");
  EXPECT_FALSE(keyring->fault());
  const auto stored = keyring->store("zai", Secret("hunter3"));
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().message, HasSubstr("did not take the key: Cannot create an item in a locked collection; mend: unlock"));
  EXPECT_FALSE(keyring->remove("zai"));
  EXPECT_THAT(stub.calls(), Not(HasSubstr("lookup")));
}

TEST(Keyring, without_secret_tool_the_mend_is_named) {
  Keyring keyring("penstock-no-such-program");
  const std::string mend = "credentials: keyring needs secret-tool; mend: apt-get install libsecret-tools, or set credentials: files";
  EXPECT_EQ(looked_up(keyring, "zai"), "fault: " + mend);
  EXPECT_EQ(keyring.store("zai", Secret("k")).error().message, mend);
  EXPECT_EQ(keyring.remove("zai").error().message, mend);
}

TEST(Keyring, without_a_service_the_reason_is_passed_on_once) {
  const StubKeyring stub;
  stub.say("echo 'dbus: noise' >&2; echo 'secret-tool: Cannot autolaunch D-Bus without X11 $DISPLAY' >&2; echo more noise >&2; exit 1");
  const auto keyring = stub.keyring();
  for (const auto* provider : {"zai", "kimi"})
    EXPECT_EQ(looked_up(*keyring, provider),
              "fault: the keyring cannot be used: Cannot autolaunch D-Bus without X11 $DISPLAY; mend: unlock the keyring of your desktop's "
              "session, or set credentials: files");
  EXPECT_TRUE(keyring->fault());
  EXPECT_EQ(stub.calls(), "search --all service penstock\n");
}

TEST(Keyring, one_that_does_not_answer_costs_its_patience_once) {
  const StubKeyring stub;
  stub.say("exec sleep 1000");
  const auto keyring = stub.keyring(std::chrono::milliseconds(100));
  for (const auto* provider : {"zai", "kimi", "deepseek"}) EXPECT_THAT(looked_up(*keyring, provider), HasSubstr("did not answer in time"));
  EXPECT_EQ(stub.calls(), "search --all service penstock\n");
}

}  // namespace
}  // namespace penstock::credentials
