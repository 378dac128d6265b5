// A request made ready for a target: which endpoint, whose credential, which quirks, and whether its bytes pass or are translated.
#include "gateway/aim.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>

#include "json/padded.h"
#include "net/listener.h"
#include "tests/gateway/raw_client.h"

namespace penstock::gateway {
namespace {

using dialect::Api;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What a test does with a request, on the worker's thread.
using Job = std::function<void(Work& work, json::Document& document)>;

/// Serves requests by giving each to a test. A server of its own, since only that makes an exchange with a client's head.
class Bench : public net::Service {
 public:
  explicit Bench(const Snapshot& snapshot) : snapshot_(snapshot) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    listener_ = std::make_unique<net::Listener>(control_, std::vector<net::Serving>{{worker_.get(), this}}, net::ServerLimits{});
    port_ = listener_->listen("127.0.0.1", 0).value().front().port();
    worker_->run();
    thread_ = std::thread([this] { control_.run(); });
  }
  ~Bench() override {
    control_.stop();
    thread_.join();
    worker_.reset();
  }

  /// `record`: what stands in it already. Returns when the job is done.
  void with(std::string_view body, std::string_view fields, const Record& record, const Job& job) {
    record_ = &record;
    job_ = &job;
    tests::RawClient client(port_);
    ASSERT_EQ(client.ask(tests::post("/", body, fields)).status, 200) << "the job did not come to its end";
  }

 private:
  net::Task<> serve(net::Exchange& exchange) override {
    auto body = co_await exchange.read_body(1U << 20);
    if (!body) co_return exchange.abort();
    Record record = *record_;
    Work work(exchange, record, snapshot_, "?beta=true");
    work.body = *body;
    json::Document document;
    if (!document.index(*body)) co_return exchange.abort();
    const auto facts = dialect::inspect_as(record.client, document);
    if (!facts) co_return exchange.abort();
    record.facts = *facts;
    (*job_)(work, document);
    auto sent = co_await exchange.send(200, "", "");
    if (!sent) exchange.abort();
  }
  void refused(int, std::string_view) override {}
  [[nodiscard]] bool draining() const override { return false; }

  const Snapshot& snapshot_;
  const Record* record_ = nullptr;
  const Job* job_ = nullptr;
  net::asio::io_context control_{1};
  std::unique_ptr<net::Worker> worker_ = std::make_unique<net::Worker>(0);
  std::unique_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

constexpr std::string_view kAsk = R"({"model":"x","max_tokens":500,"messages":[{"role":"user","content":"hello"}]})";

constexpr auto kSearches = R"({"model":"x","max_tokens":5,"tools":[{"type":"web_search_20250305","name":"web_search"}],)"
                           R"("messages":[{"role":"user","content":"hello"}]})";

/// What the provider would get.
std::string sent(const Outgoing& request) {
  std::string all;
  for (const auto& piece : request.pieces()) all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return all;
}
std::string sent_body(const Outgoing& request) { return sent(request).substr(request.head.size()); }

/// Providers: `claude` (Anthropic itself), `third` (its dialect, not itself), `chat` (another dialect), `both` (two endpoints). Each has
/// the keys sk-one and sk-two.
class AimTest : public testing::Test {
 protected:
  AimTest() {
    record_.operation = Operation::messages;
    snapshot_.tokens.emplace_back("our-token");
    snapshot_.upstreams = {upstream("claude", Api::anthropic), upstream("third", Api::anthropic), upstream("chat", Api::openai_chat),
                           upstream("both", Api::anthropic)};
    for (const auto& each : snapshot_.upstreams) snapshot_.by_name.emplace(each.name, &each);
    provider("claude").transparent = true;
    for (const char* name : {"third", "both"}) provider(name).quirks = dialect::strict();
    Upstream other = upstream("both", Api::openai_chat);
    provider("both").others.push_back(other);
  }

