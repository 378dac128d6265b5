#include "app/running.h"

#include <fmt/format.h>

#include "base/text.h"
#include "json/padded.h"

namespace penstock::app {

namespace {

std::string text_of(const json::Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->text() : "";
}

std::int64_t number_of(const json::Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->integer().value_or(0) : 0;
}

/// `from` and what follows it, as `to`; otherwise the text as it is.
std::string with_host(std::string_view url, std::string_view from, std::string_view to) {
  const auto at = url.find(from);
  return at == std::string_view::npos ? std::string(url) : fmt::format("{}{}{}", url.substr(0, at), to, url.substr(at + from.size()));
}

}  // namespace

std::string local_url(std::string_view url) { return with_host(with_host(url, "://0.0.0.0:", "://127.0.0.1:"), "://[::]:", "://[::1]:"); }

std::string to_json(const Running& running) {
  std::string urls;
  for (const auto& url : running.urls) urls += (urls.empty() ? "" : ",") + json_quote(url);
  return fmt::format(R"({{"pid":{},"urls":[{}],"config":{},"version":{},"started":{},"drain_ms":{},"log":{},)"
                     R"("options":{{"config":{},"listen":{}}},"service":{}}})",
                     running.pid, urls, json_quote(running.config_path), json_quote(running.version), running.started,
                     running.drain.count(), json_quote(running.log_file), json_quote(running.config_option),
                     json_quote(running.listen_option), json_quote(running.service));
}

Result<Running> running_from(std::string_view json) {
  const json::Padded copy(json);
  json::Document document;
  if (const auto read = document.index(copy.text()); !read) return fail(read.error());
  const auto root = document.root();
  Running running;
  running.pid = static_cast<int>(number_of(root, "pid"));
  if (const auto urls = root.find("urls"))
    for (const auto url : urls->elements()) running.urls.push_back(url.text());
  if (running.pid <= 0 || running.urls.empty()) return fail(internal_error("it names no process and no address"));
  running.url = local_url(running.urls.front());
  running.config_path = text_of(root, "config");
  running.version = text_of(root, "version");
  running.started = number_of(root, "started");
  running.drain = std::chrono::milliseconds(number_of(root, "drain_ms"));
  running.log_file = text_of(root, "log");
  if (const auto options = root.find("options")) {
    running.config_option = text_of(*options, "config");
    running.listen_option = text_of(*options, "listen");
  }
  running.service = text_of(root, "service");
  return running;
}

}  // namespace penstock::app
