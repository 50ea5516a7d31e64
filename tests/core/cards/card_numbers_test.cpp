#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

struct Device {
  double loss_db = 1;
  int lanes = 4;
  double energy_pJ = 2;
  std::vector<double> levels{1, 2};
  double inner_mW = 3;
};
void describe(Section& section, Device& card) {
  section.value("loss_db", card.loss_db, not_negative);
  section.value("lanes", card.lanes, {.low = 1, .high = 64});
  section.value("energy_pJ", card.energy_pJ, positive);
  section.default_from("energy_pJ", "a paper");
  section.value("levels", card.levels);
  section.section("inner", [&](Section& inner) { inner.value("power_mW", card.inner_mW); });
}
void describe_device(Section& section) {
  Device unused;
  describe(section, unused);
}

std::vector<CardNumber> numbers_of(const Tree& tree) {
  return card_numbers(tree, [](Section& section) { section.section("device", describe_device); });
}
CardNumber number_of(const Tree& tree, const std::string& path) {
  for (const CardNumber& number : numbers_of(tree))
    if (number.path == path) return number;
  throw Error("no number " + path);
}
std::string source_of_loss(const std::string& text) {
  return number_of(parse_yaml(text, "card.yaml"), "device.loss_db").source;
}

TEST(CardNumbers, AreAllThatAStructReadsGivenOrNotWithTheirRange) {
  const auto numbers =
      numbers_of(parse_yaml("device: {lanes: 8, inner: {power_mW: 5}}", "card.yaml"));
  ASSERT_EQ(numbers.size(), 5U);
  EXPECT_EQ(numbers[0].path, "device.loss_db");
  EXPECT_EQ(numbers[0].value, 1);
  EXPECT_EQ(numbers[0].range.low, 0);
  EXPECT_EQ(numbers[1].path, "device.lanes");
  EXPECT_EQ(numbers[1].kind, CardNumber::Kind::whole);
  EXPECT_EQ(numbers[1].value, 8);
  EXPECT_EQ(numbers[1].range.high, 64);
  EXPECT_TRUE(numbers[2].range.open_low);
  EXPECT_EQ(numbers[3].kind, CardNumber::Kind::list);
  EXPECT_EQ(numbers[4].path, "device.inner.power_mW");
  EXPECT_EQ(numbers[4].value, 5);
}

TEST(CardNumbers, HaveTheNearestSourceThatSpeaksOfThem) {
  EXPECT_EQ(source_of_loss("device: {loss_db: 2, source: {loss_db: one}}"), "one");
  EXPECT_EQ(source_of_loss("device: {loss_db: 2, source: all of it}"), "all of it");
  EXPECT_EQ(source_of_loss("{device: {loss_db: 2}, source: {device: outside}}"), "outside");
  EXPECT_EQ(source_of_loss("{device: {loss_db: 2, source: {loss_db: in}}, source: {device: out}}"),
            "in");
  EXPECT_EQ(source_of_loss("{device: {loss_db: 2, source: {lanes: other}}, source: {lanes: no}}"),
            "");
  const Tree inner =
      parse_yaml("device: {inner: {power_mW: 1}, source: {inner: whole section}}", "card.yaml");
  EXPECT_EQ(number_of(inner, "device.inner.power_mW").source, "whole section");
}

TEST(CardNumbers, InAListOfSectionsHaveTheSourceOfTheSectionThatTheListIsIn) {
  const Tree tree =
      parse_yaml("{lines: [{loss_db: 1}, {loss_db: 2, source: its own}], source: {lines: a table}}",
                 "card.yaml");
  const auto numbers = card_numbers(tree, [](Section& section) {
    section.sections("lines", [](Section& line, std::size_t) {
      double loss_db = 0;
      line.value("loss_db", loss_db);
    });
  });
  ASSERT_EQ(numbers.size(), 2U);
  EXPECT_EQ(numbers[0].path, "lines[0].loss_db");
  EXPECT_EQ(numbers[0].source, "a table");
  EXPECT_EQ(numbers[1].source, "its own");
}

TEST(CardNumbers, LeftToTheirDefaultHaveOnlyASourceThatNamesThem) {
  EXPECT_EQ(source_of_loss("device: {lanes: 2, source: of what is given}"), "");
  EXPECT_EQ(source_of_loss("device: {lanes: 2, source: {loss_db: named}}"), "named");
  const Tree empty = parse_yaml("device: {}", "card.yaml");
  EXPECT_EQ(number_of(empty, "device.energy_pJ").source, "a paper");
  const Tree given = parse_yaml("device: {energy_pJ: 9}", "card.yaml");
  EXPECT_EQ(number_of(given, "device.energy_pJ").source, "");
}

TEST(CardNumbers, TheSourceOfADefaultGoesWithTheResolvedCard) {
  Tree resolved;
  read_card<Device>(parse_yaml("{lanes: 2}", "card.yaml"), &resolved);
  EXPECT_EQ(resolved.find("source")->find("energy_pJ")->scalar, "a paper");
  const Tree again = parse_yaml(to_yaml(resolved), "again.yaml");
  for (const CardNumber& number : card_numbers(again, describe_device))
    EXPECT_EQ(number.source, number.path == "energy_pJ" ? "a paper" : "") << number.path;
}

// A source speaks of what its own file says: another value put on top of it is another's word.
TEST(CardNumbers, PutOnTopOfACardLoseItsSource) {
  const auto folder = scratch_path("numbers");
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "device.yaml")
      << "loss_db: 2\nlanes: 8\nsource: {loss_db: a paper, lanes: a paper}\n";
  std::ofstream(folder / "card.yaml") << "device: {card: device.yaml, lanes: 16}\n";
  const std::string card = (folder / "card.yaml").string();
  EXPECT_EQ(number_of(load_card(card, {}), "device.loss_db").source, "a paper");
  EXPECT_EQ(number_of(load_card(card, {}), "device.lanes").source, "");
  EXPECT_EQ(number_of(load_card(card, {"device.loss_db=3"}), "device.loss_db").source, "");
  std::filesystem::remove_all(folder);
}

TEST(CardNumbers, AreAssumedWhereTheirSourceIsMarked) {
  EXPECT_EQ(provenance_of(""), Provenance::unsourced);
  EXPECT_EQ(provenance_of("Horowitz, ISSCC 2014"), Provenance::published);
  EXPECT_EQ(provenance_of("0.1 W [from memory, unverified]"), Provenance::assumed);
  EXPECT_EQ(provenance_of("Assumption of this card"), Provenance::assumed);
  EXPECT_EQ(provenance_of("design choice: four"), Provenance::assumed);
  EXPECT_EQ(provenance_of("an idealisation; 10 dB is usual"), Provenance::assumed);
}

}  // namespace
}  // namespace lightloom
