// A provider's list of models, and what is kept of it. The first byte says what the rest is:
//   a  a provider's answer: each model has an id of its own that a client can ask for, the next page is on the same host, and what is kept
//      comes back as it was
//   k  a kept list: what is read is written and read again as the same
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/text.h"
#include "catalog/list_file.h"
#include "catalog/model_list.h"

namespace {

using namespace penstock::catalog;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Model& model) {
  require(!model.id.empty() && model.id.size() <= 200 && model.id == penstock::printable(model.id));
  require(model.display_name == penstock::printable(model.display_name));
  require(model.window <= 100'000'000 && model.max_output <= 100'000'000);
  require(model.window == 0 || model.max_output <= model.window);
  const Price& price = model.price;
  for (const auto units : {price.input, price.output, price.cache_read, price.cache_write})
    require(units >= 0 && (price.known || units == 0));
}

void answer(std::string_view json) {
  const auto page = parse_model_list(json);
  if (!page) return;
  std::set<std::string> ids;
  for (const auto& model : page->models) {
    check(model);
    require(ids.insert(model.id).second);
  }
  for (const unsigned char c : page->next) require(c > ' ' && c < 127);
  require(!page->next.starts_with("//"));
  const auto text = to_text({"p", "https://p.example", 1'795'132'800, page->models});
  const auto kept = read_list(text);
  require(kept && kept->models.size() == page->models.size() && to_text(*kept) == text);
}

void kept(std::string_view text) {
  const auto list = read_list(text);
  if (!list) return;
  const auto again = read_list(to_text(*list));
  require(again && to_text(*again) == to_text(*list));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'a') answer(rest);
  if (data[0] == 'k') kept(rest);
  return 0;
}
