#include "dialect/gemini_errors.h"

#include <charconv>
#include <cmath>

#include "json/padded.h"
#include "json/scan.h"

namespace penstock::dialect {

namespace {

constexpr double kLongestDelay = 7.0 * 24 * 3600;  // seconds; more is no delay but a mistake

/// "34.074824224s": a google.protobuf.Duration.
std::optional<std::uint64_t> seconds_of(std::string_view duration) {
  if (!duration.ends_with('s')) return std::nullopt;
  duration.remove_suffix(1);
  double seconds = 0;
  const auto [end, error] = std::from_chars(duration.data(), duration.data() + duration.size(), seconds);
  if (error != std::errc() || end != duration.data() + duration.size() || !(seconds >= 0 && seconds <= kLongestDelay)) return std::nullopt;
  return static_cast<std::uint64_t>(std::ceil(seconds));
}

void read_detail(json::Value detail, GeminiDetails& out) {
  if (const auto delay = detail.find("retryDelay")) out.retry_delay = seconds_of(delay->text());
  if (const auto violations = detail.find("violations"))
    for (const auto violation : violations->elements())
      if (const auto id = violation.find("quotaId"); id && id->text().contains("PerDay")) out.day_is_spent = true;
}

}  // namespace

GeminiDetails read_gemini_details(std::string_view body) {
  GeminiDetails out;
  const json::Padded text(body);
  json::Document document;
  if (!document.index(text.text())) return out;
  auto root = document.root();
  if (root.is_array() && !root.is_empty()) root = *root.elements().begin();
  const auto error = root.find("error");
  const auto details = error ? error->find("details") : std::nullopt;
  if (!details) return out;
  for (const auto detail : details->elements()) read_detail(detail, out);
  return out;
}

ClientError translate_gemini(const ProviderFailure& failure, const ErrorContext& context) {
  auto out = translate(failure, context);
  const auto details = read_gemini_details(failure.body);
  const bool waits = out.status == 429 || out.status == 503 || out.status == 529;
  if (!waits) return out;
  if (!out.retry_after && details.retry_delay) out.retry_after = std::to_string(*details.retry_delay);
  if (failure.should_retry) return out;
  out.should_retry = details.day_is_spent ? std::optional(false) : std::nullopt;
  return out;
}

}  // namespace penstock::dialect
