#include "config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/fields.h"

namespace penstock::config {

namespace {

constexpr std::string_view kOpening = R"(# The configuration file

<!-- Made by `penstock config reference` from src/config/fields.cc and src/config/reference.cc. Change those, not this page. -->

Penstock runs without a file. With one, it is YAML, looked for at `--config`, `$PENSTOCK_CONFIG`, `./penstock.yaml`,
`$XDG_CONFIG_HOME/penstock/penstock.yaml` (without the variable: `~/.config`) and `/etc/penstock/penstock.yaml`; the first that exists
is used.

`penstock config check` reports every fault of a file at once, each with line and column and how to mend it. Unknown keys are faults, so
that a misspelt one is never passed over; so are duplicate keys. What is valid but hardly meant, such as a rule that is never come to, gets
a warning: there, and in the gateway's log when it starts. `penstock config show` prints what is in force, with secrets masked.
`penstock config schema` prints this page's keys as a JSON Schema (draft 2020-12). Editors complete and check with it as one types: keep it
in a file, and begin the configuration with `# yaml-language-server: $schema=FILE`.

```yaml
auth:
  tokens: [ ${PENSTOCK_TOKEN} ]
providers:
  deepseek: { api_key: ${DEEPSEEK_API_KEY} }     # a name of the catalogue
  local-vllm:                                    # any other provider is spelled out
    base_url: http://127.0.0.1:8000
    models: [ { id: qwen3-coder, window: 131072, max_output: 32768 } ]
models:
  - { name: fast, to: deepseek/deepseek-flash }
  - { match: "claude-opus-*", to: deepseek/deepseek-v4-pro }
default_model: fast
```

## How values are written

| kind | how |
|---|---|
| duration | a whole number and `ms`, `s`, `m`, `h` or `d`: `500ms`, `10s`, `2m` |
| size | bytes, or a number with `KB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`: `64MiB` |
| provider/model | the provider's name, a slash, and the model's id as the provider spells it |
| pattern | `*` stands for any run of characters; put it in quotes, because a bare `*` means something else to YAML |
| list | wherever a list stands, a single value counts as a list of one, if the table shows both |

Inside any value, `${NAME}` is replaced by the environment variable NAME, and `${NAME:-default}` by the default when it is not set or
empty; `$${` gives the characters `${`. A variable that is not set and has no default is a fault, except for a provider's key: there it
means that the provider has no key, which `/health` reports.

A secret or a header's value may also be `file:PATH`, which reads a file, or `os.environ/NAME`, which reads a variable. The path may
begin with `~/`, and is relative to the folder of the configuration file. The file must not be readable by others (`chmod 600 PATH`);
white space around its content is taken off.

Keys marked *later* are accepted and checked; a later version acts on them.

)";

std::string code(std::string_view text) { return text.empty() ? "" : "`" + std::string(text) + "`"; }

/// A default that is a value is set as code, one that is a phrase as words.
std::string fallback_text(std::string_view text) { return text.contains(' ') ? std::string(text) : code(text); }

/// Alternatives and range, ready for a table cell (where a bar would end the cell).
std::string allowed_text(std::string_view allowed, bool ranges) {
  std::vector<std::string> words;
  for (const auto word : split(allowed, '|')) {
    const auto dots = word.find("..");
    words.push_back(ranges && dots != std::string_view::npos ? code(word.substr(0, dots)) + " to " + code(word.substr(dots + 2))
                                                             : code(word));
  }
  return join(words, ", ");
}

bool has_field(std::string_view path) {
  return std::ranges::any_of(fields(), [&](const Field& field) { return field.path == path; });
}

std::string kind_text(const Field& field) {
  const std::string allowed = field.allowed == "NAME" ? "" : allowed_text(field.allowed, field.type != Type::word);
  if (field.type == Type::section && has_field(std::string(field.path) + "[]")) return "list";
  if (field.type == Type::word && !allowed.empty()) return allowed;
  return std::string(name(field.type)) + (allowed.empty() ? "" : ": " + allowed);
}

bool is_list_item(const Field& field) { return field.path.ends_with("[]"); }

std::string row(const Field& field) {
  // Keys of a group are told in their own section, by their bare names.
  const auto path = field.path.starts_with('@') ? field.path.substr(field.path.find('.') + 1) : field.path;
  return fmt::format("| `{}` | {} | {} | {}{} |\n", path, kind_text(field), fallback_text(field.fallback), field.help,
                     field.later ? " *later*" : "");
}

std::string table(std::string_view top) {
  std::string out = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Field& field : fields()) {
    const auto own = field.path.substr(0, std::min(field.path.find_first_of(".["), field.path.size()));
    if (own != top || field.path == top) continue;
    // "One of a chain." under a key that says so already tells nothing new.
    if (is_list_item(field) && field.help.starts_with("One of a chain")) continue;
    out += row(field);
  }
  return out + "\n";
}

bool has_keys_below(std::string_view top) {
  for (const Field& field : fields())
    if (field.path.size() > top.size() && field.path.starts_with(top) && (field.path[top.size()] == '.' || field.path[top.size()] == '['))
      return true;
  return false;
}

std::string section_of(const Field& field) {
  std::string out = fmt::format("## {}\n\n{}{}\n", field.path, field.help, field.later ? " *later*" : "");
  if (field.type != Type::section) {
    out += fmt::format("\nType: {}.", kind_text(field));
    if (!field.fallback.empty()) out += fmt::format(" Default: {}.", fallback_text(field.fallback));
    out += "\n";
  }
  return out + "\n" + (has_keys_below(field.path) ? table(field.path) : "");
}

}  // namespace

std::string reference_page() {
  std::string page(kOpening);
  for (const Field& field : fields())
    if (field.path.find_first_of(".[@") == std::string_view::npos) page += section_of(field);
  page += "## A route\n\nA route is a name, a list of names, or a map with these keys.\n\n" + table("@route");
  page +=
      "## Quirks\n\nWhat `quirks` of a provider or of one of its models may hold. The default is what a provider gets that the catalogue "
      "does not know better;\n"
      "Anthropic itself gets every request unchanged.\n\n" +
      table("@quirk");
  page.pop_back();
  return page;
}

}  // namespace penstock::config
