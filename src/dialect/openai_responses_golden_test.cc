// tests/golden/openai_responses; see provider_golden_for_test.h.
#include "dialect/provider_golden_for_test.h"
#include "dialect/responses_provider_for_test.h"

namespace penstock::dialect {
namespace {

const golden::ProviderDialect kDialect{
    .folder = "openai_responses", .write = written_for_responses, .stream = events_of_responses_stream, .whole = events_of_response};

TEST(OpenAiResponsesGolden, Requests) { golden::check_requests(kDialect, 15); }

TEST(OpenAiResponsesGolden, Answers) { golden::check_answers(kDialect, 25); }

}  // namespace
}  // namespace penstock::dialect
