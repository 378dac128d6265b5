#include "config/parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "config/values.h"

namespace penstock::config {

namespace {

void fill_tokens(const Node& root, Config& config) {
  const Node* auth = root.find("auth");
  if (auth == nullptr) return;
  for (const Node* token : auth->list("tokens"))
    if (token->is_scalar()) config.auth_tokens.emplace_back(token->text);
}

/// The path behind `key`, made absolute, if the file can be read.
std::string file_at(const Node& map, std::string_view key, const Surroundings& around, Report& report) {
  const Node* node = map.scalar(key);
  if (node == nullptr) return {};
  std::string path = resolve_path(node->text, around);
  if (::access(path.c_str(), R_OK) != 0) report.add(node->at, "cannot read " + shown(path) + ": " + std::strerror(errno));
  return path;
}

void fill_tls(const Node& server, const Surroundings& around, Config& config, Report& report) {
  const Node* tls = server.find("tls");
  if (tls == nullptr || (tls->lacks("cert") && tls->lacks("key"))) return;
  for (const std::string_view key : {"cert", "key"})
    if (tls->lacks(key)) report.add(tls->place_of(key), "\"server.tls\" needs both cert and key; add " + std::string(key));
  TlsFiles files{file_at(*tls, "cert", around, report), file_at(*tls, "key", around, report)};
  struct stat facts{};
  if (::stat(files.key.c_str(), &facts) == 0 && (facts.st_mode & S_IRWXO) != 0)
    report.add(tls->find("key")->at, shown(files.key) + " can be read by others; run: chmod 600 " + files.key);
  config.server.tls = std::move(files);
}

void fill_listen(const Source& source, const Node& server, Config& config, Report& report) {
  const auto nodes = server.list("listen");
  if (nodes.empty()) return;
  config.server.listen.clear();
  const Node* auth = source.root.find("auth");
  // Tokens with faults of their own are reported already.
  const bool has_tokens = auth != nullptr && auth->has_items("tokens");
  for (const Node* node : nodes) {
    const auto address = parse_listen(node->text);
    if (!node->is_scalar() || !address) continue;
    if (!has_tokens && !is_loopback(*address))
      report.add(node->at,
                 "other machines can reach " + to_text(*address) + ", but auth.tokens is empty; add a token, or listen on 127.0.0.1");
    config.server.listen.push_back(*address);
  }
}

void fill_hosts(const Node& server, Config& config, Report& report) {
  for (const Node* host : server.list("hosts")) {
    const auto name = parse_listen(host->text + ":1");
    const bool plain = name && host->text.find_first_of(":/") == std::string::npos;
    if (!plain) report.add(host->at, "\"server.hosts\": " + shown(host->text) + " is not a host name; write it without scheme and port");
    if (plain) config.server.hosts.push_back(host->text);
  }
}

}  // namespace

std::string text_at(const Node& map, std::string_view key, std::string_view otherwise) {
  const Node* node = map.scalar(key);
  return node == nullptr ? std::string(otherwise) : node->text;
}

void fill_server(const Source& source, Config& config, Report& report) {
  fill_tokens(source.root, config);
  const Node* server = source.root.find("server");
  if (server == nullptr) return;
  fill_listen(source, *server, config, report);
  fill_tls(*server, source.around, config, report);
  fill_hosts(*server, config, report);
  Server& out = config.server;
  out.workers = static_cast<unsigned>(value_at(*server, "workers", parse_integer).value_or(0));  // auto is no number
  out.max_inflight = static_cast<unsigned>(value_at(*server, "max_inflight", parse_integer).value_or(out.max_inflight));
  out.max_body = value_at(*server, "max_body", parse_size).value_or(out.max_body);
  out.drain = value_at(*server, "drain", parse_duration).value_or(out.drain);
}

void fill_answers(const Source& source, Config& config) {
  if (const Node* answers = source.root.find("answers")) {
    const auto model = text_at(*answers, "model");
    if (model == "asked") config.answers_model = AnswersModel::asked;
    if (model == "provider") config.answers_model = AnswersModel::provider;
  }
  if (source.root.find("picker") != nullptr) {
    config.picker.clear();
    for (const Node* pattern : source.root.list("picker"))
      if (pattern->is_scalar()) config.picker.push_back(pattern->text);
  }
  if (text_at(source.root, "credentials") == "keyring") config.credential_store = CredentialStore::keyring;
  if (const Node* log = source.root.find("log")) {
    config.log.level = text_at(*log, "level", config.log.level);
    if (text_at(*log, "format") == "json") config.log.format = LogFormat::json;
  }
}

}  // namespace penstock::config
