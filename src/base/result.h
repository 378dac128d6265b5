// Errors are values: a function that can fail returns a Result.
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace penstock {

template <typename T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

/// `return fail(client_error(...))`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace penstock

#define PENSTOCK_JOIN_(a, b) a##b
#define PENSTOCK_JOIN(a, b) PENSTOCK_JOIN_(a, b)

/// `TRY(auto head, parse(bytes));` binds the value, or returns the error to the caller.
#define TRY(declaration, expression)                                                                                                     \
  auto PENSTOCK_JOIN(result_, __LINE__) = (expression);                                                                                  \
  if (!PENSTOCK_JOIN(result_, __LINE__)) return std::unexpected<::penstock::Error>(std::move(PENSTOCK_JOIN(result_, __LINE__).error())); \
  declaration = std::move(*PENSTOCK_JOIN(result_, __LINE__))

/// The same in a coroutine; the awaited expression stands alone in its declaration (see ARCHITECTURE.md, Toolchain).
#define CO_TRY(declaration, expression)                                                                \
  auto PENSTOCK_JOIN(result_, __LINE__) = (expression);                                                \
  if (!PENSTOCK_JOIN(result_, __LINE__))                                                               \
    co_return std::unexpected<::penstock::Error>(std::move(PENSTOCK_JOIN(result_, __LINE__).error())); \
  declaration = std::move(*PENSTOCK_JOIN(result_, __LINE__))

/// For a Status: returns the error, binds nothing.
#define TRY_STATUS(expression)                                                                 \
  if (auto PENSTOCK_JOIN(status_, __LINE__) = (expression); !PENSTOCK_JOIN(status_, __LINE__)) \
  return std::unexpected<::penstock::Error>(std::move(PENSTOCK_JOIN(status_, __LINE__).error()))
#define CO_TRY_STATUS(expression)                                                              \
  if (auto PENSTOCK_JOIN(status_, __LINE__) = (expression); !PENSTOCK_JOIN(status_, __LINE__)) \
  co_return std::unexpected<::penstock::Error>(std::move(PENSTOCK_JOIN(status_, __LINE__).error()))
