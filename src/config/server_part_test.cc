#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/load.h"

namespace penstock::config {
namespace {

std::expected<Config, std::vector<Fault>> parsed(std::string_view text, const std::string& path = "f.yaml") {
  return parse(
      text, path,
      {.environment =
           [](const std::string& name) {
             return name == "TOKEN" ? std::optional<std::string>("t1") : name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
           },
       .catalog_names = {}});
}

std::string faults_of(std::string_view text, const std::string& path = "f.yaml") {
  const auto config = parsed(text, path);
  if (config) return "no fault";
  std::string lines;
  for (const Fault& fault : config.error()) lines += (lines.empty() ? "" : "\n") + to_text(fault);
  return lines;
}

TEST(ServerPart, ListensOnOneAddressOrSeveral) {
  EXPECT_EQ(parsed("server: { listen: ':4200' }")->server.listen, (std::vector<ListenAddress>{{"127.0.0.1", 4200}}));
  EXPECT_EQ(parsed("server: { listen: ['localhost:1', '[::1]:2'] }")->server.listen,
            (std::vector<ListenAddress>{{"localhost", 1}, {"::1", 2}}));
}

TEST(ServerPart, AnOpenAddressNeedsATokenThatExists) {
  EXPECT_EQ(faults_of("server: { listen: '0.0.0.0:4100' }\n"),
            "f.yaml:1:19: other machines can reach 0.0.0.0:4100, but auth.tokens is empty; add a token, or listen on 127.0.0.1");
  EXPECT_EQ(faults_of("server: { listen: '[::]:4100' }\nauth: { tokens: [] }\n"),
            "f.yaml:1:19: other machines can reach [::]:4100, but auth.tokens is empty; add a token, or listen on 127.0.0.1");
  EXPECT_EQ(faults_of("server: { listen: '0.0.0.0:4100' }\nauth: { tokens: [ ${TOKEN} ] }\n"), "no fault");
  EXPECT_EQ(faults_of("server: { listen: '0.0.0.0:4100' }\nauth: { tokens: t }\n"), "no fault");
}

TEST(ServerPart, ATokenIsNeverEmptyOrUnset) {
  EXPECT_EQ(faults_of("auth: { tokens: [ ${NOPE} ] }\n"),
            "f.yaml:1:19: \"auth.tokens\": the variable NOPE is not set; set it, or remove the token");
  EXPECT_EQ(faults_of("auth: { tokens: [ os.environ/NOPE ] }\n"),
            "f.yaml:1:19: \"auth.tokens\": the variable NOPE is not set; set it, or remove the token");
  EXPECT_EQ(faults_of("auth: { tokens: ${NOPE} }\n"),
            "f.yaml:1:17: \"auth.tokens\": the variable NOPE is not set; set it, or remove the token");
  EXPECT_EQ(faults_of("auth: { tokens: [ ${EMPTY} ] }\n"), "f.yaml:1:19: \"auth.tokens\": is empty; a token must have a value");
  EXPECT_EQ(faults_of("auth: { tokens: [ '' ] }\n"), "f.yaml:1:19: \"auth.tokens\": is empty; a token must have a value");
  EXPECT_EQ(faults_of("auth: { tokens: [ , ] }\n"), "f.yaml:1:19: an item of \"auth.tokens\" is empty; write a value or remove it");
}

TEST(ServerPart, NumbersAreRead) {
  const auto server = parsed("server: { workers: 3, max_inflight: 7, max_body: 2KiB, drain: 5s, hosts: [gw.example.org] }")->server;
  EXPECT_EQ(server.workers, 3U);
  EXPECT_EQ(server.max_inflight, 7U);
  EXPECT_EQ(server.max_body, 2048U);
  EXPECT_EQ(server.drain, Milliseconds{5000});
  EXPECT_EQ(server.hosts, std::vector<std::string>{"gw.example.org"});
  EXPECT_EQ(parsed("server: { workers: auto }")->server.workers, 0U);
}

TEST(ServerPart, TlsNeedsBothFiles) {
  EXPECT_EQ(faults_of("server:\n  tls: { cert: /dev/null }\n"), "f.yaml:2:8: \"server.tls\" needs both cert and key; add key");
  EXPECT_EQ(faults_of("server:\n  tls: { key: /nope }\n"),
            "f.yaml:2:8: \"server.tls\" needs both cert and key; add cert\n"
            "f.yaml:2:15: cannot read \"/nope\": No such file or directory");
  EXPECT_EQ(faults_of("server: { tls: { cert: , key: } }\n"), "no fault");
}

TEST(ServerPart, TlsFilesStandBesideTheConfiguration) {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  const auto config = (folder / "penstock.yaml").string(), key = (folder / "key.pem").string();
  std::ofstream(folder / "cert.pem") << "certificate";
  std::ofstream(key) << "key";
  constexpr std::string_view kText = "server: { tls: { cert: cert.pem, key: key.pem } }\n";
  ::chmod(key.c_str(), 0644);
  EXPECT_EQ(faults_of(kText, config), config + ":1:39: \"" + key + "\" can be read by others; run: chmod 600 " + key);
  ::chmod(key.c_str(), 0640);
  EXPECT_EQ(faults_of(kText, config), "no fault") << "a group for keys is common";
  EXPECT_EQ(parsed(kText, config)->server.tls->cert, (folder / "cert.pem").string());
  std::filesystem::remove_all(folder);
}

TEST(ServerPart, AnswersPickerAndLog) {
  const auto config = parsed("answers: { model: asked }\npicker: ['glm*', fast]\nlog: { level: debug, format: json, bodies: off }\n");
  EXPECT_EQ(config->answers_model, AnswersModel::asked);
  EXPECT_EQ(config->picker, (std::vector<std::string>{"glm*", "fast"}));
  EXPECT_EQ(config->log.level, "debug");
  EXPECT_EQ(config->log.format, LogFormat::json);
  EXPECT_TRUE(parsed("picker: []")->picker.empty());
}

TEST(ServerPart, CredentialsAreFilesOrTheKeyring) {
  EXPECT_EQ(parsed("log: { level: info }")->credential_store, CredentialStore::files);
  EXPECT_EQ(parsed("credentials: files")->credential_store, CredentialStore::files);
  EXPECT_EQ(parsed("credentials: keyring")->credential_store, CredentialStore::keyring);
  EXPECT_EQ(faults_of("credentials: keychain\n"), "f.yaml:1:14: \"credentials\": \"keychain\" is not known here; write files or keyring");
}

}  // namespace
}  // namespace penstock::config
