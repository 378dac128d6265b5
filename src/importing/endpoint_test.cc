#include "importing/endpoint.h"

#include <gtest/gtest.h>

namespace penstock::importing {
namespace {

const catalog::Catalog& rows() {
  static const auto catalog = *catalog::parse(R"(
deepseek:
  base_url: https://api.deepseek.com/anthropic
  apis: { openai-chat: { base_url: https://api.deepseek.com } }
zai:
  base_url: https://api.z.ai/api/anthropic
  auth: bearer
  apis: { openai-chat: { base_url: https://api.z.ai/api/paas/v4, opt_in: true } }
ollama: { base_url: "http://localhost:11434", auth: none, local: true, aggregator: true }
vllm: { base_url: "http://localhost:8000", auth: bearer, local: true, aggregator: true }
chat: { base_url: https://two.example/v1x, dialect: openai-chat, auth: bearer }
messages: { base_url: https://two.example/other, auth: bearer }
split: { base_url: https://messages.example, apis: { gemini: { base_url: https://gemini.example/g } } }
)",
                                              "");
  return catalog;
}

struct Case {
  const char *url, *dialect, *hint, *row, *base_url;
  bool changed;
};

TEST(ImportEndpoint, UrlsFindTheirProvider) {
  for (const auto& [url, dialect, hint, row, base_url, changed] : {
           Case{"https://api.deepseek.com/anthropic", "anthropic", "", "deepseek", "", false},
           Case{"https://api.deepseek.com/anthropic/v1/messages", "anthropic", "", "deepseek", "", false},
           Case{"https://api.deepseek.com/chat/completions", "openai-chat", "deepseek", "deepseek", "", true},
           Case{"https://API.z.ai/api/paas/v4/", "openai-chat", "", "zai", "", true},
           Case{"http://api.z.ai/api/anthropic", "anthropic", "", "", "http://api.z.ai/api/anthropic", false},
           Case{"https://api.z.ai:8443/x", "anthropic", "", "", "https://api.z.ai:8443/x", false},
           Case{"https://api.deepseek.com.evil.example/anthropic", "anthropic", "deepseek", "",
                "https://api.deepseek.com.evil.example/anthropic", false},
           Case{"http://localhost:11434/v1/chat/completions", "openai-chat", "Ollama", "ollama", "", true},
           Case{"http://10.0.0.2:11434", "anthropic", "my-ollama", "ollama", "http://10.0.0.2:11434", false},
           Case{"http://localhost:8000/v1", "openai-chat", "", "", "http://localhost:8000", false},
           Case{"http://gpu:8000/v1", "openai-chat", "hosted_vllm", "vllm", "http://gpu:8000", true},
           Case{"https://api.groq.com/openai/v1/chat/completions", "openai-chat", "groq", "", "https://api.groq.com/openai", false},
           Case{"https://ark.example/api/v3/chat/completions", "openai-chat", "", "", "https://ark.example/api/v3", true},
           Case{"https://two.example/other", "openai-chat", "", "messages", "", true},
           Case{"https://two.example/v1x", "openai-chat", "", "chat", "", false},
           Case{"https://gemini.example/g/v1beta/models/", "gemini", "", "split", "", true},
           Case{"https://h/v1beta/models/", "gemini", "", "", "https://h", false},
       }) {
    const auto found = find_endpoint(url, Spelling::plain, dialect, hint, rows());
    ASSERT_TRUE(found) << url << found.error().message;
    EXPECT_EQ(found->row != nullptr ? found->row->name : "", row) << url;
    EXPECT_EQ(found->base_url, base_url) << url;
    EXPECT_EQ(!found->change.empty(), changed) << url << ": " << found->change;
  }
}

TEST(ImportEndpoint, WhatChangesIsSaid) {
  const auto change = [](std::string_view url, std::string_view dialect) {
    return find_endpoint(url, Spelling::plain, dialect, "", rows())->change;
  };
  EXPECT_EQ(change("https://api.deepseek.com/chat/completions", "openai-chat"),
            "Penstock uses it for clients of that API, and https://api.deepseek.com/anthropic (anthropic) for others");
  EXPECT_EQ(change("https://api.deepseek.com/beta", "openai-chat"),
            "Penstock uses the provider's endpoint https://api.deepseek.com/anthropic (anthropic); the key and the models are the same");
  EXPECT_EQ(change("https://api.z.ai/api/paas/v4", "openai-chat"),
            "Penstock uses the provider's endpoint https://api.z.ai/api/anthropic (anthropic); the key and the models are the same")
      << "where only the configuration chooses that one";
}

TEST(ImportEndpoint, AVariableIsKept) {
  const auto found = find_endpoint("os.environ/BASE", Spelling::litellm, "openai-chat", "openai", rows());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->base_url, "${BASE}");
  EXPECT_EQ(found->row, nullptr);
  EXPECT_FALSE(found->change.empty());
  EXPECT_EQ(find_endpoint("https://$HOST/v1/chat/completions", Spelling::dollar, "openai-chat", "", rows())->base_url, "https://${HOST}");
}

TEST(ImportEndpoint, WhatIsNoUrl) {
  for (const auto* url : {"", "api.deepseek.com", "ftp://h", "https://user:secret@h/", "https://h/?key=1", "https://h /x"}) {
    const auto found = find_endpoint(url, Spelling::plain, "anthropic", "", rows());
    ASSERT_FALSE(found) << url;
    EXPECT_EQ(found.error().message.find("secret"), std::string::npos);
  }
}

TEST(ImportEndpoint, DialectsShowInUrls) {
  EXPECT_EQ(dialect_of("https://h/v1/messages"), "anthropic");
  EXPECT_EQ(dialect_of("https://h/api/anthropic/"), "anthropic");
  EXPECT_EQ(dialect_of("https://h/v1/responses"), "openai-responses");
  EXPECT_EQ(dialect_of("https://h/v1/chat/completions"), "openai-chat");
  EXPECT_EQ(dialect_of("https://generativelanguage.googleapis.com/v1beta/models/"), "gemini");
  EXPECT_EQ(dialect_of("https://h"), "");
}

}  // namespace
}  // namespace penstock::importing
