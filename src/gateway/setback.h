// One attempt that came to nothing before the commit point: no content of an answer has reached the client, so another may still answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "dialect/anthropic_errors.h"
#include "dialect/error_text.h"
#include "gateway/answer.h"

namespace penstock::gateway {

/// What an attempt came to, and what the client gets when nobody else answers.
struct Setback {
  /// A failure that the status of the answer does not tell.
  enum class Inside : std::uint8_t { none, error, malformed, empty, refusal };

  std::optional<Error> why;  // where there was no answer, or a broken one
  int status = 0;            // of the provider's answer, or what an error inside it stands for; 0: there was none
  Inside inside = Inside::none;
  dialect::ClientError error;                                            // for the client
  dialect::ErrorText text;                                               // the provider's own words
  std::optional<std::string> retry_after, retry_after_ms, should_retry;  // headers of its answer

  /// What passes as the provider sent it: Anthropic's own errors, and answers that say nothing or refuse.
  struct Answered {
    int status = 200;
    std::string fields, body;
    bool events = false;  // `body` is a stream of events
    bool failed = true;
    std::string stop_reason;
    llm::Usage usage;
  };
  std::optional<Answered> answered;

  const Upstream* upstream = nullptr;  // whose failure it is, and of which model
  std::string model_id;
};

/// No answer came, or not whole.
[[nodiscard]] Setback broken(Error why);
/// The provider refused, in words that were understood.
[[nodiscard]] Setback declined(int status, dialect::ClientError error, Setback::Inside inside = Setback::Inside::none);

/// The attempt failed before there was a head: with the provider's name.
[[nodiscard]] Setback unanswered(Error why, const Record& record);

/// Nobody else answers: tells the client. Sets the record's outcome and error.
net::Task<> show(Answer& answer, Record& record, const Setback& setback);

}  // namespace penstock::gateway
