#include "app/model_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "app/state_dir.h"
#include "base/plain_file.h"
#include "base/text.h"
#include "catalog/list_file.h"
#include "credentials/private_file.h"

namespace penstock::app {

namespace {

constexpr std::size_t kMostRead = 4U << 20;
constexpr std::string_view kEnd = ".json";

/// Not a file that is being written (it is hidden), nor one of somebody else.
bool is_ours(const std::string& name) { return name.ends_with(kEnd) && !name.starts_with('.'); }

Result<catalog::ProviderList> read_file(const std::filesystem::path& path) {
  TRY(const auto text, read_plain_file(path.string(), kMostRead));
  TRY(auto list, catalog::read_list(text.value_or("")));
  if (list.provider != path.stem().string()) return fail(config_error("it is the list of another provider"));
  return list;
}

/// By name, so that what depends on an order has one.
std::vector<std::filesystem::path> files_in(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (is_ours(at->path().filename().string())) paths.push_back(at->path());
  std::ranges::sort(paths);
  return paths;
}

void fill(gateway::UpstreamModel& model, const catalog::Model& told) {
  if (model.display_name.empty()) model.display_name = told.display_name;
  if (model.window == 0) model.window = told.window;
  if (model.max_output == 0) model.max_output = told.max_output;
  if (!model.price.known) model.price = told.price;
}

/// What holds for an id that no row has, patterns included, holds for it too.
gateway::UpstreamModel listed_model(const gateway::Upstream& upstream, const catalog::Model& told) {
  gateway::UpstreamModel model{told.id, told.display_name, told.window, told.max_output, told.vision, told.price, {}, {}, told.date};
  model.quirks = upstream.quirks_for(told.id);
  model.chat = upstream.chat_for(told.id);
  if (!told.vision) model.quirks.images = model.chat.images = dialect::Media::placeholder;
  return model;
}

}  // namespace

std::string model_list_folder(const config::Environment& environment) {
  const std::string state = state_dir(environment);
  return state.empty() ? "" : state + "/models";
}

Status store_list(const std::string& folder, const catalog::ProviderList& list) {
  if (folder.empty()) return fail(config_error("there is no place for state: set HOME or PENSTOCK_STATE_DIR"));
  if (list.provider.empty() || list.provider.contains('/') || list.provider.starts_with('.'))
    return fail(config_error("no file can have the name of the provider " + json_quote(list.provider)));
  TRY_STATUS(make_state_dir(std::filesystem::path(folder).parent_path().string()));
  return credentials::write_private(fmt::format("{}/{}{}", folder, list.provider, kEnd), catalog::to_text(list));
}

void read_lists(const std::string& folder, catalog::Catalog& catalog) {
  if (folder.empty()) return;
  if (const auto safe = check_state_dir(folder); !safe) {
    catalog.remarks.push_back("the lists of models are not read: " + safe.error().message);
    return;
  }
  for (const auto& path : files_in(folder)) {
    auto list = read_file(path);
    if (list)
      catalog.lists.push_back(std::move(*list));
    else
      catalog.remarks.push_back(
          fmt::format("{} is not read: {}; mend: penstock models --refresh {}", path.string(), list.error().message, path.stem().string()));
  }
}

void add_listed(gateway::Upstream& upstream, const catalog::ProviderList& list) {
  if (upstream.models.empty() && !list.models.empty() && (upstream.local || list.models.size() == 1))
    upstream.default_model = list.models.front().id;
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < upstream.models.size(); ++i) known.emplace(upstream.models[i].id, i);
  for (const auto& told : list.models) {
    if (const auto at = known.find(told.id); at != known.end())
      fill(upstream.models[at->second], told);
    else
      upstream.models.push_back(listed_model(upstream, told));
  }
  for (auto& other : upstream.others) add_listed(other, list);
}

}  // namespace penstock::app
