#include "dialect/gemini_signatures.h"

#include <algorithm>
#include <array>

#include "base/append.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

// `call gemini-3.8-flash c2ln`: three words, of which the model's alone may hold spaces.
constexpr std::array<std::string_view, 4> kWords{"call", "text", "empty_text", "thought"};

/// {"google":{"thought_signature":"…"}}
std::optional<ThoughtSignature> of_chat_layer(std::string_view payload) {
  const json::Padded text(payload);
  json::Document document;
  if (!document.index(text.text())) return std::nullopt;
  const auto google = document.root().find("google");
  const auto signature = google ? google->find("thought_signature") : std::nullopt;
  if (!signature || !signature->is_string()) return std::nullopt;
  return ThoughtSignature{SignedPart::call, std::string(signature->raw_text())};
}

std::optional<ThoughtSignature> read_payload(std::string_view payload, std::string_view model) {
  if (payload.starts_with('{')) return of_chat_layer(payload);
  const auto first = payload.find(' '), last = payload.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const auto word = std::ranges::find(kWords, payload.substr(0, first));
  if (word == kWords.end() || payload.substr(first + 1, last - first - 1) != model) return std::nullopt;
  return ThoughtSignature{static_cast<SignedPart>(word - kWords.begin()), std::string(payload.substr(last + 1))};
}

}  // namespace

std::string signature_payload(const ThoughtSignature& signature, std::string_view model) {
  std::string out;
  append(out, kWords[static_cast<std::size_t>(signature.part)], ' ', model, ' ', signature.written);
  return out;
}

std::optional<ThoughtSignature> open_signature(const llm::ThinkingPart& block, std::string_view provider, std::string_view model,
                                               const SignatureCodec* codec) {
  const auto seal = block.signature.written;
  if (codec == nullptr || !seal.starts_with(kTagPrefix)) return std::nullopt;
  // A look at the name first: the MAC is the dear part.
  if (!seal.substr(kTagPrefix.size()).starts_with(provider)) return std::nullopt;
  const auto opened = codec->open(seal);
  if (!opened || opened->provider != provider) return std::nullopt;
  return read_payload(opened->original, model);
}

}  // namespace penstock::dialect
