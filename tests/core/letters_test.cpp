#include "core/letters.hpp"

#include <gtest/gtest.h>

namespace lightloom {
namespace {

TEST(VisibleText, OrdersToATerminalAreWrittenOut) {
  EXPECT_EQ(visible_text("a\x1b]0;title\x07z\x7f\r"), "a\\x1b]0;title\\x07z\\x7f\\x0d");
  EXPECT_EQ(visible_text("\xC2\x9B[2J"), "\\x9b[2J");  // the same order in one letter of two bytes
  EXPECT_EQ(visible_text(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(VisibleText, WhatTurnsTheOrderOfLettersIsWrittenOut) {
  EXPECT_EQ(visible_text("a\xE2\x80\xAE z"), "a\\u202e z");
  EXPECT_EQ(visible_text("\xE2\x81\xA6 c\xE2\x81\xA9"), "\\u2066 c\\u2069");
  EXPECT_EQ(visible_text("\xE2\x80\xA8"), "\\u2028");
}

TEST(VisibleText, LettersOfAllLanguagesLineEndsAndTabsStay) {
  for (const char* text : {"", "a\n\tb", "Grün ½ µs × 3", "שלום", "光織機", "\xF0\x9F\x92\xA1",
                           "\xE2\x80\x8E\xE2\x80\x93", "<b>&\"'\\"})
    EXPECT_EQ(visible_text(text), text);
}

TEST(VisibleText, BytesThatAreNoLettersAreWrittenOut) {
  EXPECT_EQ(visible_text("\x9b"), "\\x9b");
  EXPECT_EQ(visible_text("a\xE2\x80"), "a\\xe2\\x80");  // cut off
  EXPECT_EQ(visible_text("\xC0\x9B"), "\\xc0\\x9b");    // longer than it need be
  EXPECT_EQ(visible_text("\xE0\x82\x9B"), "\\xe0\\x82\\x9b");
  EXPECT_EQ(visible_text("\xF8\x88"), "\\xf8\\x88");
}

}  // namespace
}  // namespace lightloom
