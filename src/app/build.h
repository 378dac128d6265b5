// From what the user wrote, and what the catalogue knows, to what the gateway needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "config/load.h"
#include "credentials/find.h"
#include "credentials/refresher.h"
#include "gateway/snapshot.h"

namespace penstock::app {

/// What build_snapshot() needs beside the configuration.
struct Ingredients {
  const catalog::Catalog* catalog = nullptr;
  credentials::Places places;
  std::shared_ptr<const dialect::SignatureCodec> signatures;
  std::uint16_t mock_port = 0;                  // of the built-in mock provider; 0: there is none
  credentials::Refresher* refresher = nullptr;  // for logins; null: nothing is sent with them
  gateway::Standings* standings = nullptr;      // of credentials, kept over reloads; null: each snapshot has its own
};

/// The configuration as the gateway uses it, and what a person should know about it (a key file that was skipped, say).
struct Built {
  std::shared_ptr<const gateway::Snapshot> snapshot;
  std::vector<std::string> warnings;
};

/// Which providers: those that `providers` lists, those that a model rule or default_model names, and, when the file has no `providers`,
/// every provider of the catalogue for which a credential is found. Fails on quirks or proxies that make no sense.
Result<Built> build_snapshot(const config::Config& config, const Ingredients& ingredients);

}  // namespace penstock::app
