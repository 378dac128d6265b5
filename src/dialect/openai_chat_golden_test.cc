// tests/golden/openai_chat; see provider_golden_for_test.h.
#include "dialect/provider_golden_for_test.h"

namespace penstock::dialect {
namespace {

const golden::ProviderDialect kDialect{
    .folder = "openai_chat",
    .write = [](auto body, const auto& quirks, auto model, auto limit) { return written_request(body, quirks, model, limit); },
    .stream = events_of_stream,
    .whole = events_of_answer};

TEST(OpenAiChatGolden, Requests) { golden::check_requests(kDialect, 12); }

TEST(OpenAiChatGolden, Answers) { golden::check_answers(kDialect, 30); }

}  // namespace
}  // namespace penstock::dialect
