// tests/golden/gemini; see provider_golden_for_test.h.
#include "dialect/gemini_for_test.h"
#include "dialect/provider_golden_for_test.h"

namespace penstock::dialect {
namespace {

const golden::ProviderDialect kDialect{
    .folder = "gemini",
    .write = [](auto body, const auto& quirks, auto model, auto limit) { return gemini_request(body, quirks, model, limit); },
    .stream = gemini_stream_events,
    .whole = gemini_answer_events};

TEST(GeminiGolden, Requests) { golden::check_requests(kDialect, 15); }

TEST(GeminiGolden, Answers) { golden::check_answers(kDialect, 25); }

}  // namespace
}  // namespace penstock::dialect