  static Upstream upstream(const std::string& name, Api api) {
    Upstream made;
    made.name = name;
    made.api = api;
    made.host = name + ".example";
    if (api == Api::openai_chat) made.api_path = "/v1/chat/completions";
    for (const char* key : {"sk-one", "sk-two"})
      made.credentials.push_back(
          {.key = Secret(key), .token_source = {}, .source = key, .standing = std::make_shared<Standing>(key, policy::CooldownLimits{})});
    return made;
  }
  Upstream& provider(std::string_view name) { return const_cast<Upstream&>(*snapshot_.find(name)); }
  Upstream& chat_of_both() { return provider("both").others.front(); }

  void with(std::string_view body, const Job& job, std::string_view fields = {}) { bench_.with(body, fields, record_, job); }
  /// Aims at the model `m` of a provider, with the key of that place.
  Status at(Work& work, json::Document& document, const std::string& name, std::span<const policy::Repair> repairs = {},
            std::size_t key = 0) {
    return aim(work, document, {name, "m"}, provider(name).credentials.at(key), repairs);
  }
  /// What a provider gets of a request. Fails the test where it cannot be said.
  std::string aimed(const std::string& name, std::string_view body, std::span<const policy::Repair> repairs = {}) {
    std::string all;
    with(body, [&](Work& work, json::Document& document) {
      const Status ready = at(work, document, name, repairs);
      ASSERT_TRUE(ready) << ready.error().message;
      all = sent_body(work.request);
    });
    return all;
  }

