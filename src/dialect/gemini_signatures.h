// Thought signatures: what a Gemini model wants back on the very part on which it came (wire-reference 3.12). On the way through a client
// each is the payload of a thinking block's seal (dialect/signature.h), in front of the part that it belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialect/signature.h"
#include "llm/request.h"

namespace penstock::dialect {

/// The part that carries it: the function call that follows, the text that follows, an empty text in the block's own place, or the thought
/// that the block holds.
enum class SignedPart : std::uint8_t { call, text, empty_text, thought };

/// A signature, as the inside of a JSON string, and where it belongs.
struct ThoughtSignature {
  SignedPart part = SignedPart::call;
  std::string written;
  bool operator==(const ThoughtSignature&) const = default;
};

/// The payload of a seal. Signatures of one model are refused by another, so its name goes along.
[[nodiscard]] std::string signature_payload(const ThoughtSignature& signature, std::string_view model);

/// The signature in a block of the history, when this provider's same model made it. One that came through Google's Chat Completions layer
/// (chat_thoughts.h) counts too: it is of a call, and names no model.
[[nodiscard]] std::optional<ThoughtSignature> open_signature(const llm::ThinkingPart& block, std::string_view provider,
                                                             std::string_view model, const SignatureCodec* codec);

}  // namespace penstock::dialect
