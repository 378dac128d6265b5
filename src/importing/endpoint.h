// Which provider a URL of another tool's file belongs to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog.h"
#include "importing/reference.h"

namespace penstock::importing {

/// Where requests go.
struct Endpoint {
  const catalog::Provider* row = nullptr;  // the catalogue's, or null: then the rest says it all
  std::string base_url;                    // as Penstock writes it; with a row: only when the user's differs from it
  std::string dialect;                     // without a row
  std::string change;                      // what a user should know; empty: it is the same place
};

/// `url` is a base URL or a full one (`…/chat/completions`) as the tool writes it. `dialect` is what the tool spoke there. `hint` names the
/// kind of server where the tool says it (`ollama`); only with it is a machine of one's own taken for a row of the catalogue.
/// Fails when it is no URL.
Result<Endpoint> find_endpoint(std::string_view url, Spelling spelling, std::string_view dialect, std::string_view hint,
                               const catalog::Catalog& catalog);

/// The dialect that a URL's end shows (`…/messages`, `…/responses`, Gemini's host); empty when it shows none.
std::string_view dialect_of(std::string_view url);

/// The host of a base URL, as a name for a provider; `otherwise` when it is not known.
std::string host_name(std::string_view base_url, std::string_view otherwise);

}  // namespace penstock::importing