  Snapshot snapshot_;
  Record record_;
  Bench bench_{snapshot_};
};

// ---- which endpoint

TEST_F(AimTest, the_endpoint_that_speaks_the_clients_dialect_is_taken) {
  struct Row {
    const char* provider;
    Api client, endpoint;
    bool translated;
    const char* path;
  };
  constexpr auto kMessages = "/v1/messages", kChat = "/v1/chat/completions";
  for (const auto& row : {
           Row{"both", Api::anthropic, Api::anthropic, false, kMessages},
           Row{"both", Api::openai_chat, Api::openai_chat, true, kChat},
           Row{"both", Api::openai_responses, Api::anthropic, true, kMessages},
           Row{"chat", Api::anthropic, Api::openai_chat, true, kChat},
           Row{"third", Api::openai_chat, Api::anthropic, true, kMessages},
       }) {
    record_.client = row.client;
    const auto* body = row.client == Api::openai_responses ? R"({"model":"x","input":"hello"})" : kAsk.data();
    with(body, [&](Work& work, json::Document& document) {
      ASSERT_TRUE(at(work, document, row.provider)) << row.provider;
      EXPECT_EQ(work.record.upstream, endpoint_of(work, {row.provider, "m"}));
      EXPECT_EQ(work.record.upstream->api, row.endpoint) << row.provider;
      EXPECT_EQ(work.translation != nullptr, row.translated) << row.provider << ": bytes may pass inside of it";
      EXPECT_THAT(work.request.head, StartsWith(fmt::format("POST {} HTTP/1.1\r\nhost: {}.example\r\n", row.path, row.provider)));
      EXPECT_THAT(sent_body(work.request), HasSubstr(R"("model":"m")"));
    });
  }
}

TEST_F(AimTest, a_provider_that_is_not_there_is_our_fault) {
  with(kAsk, [&](Work& work, json::Document& document) {
    EXPECT_EQ(endpoint_of(work, {"gone", "m"}), nullptr);
    const Status ready = aim(work, document, {"gone", "m"}, provider("third").credentials[0], {});
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind, ErrorKind::internal);
    EXPECT_THAT(ready.error().message, HasSubstr("gone"));
  });
}

// ---- the body

TEST_F(AimTest, between_two_that_speak_anthropics_dialect_the_body_is_not_copied) {
  const std::string text(100'000, 'x');
  const auto body = fmt::format(R"({{"model":"x","max_tokens":5,"messages":[{{"role":"user","content":"{}"}}]}})", text);
  for (const char* name : {"claude", "third"})
    with(body, [&](Work& work, json::Document& document) {
      ASSERT_TRUE(at(work, document, name));
      EXPECT_TRUE(work.request.patch);
      EXPECT_TRUE(work.request.written.empty());
      std::size_t own = 0;
      for (const auto piece : work.request.body)
        if (piece.data() < work.body.data() || piece.data() > work.body.data() + work.body.size()) own += piece.size();
      EXPECT_EQ(own, std::string_view("\"m\"").size()) << name << ": the model's name alone";
      EXPECT_EQ(sent_body(work.request), std::string(body).replace(body.find("\"x\""), 3, "\"m\""));
    });
}

TEST_F(AimTest, for_another_dialect_it_is_written_anew) {
  with(R"({"model":"x","max_tokens":500,"system":"be kind","messages":[{"role":"user","content":"hello"}]})",
       [&](Work& work, json::Document& document) {
         ASSERT_TRUE(at(work, document, "chat"));
         EXPECT_FALSE(work.request.patch);
         EXPECT_THAT(sent_body(work.request), HasSubstr(R"({"role":"system","content":"be kind"})"));
       });
}

TEST_F(AimTest, what_was_made_for_the_target_before_is_gone) {
  const auto token = std::make_shared<credentials::Token>();
  with(R"({"model":"x","max_tokens":5,"container":"c","messages":[{"role":"user","content":"hello"}]})",
       [&](Work& work, json::Document& document) {
         ASSERT_TRUE(at(work, document, "chat"));
         EXPECT_EQ(work.record.dropped, "container");
         work.record.provider_request_id = "req_of_chat";
         work.record.token = token;
         ASSERT_TRUE(at(work, document, "third", {}, 1));
         EXPECT_FALSE(work.translation);
         EXPECT_TRUE(work.request.written.empty());
         EXPECT_EQ(work.record.dropped, "");
         EXPECT_EQ(work.record.provider_request_id, "");
         EXPECT_FALSE(work.record.token);
         EXPECT_EQ(work.record.chosen, &provider("third").credentials[1]);
         EXPECT_EQ(work.record.model_id, "m");
         ASSERT_TRUE(at(work, document, "chat"));
         EXPECT_FALSE(work.request.patch);
         EXPECT_TRUE(work.request.body.empty());
       });
}

TEST_F(AimTest, a_document_that_is_another_bodys_by_now_is_indexed_anew) {
  const json::Padded other(R"({"model":"another","max_tokens":1,"messages":[{"role":"user","content":"not ours"}]})");
  for (const char* name : {"third", "chat"})
    with(kAsk, [&](Work& work, json::Document& document) {
      ASSERT_TRUE(document.index(other.text()));
      work.indexed = false;
      ASSERT_TRUE(at(work, document, name));
      EXPECT_TRUE(work.indexed);
      EXPECT_THAT(sent_body(work.request), HasSubstr("hello")) << name;
      EXPECT_THAT(sent_body(work.request), Not(HasSubstr("not ours"))) << name;
    });
}

TEST_F(AimTest, what_cannot_be_said_is_the_clients_fault) {
  record_.client = Api::openai_chat;
  with(R"({"model":"x","n":2,"messages":[{"role":"user","content":"hello"}]})", [&](Work& work, json::Document& document) {
    const Status ready = at(work, document, "third");
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().fault, Fault::client);
    EXPECT_EQ(ready.error().kind, ErrorKind::invalid_request);
  });
}

TEST_F(AimTest, tokens_are_counted_in_anthropics_dialect_alone) {
  record_.operation = Operation::count_tokens;
  with(kSearches, [&](Work& work, json::Document& document) {
    ASSERT_TRUE(at(work, document, "third"));
    EXPECT_FALSE(work.translation) << "nothing is searched";
    EXPECT_THAT(work.request.head, StartsWith("POST /v1/messages/count_tokens HTTP/1.1\r\n"));
    ASSERT_TRUE(at(work, document, "claude"));
    EXPECT_THAT(work.request.head, StartsWith("POST /v1/messages/count_tokens?beta=true HTTP/1.1\r\n"));
  });
  with(kAsk, [&](Work& work, json::Document& document) {
    ASSERT_TRUE(at(work, document, "chat"));
    EXPECT_EQ(sent(work.request), "") << "there is nothing to ask it";
    EXPECT_FALSE(work.translation);
  });
}

TEST_F(AimTest, who_cannot_search_the_web_gets_a_translation_that_does) {
  struct Row {
    const char* provider;
    dialect::ServerTools server_tools;
    const char* body;
    bool translated;
  };
  for (const auto& row : {
           Row{"claude", dialect::ServerTools::keep, kSearches, false},
           Row{"third", dialect::ServerTools::web_search, kSearches, false},
           Row{"third", dialect::ServerTools::strip, kSearches, true},
           Row{"third", dialect::ServerTools::strip, kAsk.data(), false},
       }) {
    provider(row.provider).quirks.server_tools = row.server_tools;
    with(row.body, [&](Work& work, json::Document& document) {
      ASSERT_TRUE(at(work, document, row.provider));
      EXPECT_EQ(work.translation != nullptr, row.translated) << row.provider << row.body;
      EXPECT_EQ(work.translation && work.translation->searches(), row.translated);
    });
  }
}

TEST_F(AimTest, a_model_may_search_the_web_where_others_of_its_provider_cannot) {
  Upstream& third = provider("third");
  third.quirks.server_tools = dialect::ServerTools::strip;
  third.models = {{.id = "m", .display_name = ""}};
  third.models[0].quirks.server_tools = dialect::ServerTools::web_search;
  with(kSearches, [&](Work& work, json::Document& document) {
    ASSERT_TRUE(at(work, document, "third"));
    EXPECT_FALSE(work.translation);
  });
}

TEST_F(AimTest, the_tag_that_chose_the_model_is_cut_where_it_did) {
  constexpr auto kTagged = R"({"model":"x","max_tokens":5,"system":[{"type":"text","text":"<CCR-SUBAGENT-MODEL>chat/m</CCR-SUBAGENT-MODEL>)"
                           R"(look around"}],"messages":[{"role":"user","content":"hello"}]})";
  for (const char* name : {"claude", "third", "chat"}) {
    EXPECT_THAT(aimed(name, kTagged), HasSubstr("look around")) << name;
    EXPECT_THAT(aimed(name, kTagged), Not(HasSubstr("CCR-SUBAGENT-MODEL"))) << name;
    with(kTagged, [&](Work& work, json::Document& document) {
      work.record.facts.subagent_tag = {};  // not for us
      ASSERT_TRUE(at(work, document, name));
      EXPECT_THAT(sent_body(work.request), HasSubstr("<CCR-SUBAGENT-MODEL>chat/m</CCR-SUBAGENT-MODEL>look around")) << name;
    });
  }
}

