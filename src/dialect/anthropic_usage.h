// The `usage` object of an Anthropic answer (wire-reference 1.8).
#pragma once

#include "json/scan.h"
#include "llm/usage.h"

namespace penstock::dialect {

/// Takes the counts of `holder.usage` in; without one, nothing. Usage is cumulative, so a later count replaces an earlier one; but some
/// providers send zeros in one of the two places that tell it, so zero replaces nothing.
void merge_anthropic_usage(json::Value holder, llm::Usage& usage);

}  // namespace penstock::dialect
