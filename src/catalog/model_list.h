// A provider's list of its models, in any of the shapes that are about: Anthropic's, OpenAI's, Google's, Ollama's, and what others add to
// them (wire-reference 1.13 and 4). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"

namespace penstock::catalog {

/// One answer to the question for models.
struct ModelPage {
  /// Those that one can talk to, each id once; what a local server has loaded comes first, else the provider's order. A fact that the list
  /// does not tell is as in a row that leaves it out. Source and date are empty.
  std::vector<Model> models;
  /// How the next page is asked for: a path that begins with `/`, or a query (`after_id=…`) for the same path. Empty: there is none.
  std::string next;
};

/// Rows that are no model, or that make no sense, are left out. Fails with ErrorKind::protocol on what is no JSON and on what holds no
/// list.
Result<ModelPage> parse_model_list(std::string_view json);

}  // namespace penstock::catalog
