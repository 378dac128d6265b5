#include "doctor/base_url.h"

#include <gmock/gmock.h>

#include "doctor/checks.h"
#include "doctor/inputs_for_test.h"

namespace penstock::doctor {
namespace {

using testing::HasSubstr;

class BaseUrl : public DoctorTest {
 protected:
  Rows traps(const std::string& provider) {
    auto& made = inputs("providers: { p: " + provider + " }");
    return made.patients.empty() ? Rows{} : base_url_traps(made.patients.front(), made.catalog);
  }
};

TEST_F(BaseUrl, that_is_well) {
  const std::string_view cases[] = {
      "{ catalog: openrouter, api_key: sk-or-0123456789 }",
      "{ catalog: anthropic, api_key: sk-ant-0123456789 }",
      "{ base_url: 'http://127.0.0.1:8000', api_key: sk-ant-0123456789 }",  // a gateway of one's own
      "{ base_url: 'http://localhost:8000/v1', api_key: local-0123456789 }",
      "{ base_url: 'https://openrouter.ai/api/v1', api_key: sk-or-0123456789 }",  // the configuration takes /v1 off
      "{ base_url: 'https://llm.example/anthropic', api_key: k-0123456789 }",
      "{ base_url: 'http://192.168.1.9:8000', auth: none }",
      "{ catalog: vllm, models: [ qwen3-coder ] }",
      "{ catalog: zai-cn, api_key: k-0123456789 }",
      "{ catalog: deepseek, dialect: openai-chat, api_key: k-0123456789 }",
      "{ catalog: zai, base_url: 'https://api.z.ai/api/coding/paas/v4', dialect: openai-chat, api_key: k-0123456789 }",
      "{ catalog: gemini, api_key: k-0123456789 }",
      "{ catalog: openai, api_key: k-0123456789 }",
  };
  for (const auto provider : cases)
    for (const auto& row : traps(std::string(provider))) ADD_FAILURE() << provider << ": " << row.seen;
}

TEST_F(BaseUrl, traps) {
  struct {
    std::string_view provider;
    Verdict verdict;
    std::string_view seen, mend;
  } const cases[] = {
      {"{ base_url: 'https://llm.example/v1/v1', api_key: k-0123456789 }", Verdict::fault, "twice", "base_url: https://llm.example"},
      {"{ base_url: 'https://openrouter.ai', api_key: k-0123456789 }", Verdict::warning, "OpenRouter",
       "base_url: https://openrouter.ai/api"},
      {"{ base_url: 'https://api.deepseek.com', api_key: k-0123456789 }", Verdict::warning, "DeepSeek",
       "base_url: https://api.deepseek.com/anthropic"},
      {"{ base_url: 'https://api.openai.com', api_key: k-0123456789 }", Verdict::fault, "does not speak", "dialect"},
      {"{ base_url: 'https://api.openai.com/x', api_key: k-0123456789 }", Verdict::fault, "does not speak", "dialect"},
      {"{ base_url: 'https://llm.example', api_key: sk-ant-0123456789 }", Verdict::fault, "is Anthropic's", "a key of its own"},
      {"{ catalog: anthropic, base_url: 'https://relay.example', api_key: sk-ant-0123456789 }", Verdict::warning, "is Anthropic's", "key"},
      {"{ catalog: anthropic, api_key: sk-or-0123456789 }", Verdict::fault, "is not Anthropic's", "penstock keys set p"},
      {"{ base_url: 'http://llm.example', api_key: k-0123456789 }", Verdict::fault, "in the clear", "https://"},
      {"{ base_url: 'http://10.0.0.9:8000', api_key: k-0123456789 }", Verdict::warning, "in the clear", "https://"},
      {"{ base_url: 'http://172.31.0.9:8000', api_key: k-0123456789 }", Verdict::warning, "in the clear", "https://"},
      {"{ base_url: 'http://172.32.0.9:8000', api_key: k-0123456789 }", Verdict::fault, "in the clear", "https://"},
      {"{ catalog: vllm, models: [ Qwen/Qwen3-Coder ] }", Verdict::warning, "Qwen/Qwen3-Coder", "--served-model-name Qwen3-Coder"},
  };
  for (const auto& one : cases) {
    const auto rows = traps(std::string(one.provider));
    ASSERT_EQ(rows.size(), 1U) << one.provider;
    EXPECT_EQ(rows[0].verdict, one.verdict) << one.provider;
    EXPECT_THAT(rows[0].seen, HasSubstr(std::string(one.seen))) << one.provider;
    EXPECT_THAT(rows[0].mend, HasSubstr(std::string(one.mend))) << one.provider;
    EXPECT_THAT(rows[0].seen + rows[0].mend, testing::Not(HasSubstr("0123456789"))) << "no secret: " << one.provider;
  }
}

TEST_F(BaseUrl, several_traps_are_all_told) {
  EXPECT_EQ(traps("{ base_url: 'http://llm.example/v1/v1', api_key: sk-ant-0123456789 }").size(), 3U);
}

TEST_F(BaseUrl, each_provider_has_a_row) {
  inputs("providers: { good: { base_url: 'https://a.example', auth: none }, bad: { base_url: 'https://b.example/v1/v1', auth: none } }");
  const auto rows = run(check_base_urls);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].provider, "good");
  EXPECT_EQ(rows[0].verdict, Verdict::ok);
  EXPECT_EQ(rows[1].provider, "bad");
  EXPECT_EQ(rows[1].verdict, Verdict::fault);
}

TEST(client_url, traps) {
  struct {
    std::string_view url, key, seen;
  } const cases[] = {
      {"http://127.0.0.1:4100", "sk-ant-0123456789", ""},
      {"https://api.anthropic.com", "sk-ant-0123456789", ""},
      {"https://llm.example/api", "k-0123456789", ""},
      {"http://127.0.0.1:4100/v1", "", "adds /v1/messages"},
      {"https://llm.example/v1/", "", "ends in /v1"},
      {"https://llm.example/v1/messages", "", "ends in /messages"},
      {"https://llm.example", "sk-ant-0123456789", "would go to llm.example"},
      {"https://anthropic.com.llm.example", "sk-ant-0123456789", "would go to anthropic.com.llm.example"},
      {"llm.example", "", "is not a URL"},
  };
  for (const auto& one : cases) {
    const auto rows = client_url_traps(one.url, one.key);
    EXPECT_EQ(rows.empty(), one.seen.empty()) << one.url;
    if (!rows.empty()) EXPECT_THAT(rows[0].seen, HasSubstr(std::string(one.seen))) << one.url;
  }
  EXPECT_EQ(client_url_traps("https://llm.example/v1/messages", "")[0].mend, "ANTHROPIC_BASE_URL=https://llm.example");
}

}  // namespace
}  // namespace penstock::doctor
