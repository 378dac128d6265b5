#include "catalog/model_list.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::catalog {
namespace {

using testing::HasSubstr;

std::string price_text(const Price& price) {
  return price.known ? fmt::format(" {}/{}/{}/{}", price.input, price.output, price.cache_read, price.cache_write) : "";
}

/// `id (name) window/max_output [images|text] price`, one for each model, parted by `; `.
std::string shown(std::string_view json) {
  const auto page = parse_model_list(json);
  if (!page) return "error: " + page.error().message;
  std::string out;
  for (const auto& model : page->models) {
    const std::string name = model.display_name == model.id ? "" : " (" + model.display_name + ")";
    out += fmt::format("{}{}{} {}/{}{}{}", out.empty() ? "" : "; ", model.id, name, model.window, model.max_output,
                       model.vision ? "" : " text", price_text(model.price));
  }
  return out + (page->next.empty() ? "" : " -> " + page->next);
}

struct Case {
  const char *name, *json, *expected;
};

constexpr Case kCases[] = {
    {"anthropic",
     R"({"data":[{"type":"model","id":"claude-opus-5-5","display_name":"Claude Opus 5.5","created_at":"2026-09-01T00:00:00Z",
         "max_input_tokens":1000000,"max_tokens":128000,"capabilities":{"image_input":{"supported":true}}},
         {"type":"model","id":"claude-old","display_name":"Claude Old","capabilities":{"image_input":{"supported":false}}}],
         "has_more":true,"first_id":"claude-opus-5-5","last_id":"claude-old"})",
     "claude-opus-5-5 (Claude Opus 5.5) 1000000/128000; claude-old (Claude Old) 0/0 text -> after_id=claude-old"},
    {"openai: ids alone, and kinds told by them",
     R"({"object":"list","data":[{"id":"gpt-6-sol","object":"model","created":1,"owned_by":"openai"},{"id":"text-embedding-3-large"},
         {"id":"whisper-1"},{"id":"gpt-4o-mini-tts"},{"id":"dall-e-3"},{"id":"omni-moderation-latest"},{"id":"gpt-realtime"},
         {"id":"gpt-5.4-realtime-mini"},{"id":"gpt-4o"}]})",
     "gpt-6-sol 0/0; gpt-4o 0/0"},
    {"openrouter: per token, as texts",
     R"({"data":[{"id":"anthropic/claude-opus-5.5","name":"Anthropic: Claude Opus 5.5","context_length":1000000,
         "architecture":{"input_modalities":["text","image"],"output_modalities":["text"]},
         "pricing":{"prompt":"0.000004","completion":"0.00002","request":"0","input_cache_read":"0.0000002","input_cache_write":"0.000005"},
         "top_provider":{"context_length":1000000,"max_completion_tokens":128000}},
         {"id":"z-ai/glm-5.3","context_length":200000,"architecture":{"input_modalities":["text"],"output_modalities":["text"]},
         "pricing":{"prompt":"0.0000006","completion":"0.0000022"},"top_provider":{"max_completion_tokens":null}},
         {"id":"openrouter/auto","context_length":2000000,"pricing":{"prompt":"-1","completion":"-1"}},
         {"id":"x/free:free","pricing":{"prompt":"0","completion":"0"}},
         {"id":"black/flux","architecture":{"output_modalities":["image"]}}],
         "links":{"next":"/api/v1/models?offset=500&limit=500"}})",
     "anthropic/claude-opus-5.5 (Anthropic: Claude Opus 5.5) 1000000/128000 4000000/20000000/200000/5000000; "
     "z-ai/glm-5.3 200000/0 text 600000/2200000/600000/600000; openrouter/auto 2000000/0; x/free:free 0/0 0/0/0/0"
     " -> /api/v1/models?offset=500&limit=500"},
    {"gemini",
     R"({"models":[{"name":"models/gemini-4-argon","displayName":"Gemini 4 Argon","inputTokenLimit":1048576,"outputTokenLimit":65536,
         "supportedGenerationMethods":["generateContent","countTokens"]},
         {"name":"models/gemini-3.1-flash-image","inputTokenLimit":32768,"supportedGenerationMethods":["generateContent"]},
         {"name":"models/text-embedding-004","supportedGenerationMethods":["embedContent"]}],"nextPageToken":"a+b/c="})",
     "gemini-4-argon (Gemini 4 Argon) 1048576/65536; gemini-3.1-flash-image 32768/0 -> pageToken=a%2bb%2fc%3d"},
    {"ollama",
     R"({"models":[{"name":"qwen3-coder:30b","model":"qwen3-coder:30b","size":1,"details":{"family":"qwen3"}},
         {"name":"nomic-embed-text:latest"},{"name":"gemma3","capabilities":["completion","vision"]},
         {"name":"phi","capabilities":["completion","tools"]}]})",
     "qwen3-coder:30b 0/0; gemma3 0/0; phi 0/0 text"},
    {"vllm", R"({"object":"list","data":[{"id":"qwen3","object":"model","owned_by":"vllm","root":"/models/q","max_model_len":131072}]})",
     "qwen3 131072/0"},
    {"lm studio: loaded ones first, with what they are loaded with",
     R"({"object":"list","data":[{"id":"big","type":"llm","state":"not-loaded","max_context_length":131072},
         {"id":"nomic","type":"embeddings","state":"loaded","max_context_length":2048},
         {"id":"eyes","type":"vlm","state":"loaded","max_context_length":32768,"loaded_context_length":8192}]})",
     "eyes 8192/0; big 131072/0 text"},
    {"lm studio, the newer list",
     R"({"models":[{"type":"llm","key":"openai/gpt-oss-20b","display_name":"GPT OSS","max_context_length":131072,"loaded_instances":[],
         "capabilities":{"vision":false}},
         {"type":"llm","key":"gemma","max_context_length":8192,"loaded_instances":[{"id":"g","config":{"context_length":4096}}],
         "capabilities":{"vision":true}},{"type":"embedding","key":"e"}]})",
     "gemma 4096/0; openai/gpt-oss-20b (GPT OSS) 131072/0 text"},
    {"llama.cpp: data before models",
     R"({"models":[{"name":"m.gguf","capabilities":["completion"]}],"object":"list",
         "data":[{"id":"m.gguf","object":"model","owned_by":"llamacpp","meta":{"vocab_type":2,"n_ctx_train":262144,"n_params":1}}]})",
     "m.gguf 262144/0"},
    {"groq",
     R"({"object":"list","data":[{"id":"openai/gpt-oss-120b","active":true,"context_window":131072,"max_completion_tokens":65536},
         {"id":"gone","active":false,"context_window":8192},{"id":"whisper-large-v3","context_window":448},
         {"id":"meta-llama/llama-prompt-guard-2-86m","context_window":512}]})",
     "openai/gpt-oss-120b 131072/65536"},
    {"together: the array itself, per million, as numbers",
     R"([{"id":"deepseek-ai/DeepSeek-V4","object":"model","type":"chat","display_name":"DeepSeek V4","context_length":131072,
         "pricing":{"hourly":0,"input":0.18,"output":0.59,"base":0,"finetune":0}},
         {"id":"b/embed","type":"embedding"},{"id":"f/flux","type":"image"}])",
     "deepseek-ai/DeepSeek-V4 (DeepSeek V4) 131072/0 180000/590000/180000/180000"},
    {"mistral",
     R"({"object":"list","data":[{"id":"mistral-large-4","name":"mistral-large-2607","max_context_length":262144,
         "capabilities":{"completion_chat":true,"vision":true}},{"id":"codestral","max_context_length":32768,
         "capabilities":{"completion_chat":true,"vision":false}},{"id":"mistral-ocr","capabilities":{"completion_chat":false}}]})",
     "mistral-large-4 (mistral-large-2607) 262144/0; codestral 32768/0 text"},
    {"vercel",
     R"({"object":"list","data":[{"id":"zai/glm-5.3","name":"GLM 5.3","type":"language","context_window":200000,"max_tokens":96000,
         "tags":["reasoning"],"pricing":{"input":"0.0000006","output":"0.0000022","input_cache_read":"0.00000011"}},
         {"id":"openai/text-embedding-3","type":"embedding","pricing":{"input":"0.00000002"}}]})",
     "zai/glm-5.3 (GLM 5.3) 200000/96000 600000/2200000/110000/600000"},
    {"nanogpt, detailed",
     R"({"data":[{"id":"moonshotai/kimi-k2.5","name":"Kimi","context_length":256000,"capabilities":{"vision":true},
         "pricing":{"prompt":0.5,"completion":2.6,"currency":"USD","unit":"per_million_tokens"}}]})",
     "moonshotai/kimi-k2.5 (Kimi) 256000/0 500000/2600000/500000/500000"},
    {"xai: cents per 100 million",
     R"({"models":[{"id":"grok-4.6","input_modalities":["text","image"],"output_modalities":["text"],"prompt_text_token_price":20000,
         "cached_prompt_text_token_price":5000,"completion_text_token_price":60000,"aliases":["grok-latest"]}]})",
     "grok-4.6 0/0 2000000/6000000/500000/2000000"},
    {"kimi code",
     R"({"data":[{"id":"kimi-for-coding","display_name":"Kimi Code","context_length":1048576,"supports_reasoning":true,
         "supports_image_in":false}]})",
     "kimi-for-coding (Kimi Code) 1048576/0 text"},
    {"numbers as texts, and more output than window",
     R"({"data":[{"id":"a","context_length":"8192","max_tokens":"16384"},{"id":"b","context_length":-1,"max_tokens":0},
         {"id":"c","context_length":1e30},{"id":"d","context_length":{"x":1},"max_tokens":[1]}]})",
     "a 8192/8192; b 0/0; c 0/0; d 0/0"},
    {"rows that are no models", R"({"data":[null,1,"plain",{},{"id":""},{"id":7},{"id":"with space"},{"id":"x\ny"},{"id":"twice"},
         {"id":"twice","context_length":5},{"name":"models/"}]})",
     "plain 0/0; twice 0/0"},
    {"names for a terminal", R"({"data":[{"id":"a","name":"one\n\u001b[31mtwo"}]})", "a (one \xef\xbf\xbd[31mtwo) 0/0"},
    {"a price half said, and one that is absurd",
     R"({"data":[{"id":"a","pricing":{"prompt":"0.1"}},{"id":"b","pricing":{"prompt":"cheap","completion":"1"}},
         {"id":"c","pricing":{"prompt":1e9,"completion":1}},{"id":"d","pricing":[]}]})",
     "a 0/0; b 0/0; c 0/0; d 0/0"},
    {"nothing", R"({"object":"list","data":[]})", ""},
    {"a link to another host", R"({"data":[],"links":{"next":"https://evil.example/models"}})", ""},
    {"a link without a scheme", R"({"data":[],"links":{"next":"//evil.example/models"}})", ""},
    {"an error", R"({"error":{"message":"no"}})", "error: the answer holds no list of models"},
    {"a page", "<html>", "error: the answer is no JSON"},
    {"torn", R"({"data":[{"id":"a")", "error: the answer is no JSON"},
    {"something else", R"({"data":{"id":"a"}})", "error: the answer holds no list of models"},
};

TEST(ModelList, EveryShape) {
  for (const auto& one : kCases) EXPECT_EQ(shown(one.json), one.expected) << one.name;
}

TEST(ModelList, IsBounded) {
  std::string json = R"({"data":[)";
  for (int i = 0; i < 6000; ++i) json += fmt::format(R"({}{{"id":"m{}","name":"{}"}})", i == 0 ? "" : ",", i, std::string(500, 'n'));
  const auto page = parse_model_list(json + "]}");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->models.size(), 5000U);
  EXPECT_EQ(page->models.front().display_name, std::string(100, 'n'));
  EXPECT_EQ(shown(R"({"data":[{"id":")" + std::string(201, 'x') + R"("}]})"), "");
}

}  // namespace
}  // namespace penstock::catalog
