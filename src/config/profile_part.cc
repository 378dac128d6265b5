#include <algorithm>

#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

/// Reads profiles, and holds them against what they name.
class ProfileReader {
 public:
  ProfileReader(const Surroundings& around, std::vector<std::string> providers, Report& report)
      : around_(around), providers_(std::move(providers)), report_(report) {}

  Profile read(const Key& key, const Node& node) {
    Profile profile;
    profile.name = key.text;
    check_name(key);
    read_models(node, profile);
    if (const Node* env = node.find("env"))
      for (std::size_t i = 0; i < env->keys.size(); ++i) read_variable(env->keys[i], env->items[i], profile);
    for (const Node* argument : node.list("args"))
      if (argument->is_scalar()) profile.args.push_back(argument->text);
    profile.append_system_prompt = path_at(node, "append_system_prompt");
    profile.config_dir = path_at(node, "config_dir");
    profile.claude_version = text_at(node, "claude_version");
    profile.theme = text_at(node, "theme");
    profile.status_line = value_at(node, "status_line", parse_boolean).value_or(false);
    profile.claude_channel = text_at(node, "claude_channel");
    profile.command = path_at(node, "command");
    return profile;
  }

 private:
  void check_name(const Key& key) {
    if (!is_provider_name(key.text)) report_.add(key.at, shown(key.text) + " cannot be a profile's name; use letters, digits, -, _ and .");
    if (std::ranges::find(providers_, key.text) != providers_.end())
      report_.add(key.at, "a provider is called " + shown(key.text) + " already; give the profile another name");
  }

  void read_models(const Node& node, Profile& profile) {
    profile.provider = text_at(node, "provider");
    if (!profile.provider.empty() && std::ranges::find(providers_, profile.provider) == providers_.end())
      report_.add(node.find("provider")->at, "no provider is called " + shown(profile.provider) + suggestion(profile.provider, providers_));
    if (const Node* models = node.find("models")) {
      profile.main = text_at(*models, "main");
      profile.opus = text_at(*models, "opus");
      profile.sonnet = text_at(*models, "sonnet");
      profile.haiku = text_at(*models, "haiku");
      profile.subagent = text_at(*models, "subagent");
    }
    const Node* models = node.find("models");
    if (node.lacks("provider") && (models == nullptr ? node.lacks("models") : models->lacks("main")))
      report_.add(node.at, "a profile needs a provider, or models with main");
  }

  void read_variable(const Key& key, const Node& value, Profile& profile) {
    const bool plain = !key.text.empty() && std::ranges::all_of(key.text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain || (key.text.front() >= '0' && key.text.front() <= '9'))
      report_.add(key.at, shown(key.text) + " is not the name of a variable");
    if (value.is_scalar()) profile.env[key.text] = value.text;
  }

  std::string path_at(const Node& node, std::string_view key) {
    const auto text = text_at(node, key);
    return text.empty() ? text : resolve_path(text, around_);
  }

  const Surroundings& around_;
  std::vector<std::string> providers_;
  Report& report_;
};

}  // namespace

void fill_profiles(const Source& source, Config& config, Report& report) {
  const Node* profiles = source.root.find("profiles");
  if (profiles == nullptr) return;
  ProfileReader reader(source.around, provider_names(config, source.context), report);
  for (std::size_t i = 0; i < profiles->keys.size(); ++i)
    if (profiles->items[i].is_map()) config.profiles.push_back(reader.read(profiles->keys[i], profiles->items[i]));
}

}  // namespace penstock::config
