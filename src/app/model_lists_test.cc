#include "app/model_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "app/build.h"
#include "catalog/list_file.h"

namespace penstock::app {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

catalog::Model model(std::string id, std::uint64_t window = 0) {
  catalog::Model made;
  made.id = made.display_name = std::move(id);
  made.window = window;
  made.date = "2026-11-20";
  return made;
}

class ModelListsTest : public testing::Test {
 protected:
  ModelListsTest() {
    std::string pattern = (fs::temp_directory_path() / "penstock-lists-XXXXXX").string();
    state_ = ::mkdtemp(pattern.data());
    folder_ = state_ + "/models";
  }
  ~ModelListsTest() override { fs::remove_all(state_); }

  catalog::Catalog read() const {
    catalog::Catalog catalog;
    read_lists(folder_, catalog);
    return catalog;
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directory(folder_);
    std::ofstream(folder_ + "/" + name) << text;
  }
  static mode_t mode(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  std::string state_, folder_;
};

TEST_F(ModelListsTest, what_is_stored_is_read) {
  EXPECT_TRUE(read().lists.empty()) << "no folder is no fault";
  EXPECT_TRUE(read().remarks.empty());
  ASSERT_TRUE(store_list(folder_, {"one", "http://one.example", 1'795'132'800, {model("a", 5)}}));
  ASSERT_TRUE(store_list(folder_, {"one", "http://one.example", 1'795'132'801, {model("b", 6)}}));
  EXPECT_EQ(mode(folder_), 0700U);
  EXPECT_EQ(mode(folder_ + "/one.json"), 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "nothing is left beside it";
  const auto catalog = read();
  EXPECT_TRUE(catalog.remarks.empty());
  const auto* list = catalog.list_of("one", "http://one.example");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->models.size(), 1U);
  EXPECT_EQ(list->models[0].id, "b");
  EXPECT_EQ(catalog.list_of("one", "http://two.example"), nullptr) << "another server";
  EXPECT_EQ(catalog.list_of("two", "http://one.example"), nullptr);
}

TEST_F(ModelListsTest, what_is_torn_or_foreign_is_left_out_with_a_word) {
  ASSERT_TRUE(store_list(folder_, {"good", "http://g", 1, {model("a")}}));
  const std::string whole = catalog::to_text({"torn", "http://t", 1, {model("a"), model("b")}});
  write("torn.json", whole.substr(0, whole.size() / 2));
  write("foreign.json", R"({"data":[]})");
  write("other.json", catalog::to_text({"good", "http://g", 1, {}}));
  write(".half.json", "{");
  write("notes.txt", "mine");
  ASSERT_EQ(::mkfifo((folder_ + "/pipe.json").c_str(), 0600), 0);
  const auto catalog = read();
  EXPECT_EQ(catalog.lists.size(), 1U);
  EXPECT_THAT(catalog.remarks, testing::ElementsAre(HasSubstr("foreign.json is not read"), HasSubstr("the list of another provider"),
                                                    HasSubstr("pipe.json"), HasSubstr("torn.json is not read: it is torn")));
  EXPECT_THAT(catalog.remarks.back(), HasSubstr("penstock models --refresh torn"));
}

TEST_F(ModelListsTest, a_folder_that_others_write_is_not_read) {
  ASSERT_TRUE(store_list(folder_, {"good", "http://g", 1, {model("a")}}));
  fs::permissions(folder_, fs::perms(0777));
  EXPECT_TRUE(read().lists.empty());
  EXPECT_THAT(read().remarks, testing::ElementsAre(HasSubstr("chmod go-w")));
}

TEST_F(ModelListsTest, a_name_that_leads_elsewhere_is_refused) {
  for (const auto* name : {"../x", "a/b", ".hidden", ""}) EXPECT_FALSE(store_list(folder_, {name, "", 1, {}})) << name;
  EXPECT_FALSE(store_list("", {"a", "", 1, {}}));
}

/// What the gateway would have of this configuration and these lists.
std::shared_ptr<const gateway::Snapshot> build(const std::string& yaml, std::vector<catalog::ProviderList> lists) {
  auto catalog = catalog::builtin().value();
  catalog.lists = std::move(lists);
  catalog.remarks = {"a remark"};
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto config = config::parse(yaml, "t.yaml", {none, catalog.names()});
  EXPECT_TRUE(config) << config::to_text(config.error().front());
  auto built = build_snapshot(*config, {&catalog, {none, "", "/nowhere"}, nullptr, 0});
  EXPECT_TRUE(built) << built.error().message;
  EXPECT_THAT(built->warnings, testing::Contains("a remark"));
  return built->snapshot;
}

constexpr auto kUrl = "http://127.0.0.1:9";

TEST(AddListed, fills_what_is_open_and_adds_what_is_new) {
  auto told = model("sure", 7);
  told.price = {9, 9, 9, 9, true};
  auto open = model("open", 8);
  open.max_output = 4;
  open.display_name = "Open";
  open.price = {5, 6, 7, 8, true};
  auto blind = model("blind", 9);
  blind.vision = false;
  const auto snapshot = build(
      "providers: { one: { base_url: 'http://127.0.0.1:9', quirks: { temperature: strip }, models: [ { id: sure, window: 100, "
      "price: { input: 1, output: 2 } }, open ] } }",
      {{"one", kUrl, 1, {blind, told, open}}});
  const auto& one = *snapshot->find("one");
  ASSERT_EQ(one.models.size(), 3U);
  EXPECT_EQ(one.models[0].window, 100U) << "the configuration has said so";
  EXPECT_EQ(one.models[0].price.input, 1'000'000);
  EXPECT_TRUE(one.models[0].listed.empty());
  EXPECT_EQ(one.models[1].window, 8U);
  EXPECT_EQ(one.models[1].max_output, 4U);
  EXPECT_EQ(one.models[1].display_name, "Open");
  EXPECT_EQ(one.models[1].price.cache_write, 8);
  EXPECT_EQ(one.models[2].id, "blind");
  EXPECT_EQ(one.models[2].listed, "2026-11-20");
  EXPECT_EQ(one.models[2].quirks.images, dialect::Media::placeholder);
  EXPECT_EQ(one.models[2].quirks.temperature, one.quirks.temperature) << "what holds for the provider holds for it";
  EXPECT_EQ(one.tier("main"), "sure");
  EXPECT_EQ(snapshot->router.route("blind")->targets.front().provider, "one");
  EXPECT_FALSE(snapshot->router.route("unlisted")) << "as without a list";
}

TEST(AddListed, every_endpoint_of_a_provider_has_them) {
  const auto snapshot =
      build("providers: { deepseek: { api_key: k } }", {{"deepseek", "https://api.deepseek.com/anthropic", 1, {model("new", 5)}}});
  const auto& deepseek = *snapshot->find("deepseek");
  ASSERT_FALSE(deepseek.others.empty());
  for (const auto* endpoint : {&deepseek, &deepseek.others.front()}) {
    ASSERT_NE(endpoint->find("new"), nullptr);
    EXPECT_EQ(endpoint->find("new")->window, 5U);
  }
}

TEST(AddListed, a_list_of_another_server_is_nothing) {
  const auto snapshot = build("providers: { one: { base_url: 'http://127.0.0.1:9' } }", {{"one", "http://127.0.0.1:10", 1, {model("a")}}});
  EXPECT_TRUE(snapshot->find("one")->models.empty());
}

TEST(AddListed, who_stands_for_a_provider_without_models_of_its_own) {
  const std::string yaml = "providers: { one: { base_url: 'http://127.0.0.1:9' }, lmstudio: { base_url: 'http://127.0.0.1:9' } }";
  const auto several = build(yaml, {{"one", kUrl, 1, {model("a"), model("b")}}, {"lmstudio", kUrl, 1, {model("c"), model("d")}}});
  EXPECT_EQ(several->find("one")->tier("opus"), "") << "nobody knows which";
  EXPECT_EQ(several->find("lmstudio")->tier("opus"), "c") << "what is loaded comes first";
  EXPECT_FALSE(several->router.route("one"));
  EXPECT_EQ(several->router.route("lmstudio")->targets.front().model, "c");
  EXPECT_EQ(several->router.route("one/unlisted")->targets.front().model, "unlisted") << "a list closes nothing";
  const auto alone = build(yaml, {{"one", kUrl, 1, {model("a")}}});
  EXPECT_EQ(alone->find("one")->tier("main"), "a");
}

}  // namespace
}  // namespace penstock::app