TEST_F(AimTest, the_smaller_of_two_limits_of_the_answers_length_holds) {
  struct Row {
    std::uint64_t model, provider;  // 0: none is known
    const char* field;
  };
  for (const auto& [model, limit, field] :
       {Row{0, 0, R"("max_tokens":500)"}, Row{100, 0, R"("max_tokens":100)"}, Row{0, 50, R"("max_tokens":50)"},
        Row{100, 50, R"("max_tokens":50)"}, Row{50, 100, R"("max_tokens":50)"}}) {
    Upstream& chat = provider("chat");
    chat.models = {{.id = "m", .display_name = "", .max_output = model}};
    chat.models[0].chat.max_tokens_limit = limit;
    EXPECT_THAT(aimed("chat", kAsk), HasSubstr(field)) << model << ' ' << limit;
  }
}

TEST_F(AimTest, names_of_the_clients_stay_out_of_the_head_unless_they_are_plain) {
  std::string body =
      R"({"model":"x","max_tokens":5,"messages":[{"role":"user","content":"hello"}],"container":1,"a b":1,"x\r\ny: z":1,"":1)";
  for (int i = 0; i < 100; ++i) body += fmt::format(R"(,"field_{}":1)", i);
  with(body + "}", [&](Work& work, json::Document& document) {
    ASSERT_TRUE(at(work, document, "chat"));
    EXPECT_THAT(work.record.dropped, StartsWith("container,field_0,field_1,"));
    EXPECT_LE(work.record.dropped.size(), 200U);
    EXPECT_THAT(work.record.dropped, Not(testing::ContainsRegex("[^a-z0-9_,]")));
  });
}

