#include "dialect/openai_media.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "json/padded.h"

namespace penstock::dialect {
namespace {

using llm::Media;

class OpenAiMedia : public testing::Test {
 protected:
  json::Value string(std::string_view written) {
    text_.assign("\"" + std::string(written) + "\"");
    EXPECT_TRUE(document_.index(text_.text()));
    return document_.root();
  }
  MediaPart image(std::string_view url) { return read_image_url(string(url), {"low"}, llm::CacheMark::none, request_); }
  MediaPart file(std::string_view data) { return read_file_data(string(data), {"name"}, llm::CacheMark::none, request_); }

 private:
  json::Padded text_;
  json::Document document_;
  llm::Request request_;
};

TEST_F(OpenAiMedia, AnAddressStaysOne) {
  const auto part = image("https:\\/\\/a.example\\/i.png");
  ASSERT_TRUE(part);
  const auto& made = std::get<llm::ImagePart>(part->is);
  EXPECT_EQ(made.media.from, Media::From::url);
  EXPECT_EQ(made.media.data.written, "https://a.example/i.png");
  EXPECT_EQ(made.detail.written, "low");
}

TEST_F(OpenAiMedia, ADataUrlIsItsBytes) {
  const auto part = image("DATA:image/png;charset=x;BASE64,aGk=");
  ASSERT_TRUE(part);
  const auto& media = std::get<llm::ImagePart>(part->is).media;
  EXPECT_EQ(media.from, Media::From::base64);
  EXPECT_EQ(media.type.written, "image/png");
  EXPECT_EQ(media.data.written, "aGk=");
}

TEST_F(OpenAiMedia, WhatIsNoBase64IsRefused) {
  EXPECT_EQ(image("data:image/svg+xml,<svg>").error(), "expected an address or a data URL in base64");
  EXPECT_EQ(file("data:text/plain,hi").error(), "expected a data URL in base64");
  EXPECT_EQ(file("data:text/plain;base64,???").error(), "the base64 is broken");
}

TEST_F(OpenAiMedia, FilesBecomeWhatTheyAre) {
  EXPECT_TRUE(std::holds_alternative<llm::DocumentPart>(image("data:application/pdf;base64,JVBERg==")->is));
  EXPECT_TRUE(std::holds_alternative<llm::ImagePart>(file("data:image/png;base64,aGk=")->is));
  const auto pdf = file("JVBERg==");
  EXPECT_EQ(std::get<llm::DocumentPart>(pdf->is).media.type.written, "application/pdf");
  EXPECT_EQ(std::get<llm::DocumentPart>(pdf->is).title.written, "name");
  const auto text = file("data:text/csv;base64,YSwiYiIK");
  const auto& media = std::get<llm::DocumentPart>(text->is).media;
  EXPECT_EQ(media.from, Media::From::text);
  EXPECT_EQ(media.data.written, R"(a,\"b\"\n)");
}

}  // namespace
}  // namespace penstock::dialect
