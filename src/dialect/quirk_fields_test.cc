#include "dialect/quirk_fields.h"

#include <gtest/gtest.h>

#include "dialect/adapt_for_test.h"

namespace penstock::dialect {
namespace {

TEST(QuirkFields, Table) {
  const std::vector<Case> cases{
      {{{"temperature", "strip"}}, R"({"temperature":0.5,"x":1})", R"({"x":1})"},
      {{{"temperature", "0..1"}}, R"({"temperature":1.5})", R"({"temperature":1})"},
      {{{"temperature", "0..1"}}, R"({"temperature":0.5})", R"({"temperature":0.5})"},
      {{{"temperature", "0..1"}}, R"({"temperature":0})", R"({"temperature":0})"},
      {{{"temperature", "0.5..1"}}, R"({"temperature":0})", R"({"temperature":0.5})"},
      {{{"temperature", "(0..1]"}}, R"({"temperature":0})", R"({"temperature":0.01})"},
      {{{"temperature", "(0..1]"}}, R"({"temperature":2})", R"({"temperature":1})"},
      {{{"temperature", "(0..1]"}}, R"({"temperature":null})", R"({"temperature":null})"},
      {{{"top_p", "strip"}}, R"({"top_p":1,"top_k":2})", R"({"top_k":2})"},
      {{{"top_k", "strip"}}, R"({"top_p":1,"top_k":2})", R"({"top_p":1})"},
      {{{"stop_sequences", "strip"}}, R"({"stop_sequences":["a"]})", "{}"},
      {{{"stop_sequences", "max:2"}}, R"({"stop_sequences":["a","b","c","d"]})", R"({"stop_sequences":["a","b"]})"},
      {{{"stop_sequences", "max:2"}}, R"({"stop_sequences":["a"]})", R"({"stop_sequences":["a"]})"},
      {{{"metadata", "strip"}}, R"({"metadata":{"user_id":"u"}})", "{}"},
      {{{"metadata", "hash"}},
       R"({"metadata":{"user_id":"abc","more":1}})",
       R"({"metadata":{"user_id":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}})"},
      {{{"metadata", "hash"}},
       R"({"metadata":{"user_id":"\u0061bc"}})",
       R"({"metadata":{"user_id":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}})"},
      {{{"metadata", "hash"}}, R"({"metadata":{}})", "{}"},
      {{{"context_management", "strip"}}, R"({"a":0,"context_management":{"edits":[]}})", R"({"a":0})"},
      {{{"output_format", "strip"}}, R"({"output_format":{"type":"json_schema"}})", "{}"},
      {{{"cache_control", "strip"}}, R"({"cache_control":{"type":"ephemeral"},"x":1})", R"({"x":1})"},
      {{{"unknown_fields", "strip"}},
       R"({"model":"m","stream":true,"speed":"fast","max_tokens":1,"container":{"id":"c"},"top_k":1,"sp\u0065ed":0})",
       R"({"model":"m","stream":true,"max_tokens":1,"top_k":1})"},
  };
  for (const auto& each : cases) EXPECT_EQ(adapted(each.quirks, each.before), each.after) << each.before;
}

}  // namespace
}  // namespace penstock::dialect
