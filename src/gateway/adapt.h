// A client's request becomes the provider's: the head is written anew under a policy, the body is patched in place.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/long_texts.h"
#include "gateway/record.h"
#include "json/patch.h"
#include "wire/http_head.h"

namespace penstock::gateway {

/// A request for a provider. With a login's token the head is whole only after show_token(). The body is the patch's pieces, or else what
/// was written with the long texts in it. They view the client's body, which must stay until the request is sent.
struct Outgoing {
  std::string head;
  std::string credential;  // the head's last lines, when they come later than the rest
  std::unique_ptr<json::Patch> patch;
  std::string written;  // the body, where it was translated
  dialect::LongTexts long_texts;
  std::vector<std::string_view> body;

  /// Head and body, for a gathered write.
  [[nodiscard]] std::vector<iovec> pieces() const;
};

/// The request for record.upstream and record.model_id. Header policy: hop-by-hop fields and client credentials never pass; to Anthropic
/// every other field passes; to others only what they understand, with betas filtered and the API version lowered (wire-reference 1.2).
Outgoing adapt(const wire::RequestHead& client, std::string_view query, const json::Document& body, const Record& record,
               const Snapshot& snapshot);

/// The same where client and provider speak different dialects: the body is what `translation` makes of it. Fails with the client's fault.
Result<Outgoing> adapt_translated(const wire::RequestHead& client, const json::Document& body, const Record& record,
                                  const Snapshot& snapshot, dialect::Translation& translation);

/// The same with a body that is written already, but for the long texts.
Outgoing adapt_written(const wire::RequestHead& client, std::string written, const Record& record, const Snapshot& snapshot,
                       dialect::LongTexts long_texts = {});

/// The chosen credential is a login, whose token is put in with show_token().
[[nodiscard]] bool shows_token(const Record& record);

/// Puts a login's token into a request whose provider has one, in the place of the token before.
void show_token(Outgoing& request, const Upstream& upstream, const Secret& token);

}  // namespace penstock::gateway