// ---- quirks

TEST_F(AimTest, repairs_are_laid_over_the_set_of_the_providers_dialect) {
  const std::vector<policy::Repair> repairs{
      {"no_such_quirk", "drop"}, {"tool_choice", "strip"}, {"temperature", "no such value"}, {"top_p", "strip"}};
  const auto body = R"({"model":"x","max_tokens":5,"top_p":0.5,"messages":[{"role":"user","content":"hello"}]})";
  provider("third").quirks = dialect::transparent();
  provider("chat").chat.user = "user";
  with(body, [&](Work& work, json::Document& document) {
    Record& record = work.record;
    ASSERT_TRUE(at(work, document, "third", repairs));
    EXPECT_EQ(record.quirks->tool_choice, dialect::ToolChoice::strip);
    EXPECT_EQ(record.quirks->top_p, dialect::Keep::strip) << "the one before it means nothing here";
    EXPECT_EQ(*record.chat, provider("third").chat) << "the other table is as it was";
    EXPECT_THAT(sent_body(work.request), Not(HasSubstr("top_p")));
    EXPECT_EQ(provider("third").quirks, dialect::transparent()) << "other requests go as before";

    ASSERT_TRUE(at(work, document, "chat", repairs));
    EXPECT_EQ(record.chat->tool_choice, dialect::ToolChoice::strip);
    EXPECT_EQ(record.chat->top_p, dialect::Keep::strip);
    EXPECT_EQ(record.chat->user, "user") << "what needed no repair";
    EXPECT_EQ(*record.quirks, provider("chat").quirks);
    EXPECT_THAT(sent_body(work.request), Not(HasSubstr("top_p")));

    ASSERT_TRUE(at(work, document, "third"));
    EXPECT_EQ(record.quirks, &provider("third").quirks) << "it was for that target";
    EXPECT_EQ(record.chat, &provider("third").chat);
    EXPECT_THAT(sent_body(work.request), HasSubstr("top_p"));
  });
}

TEST_F(AimTest, repairs_count_where_bytes_would_pass) {
  record_.client = Api::openai_chat;
  constexpr auto kTop = R"({"model":"x","top_p":0.5,"messages":[{"role":"user","content":"hello"}]})";
  EXPECT_THAT(aimed("chat", kTop), HasSubstr("top_p"));
  const policy::Repair strip{"top_p", "strip"};
  EXPECT_THAT(aimed("chat", kTop, {&strip, 1}), Not(HasSubstr("top_p")));
}

TEST_F(AimTest, a_model_has_quirks_of_its_own) {
  Upstream& third = provider("third");
  third.models = {{.id = "n", .display_name = ""}, {.id = "m", .display_name = ""}};
  third.models[1].quirks.top_k = dialect::Keep::strip;
  with(kAsk, [&](Work& work, json::Document& document) {
    ASSERT_TRUE(at(work, document, "third"));
    EXPECT_EQ(work.record.model, &third.models[1]);
    EXPECT_EQ(work.record.quirks, &third.models[1].quirks);
    ASSERT_TRUE(aim(work, document, {"third", "unknown"}, third.credentials[0], {}));
    EXPECT_EQ(work.record.model, nullptr);
    EXPECT_EQ(work.record.quirks, &third.quirks);
  });
}

// ---- whose credential

