#include "experiments/results/html_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "experiments/results/page_pieces.hpp"

namespace lightloom::experiments {
namespace {

TEST(HtmlText, NoMarkOfATextIsMarkup) {
  EXPECT_EQ(html_text("<a href=\"x\" title='y'>&amp;</a>"),
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
}

TEST(HtmlText, WhatNobodyWouldSeeIsWrittenOutAndLettersStay) {
  EXPECT_EQ(html_text("a\x1b[2J\xE2\x80\xAE\xC2\xB5s\n"), "a\\x1b[2J\\u202e\xC2\xB5s\n");
}

TEST(HtmlText, NoTextOfJsonEndsItsScript) {
  const std::string text = "</script><!--<script>";
  const std::string json = script_json({{"<a>", text}});
  EXPECT_EQ(json.find('<'), std::string::npos) << json;
  EXPECT_EQ(Json::parse(json)["<a>"], text);
}

TEST(HtmlText, TitlesAndLinesOfPiecesAreText) {
  const std::string evil = "</title><script>alert(1)</script>";
  const std::string page =
      whole_page(evil, evil, sentences(evil, {evil}) + bars({.title = evil, .values = {1, 2}}));
  EXPECT_EQ(page.find("<script"), std::string::npos) << page;
  EXPECT_EQ(page.find(evil), std::string::npos);
}

}  // namespace
}  // namespace lightloom::experiments
