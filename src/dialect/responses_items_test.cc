#include "dialect/responses_items.h"

#include <gtest/gtest.h>

namespace penstock::dialect {
namespace {

using Form = ResponsesTool::Form;

std::string item_of(Form form, std::string_view arguments) {
  const ResponsesTool tool{form, form == Form::function ? "n" : "", "t"};
  std::string out;
  append_call_item(out, {&tool, "id_1", "c1", "n__t", std::string(arguments)}, "completed");
  return out;
}

TEST(ResponsesItems, ACallHasTheFormOfItsTool) {
  EXPECT_EQ(item_of(Form::function, R"({\"a\":1})"),
            R"({"id":"id_1","type":"function_call","status":"completed","call_id":"c1","name":"t",)"
            R"("namespace":"n","arguments":"{\"a\":1}"})");
  EXPECT_EQ(item_of(Form::custom, R"({\"input\":\"x\\ny\"})"),
            R"({"id":"id_1","type":"custom_tool_call","status":"completed","call_id":"c1","name":"t","input":"x\ny"})");
  EXPECT_EQ(item_of(Form::search, R"({\"query\":\"q\"})"), R"({"id":"id_1","type":"tool_search_call","status":"completed","call_id":"c1",)"
                                                           R"("execution":"client","arguments":{"query":"q"}})");
  EXPECT_EQ(
      item_of(Form::local_shell, R"({\"command\":[\"ls\"],\"working_directory\":\"/w\"})"),
      R"({"id":"id_1","type":"local_shell_call","status":"completed","call_id":"c1","action":{"type":"exec","command":["ls"],"env":{},)"
      R"("timeout_ms":null,"working_directory":"/w","user":null}})");
}

TEST(ResponsesItems, ACallThatTheClientDidNotNameIsAFunctions) {
  std::string out;
  append_call_item(out, {nullptr, "fc_1", "c1", "made_up", "{}"}, "completed");
  EXPECT_TRUE(out.contains(R"("type":"function_call","status":"completed","call_id":"c1","name":"made_up","arguments":"{}")"));
}

TEST(ResponsesItems, ItemsStandOnOneLine) {
  for (const auto form : {Form::search, Form::local_shell, Form::custom, Form::function})
    EXPECT_FALSE(item_of(form, R"({\n\"command\": [\r\n\"ls\"],\n\"input\":\n\"i\"\n})").contains('\n'));
}

TEST(ResponsesItems, ArgumentsThatAreNoObjectAreShownOrEmpty) {
  EXPECT_EQ(custom_input(R"({\"patch\":\"x\"})"), R"({\"patch\":\"x\"})");
  EXPECT_EQ(custom_input(R"({\"input\":\"cu)"), R"({\"input\":\"cu)");
  EXPECT_TRUE(item_of(Form::search, R"({\"query\":\"cu)").contains(R"("arguments":{})"));
  EXPECT_TRUE(item_of(Form::local_shell, "[1]").contains(R"("command":[])"));
}

}  // namespace
}  // namespace penstock::dialect