TEST_F(AimTest, the_chosen_key_is_shown_and_no_other) {
  for (const char* name : {"claude", "third", "chat"})
    with(
        kAsk,
        [&](Work& work, json::Document& document) {
          ASSERT_TRUE(at(work, document, name, {}, 1));
          EXPECT_FALSE(work.record.passthrough);
          EXPECT_THAT(work.request.head, HasSubstr("x-api-key: sk-two\r\n")) << name;
          EXPECT_THAT(work.request.head, Not(HasSubstr("sk-one"))) << name;
          EXPECT_THAT(work.request.head, Not(HasSubstr("sk-client"))) << name;
        },
        "authorization: Bearer sk-client\r\n");
}

TEST_F(AimTest, the_clients_own_goes_in_its_place) {
  for (const char* name : {"claude", "third", "chat"}) {
    provider(name).passthrough = true;
    with(
        kAsk,
        [&](Work& work, json::Document& document) {
          ASSERT_TRUE(at(work, document, name, {}, 1));
          EXPECT_TRUE(work.record.passthrough);
          EXPECT_THAT(work.request.head, HasSubstr("uthorization: Bearer sk-client\r\n")) << name;
          EXPECT_THAT(work.request.head, Not(HasSubstr("sk-two"))) << name;
          EXPECT_THAT(work.request.head, Not(HasSubstr("our-token"))) << name;
        },
        "Authorization: Bearer sk-client\r\nx-api-key: our-token\r\n");
  }
}

TEST_F(AimTest, who_passes_the_clients_own_credential) {
  struct Row {
    const char* what;
    const char* provider;
    bool passthrough, key;
    const char* fields;
    bool passes;
  };
  constexpr auto kPass = "x-penstock-credential-mode: passthrough\r\n", kRotate = "x-penstock-credential-mode: rotate\r\n";
  constexpr auto kOwn = "authorization: Bearer sk-client\r\n";
  constexpr auto kBoth = "x-claude-token-mode: passthrough\r\nx-penstock-credential-mode: rotate\r\n";
  const Row rows[] = {
      {"a key of ours", "claude", false, true, "", false},
      {"and one of the client's", "claude", false, true, kOwn, false},
      {"which it wants to go", "claude", false, true, kPass, true},
      {"in other words", "claude", false, true, "X-Claude-Token-Mode: passthrough\r\n", true},
      {"in both words", "claude", false, true, kBoth, false},
      {"another word", "claude", false, true, "x-penstock-credential-mode: yes\r\n", false},
      {"no key of ours", "claude", false, false, kOwn, true},
      {"an API key", "claude", false, false, "X-Api-Key: sk-client\r\n", true},
      {"our own token", "claude", false, false, "authorization: Bearer our-token\r\nx-api-key: our-token\r\n", false},
      {"nothing to show", "claude", false, false, "", false},
      {"an empty one", "claude", false, false, "authorization:\r\n", false},
      {"no key of a third party", "third", false, false, kOwn, false},
      {"no key of a third party, and the word", "third", false, false, kPass, false},
      {"by the configuration", "third", true, true, "", true},
      {"unless the client says otherwise", "third", true, true, kRotate, false},
      {"where there is a choice", "third", true, false, kRotate, true},
      {"Anthropic by the configuration", "claude", true, true, "", true},
      {"Anthropic, and the client says otherwise", "claude", true, true, kRotate, false},
  };
  for (const auto& row : rows) {
    Upstream& upstream = provider(row.provider);
    upstream.passthrough = row.passthrough;
    upstream.credentials = {{.key = Secret(row.key ? "sk-one" : ""), .token_source = {}, .source = "", .standing = {}}};
    with(kAsk, [&](Work& work, json::Document&) { EXPECT_EQ(passes_credential(work, upstream), row.passes) << row.what; }, row.fields);
  }
  provider("claude").passthrough = false;
  provider("claude").credentials[0].key = Secret();
  provider("claude").auth = AuthScheme::none;
  with(kAsk, [&](Work& work, json::Document&) { EXPECT_FALSE(passes_credential(work, provider("claude"))) << "none is needed"; }, kOwn);
}

}  // namespace
}  // namespace penstock::gateway
