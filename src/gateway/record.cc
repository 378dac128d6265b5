#include "gateway/record.h"

namespace penstock::gateway {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::refused: return "refused";
    case Outcome::client_left: return "client left";
    case Outcome::provider_failed: return "provider failed";
  }
  return "refused";
}

}  // namespace penstock::gateway
