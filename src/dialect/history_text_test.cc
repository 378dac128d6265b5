#include "dialect/history_text.h"

#include <gtest/gtest.h>

#include "json/padded.h"

namespace penstock::dialect {
namespace {

std::string with(std::string (*reader)(json::Value), std::string_view block) {
  const json::Padded text(block);
  json::Document document;
  EXPECT_TRUE(document.index(text.text()));
  return reader(document.root());
}

TEST(HistoryText, WhatAReaderWouldSee) {
  const auto text = [](std::string_view block) { return with(history_text, block); };
  EXPECT_EQ(
      text(R"({"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"u1","title":"t \"1\"",)"
           R"("encrypted_content":"xx"},{"type":"web_search_result","url":"u2","title":"t2"}]})"),
      R"(u1\nt \"1\"\nu2\nt2)");
  EXPECT_EQ(text(R"({"type":"web_search_tool_result","content":[{"url":"u","title":"t","encrypted_content":"pw1-d29yZHMKb2Ygw6Q"}]})"),
            R"(u\nt\nwords\nof ä)");
  EXPECT_EQ(text(R"({"type":"web_search_tool_result","content":{"type":"web_search_tool_result_error","error_code":"unavailable"}})"),
            "[web search failed: unavailable]");
  EXPECT_EQ(text(R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"\"q\""}})"), R"([web search: \"q\"])");
  EXPECT_EQ(text(R"({"type":"compaction","content":"what was said","encrypted_content":"x"})"), "what was said");
  EXPECT_EQ(text(R"({"type":"mcp_tool_result","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"), R"(a\nb)");
  EXPECT_EQ(text(R"({"type":"bash_code_execution_tool_result","content":{"type":"r","stdout":"out","stderr":"","return_code":0}})"), "out");
  EXPECT_EQ(text(R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"text":"q"}})"), "");
  EXPECT_EQ(text(R"({"type":"container_upload","file_id":"f"})"), "");
  EXPECT_EQ(text(R"({"type":"tool_reference","tool_name":"Grep"})"), "Grep");
}

TEST(HistoryText, Documents) {
  const auto text = [](std::string_view block) { return with(document_text, block); };
  EXPECT_EQ(text(R"({"title":"T","source":{"type":"text","media_type":"text/plain","data":"a\nb"}})"), R"(T\na\nb)");
  EXPECT_EQ(text(R"({"source":{"type":"content","content":"c"}})"), "c");
  EXPECT_EQ(text(R"({"source":{"type":"content","content":[{"type":"text","text":"c"},{"type":"image"}]}})"), "c");
  EXPECT_EQ(text(R"({"title":"T","source":{"type":"base64","media_type":"application/pdf","data":"JVBER"}})"), "");
  EXPECT_EQ(text("{}"), "");
}

}  // namespace
}  // namespace penstock::dialect
