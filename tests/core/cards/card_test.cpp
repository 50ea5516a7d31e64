#include "core/cards/card.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom {
namespace {

enum class Kind { ring, mesh };

struct Example {
  double bandwidth_GBps = 12;
  int rows = 8;
  bool local = false;
  Kind kind = Kind::ring;
  std::string name = "none";
  std::vector<double> levels{1, 2};
  std::vector<std::string> files;
  int inner_bits = 4;
};

void describe(Section& section, Example& card) {
  section.value("bandwidth_GBps", card.bandwidth_GBps, positive);
  section.value("rows", card.rows, {.low = 1, .high = 64});
  section.value("local", card.local);
  section.choice("kind", card.kind, {{"ring", Kind::ring}, {"mesh", Kind::mesh}});
  section.value("name", card.name);
  section.value("levels", card.levels, not_negative);
  section.value("files", card.files);
  section.section("inner", [&](Section& inner) {
    inner.value("bits", card.inner_bits, {.low = 1, .high = 16});
  });
}

Example read(const std::string& text, Tree* resolved = nullptr) {
  return read_card<Example>(parse_yaml(text, "card.yaml"), resolved);
}

std::string problem_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string folder_with(const std::string& name, const std::string& text) {
  const auto folder = scratch_path("cards");
  std::filesystem::create_directories((folder / name).parent_path());
  std::ofstream(folder / name) << text;
  return folder.string();
}

TEST(Card, ReadsEveryKindOfValueAndLeavesDefaults) {
  const Example card =
      read("{bandwidth_GBps: 3.5e1, local: true, kind: mesh, levels: [0, 4], inner: {bits: 7}}");
  EXPECT_EQ(card.bandwidth_GBps, 35);
  EXPECT_EQ(card.rows, 8);
  EXPECT_TRUE(card.local);
  EXPECT_EQ(card.kind, Kind::mesh);
  EXPECT_EQ(card.levels, (std::vector<double>{0, 4}));
  EXPECT_EQ(card.inner_bits, 7);
}

TEST(Card, TakesOneValueForAListOfIt) {
  Tree resolved;
  const Example card = read("{levels: 0.5, files: x.npz}", &resolved);
  EXPECT_EQ(card.levels, (std::vector<double>{0.5}));
  EXPECT_EQ(card.files, (std::vector<std::string>{"x.npz"}));
  EXPECT_NE(to_yaml(resolved).find("[x.npz]"), std::string::npos) << to_yaml(resolved);
  EXPECT_NE(problem_of("levels: -0.5").find("list of numbers"), std::string::npos);
  EXPECT_NE(problem_of("levels: much").find("list of numbers"), std::string::npos);
  EXPECT_NE(problem_of("files: \"\"").find("list of texts"), std::string::npos);
  EXPECT_NE(problem_of("files: {a: b}").find("list of texts, not a mapping"), std::string::npos);
}

TEST(Card, TheResolvedCardHoldsDefaultsAndReadsBackToTheSame) {
  Tree resolved;
  read("{rows: 5, kind: mesh, source: {rows: a paper}}", &resolved);
  const std::string text = to_yaml(resolved);
  EXPECT_NE(text.find("bandwidth_GBps: 12"), std::string::npos) << text;
  EXPECT_NE(text.find("a paper"), std::string::npos) << text;
  Tree again;
  read(text, &again);
  EXPECT_EQ(to_yaml(again), text);
}

TEST(Card, AnUnknownKeyNamesFileLineAndTheNearestKey) {
  const std::string problem = problem_of("rows: 2\nbandwith_GBps: 3\n");
  EXPECT_NE(problem.find("card.yaml:2"), std::string::npos) << problem;
  EXPECT_NE(problem.find("did you mean 'bandwidth_GBps'"), std::string::npos) << problem;
}

/// Of a number or a mapping, whose key is asked for twice.
struct EitherWay {
  double number = 0;
};
void describe(Section& section, EitherWay& card) {
  section.value("chips", card.number);
  section.value("chips", card.number);
}

TEST(Card, KeysThatAreKnownAreNamedOnce) {
  try {
    read_card<EitherWay>(parse_yaml("other: 1\n", "card.yaml"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("(known here: chips)"), std::string::npos)
        << error.what();
  }
}

TEST(Card, AllProblemsAreReportedAtOnce) {
  const std::string problem = problem_of(
      "rows: 65\nlocal: perhaps\nkind: rings\nlevels: {a: 3}\ninner: {bits: x}\nname: "
      "[a]\nunheard_of: "
      "1\n");
  for (const char* key :
       {"'rows'", "'local'", "'kind'", "'levels'", "'inner.bits'", "'name'", "'unheard_of'"})
    EXPECT_NE(problem.find(key), std::string::npos) << key << " in " << problem;
  EXPECT_EQ(std::count(problem.begin(), problem.end(), '\n'), 6);
}

TEST(Card, RangesIncludeTheirEndsAndRefuseOnePast) {
  EXPECT_EQ(problem_of("{rows: 1}"), "");
  EXPECT_EQ(problem_of("{rows: 64}"), "");
  EXPECT_NE(problem_of("{rows: 0}"), "");
  EXPECT_NE(problem_of("{rows: 65}"), "");
  EXPECT_NE(problem_of("{bandwidth_GBps: 0}"), "");
  EXPECT_NE(problem_of("{bandwidth_GBps: .nan}"), "");
  EXPECT_NE(problem_of("{rows: 99999999999999999999}"), "");
  EXPECT_NE(problem_of("{rows: 2.5}"), "");
  EXPECT_NE(problem_of("[1, 2]"), "");
}

TEST(Card, SettingsReplaceValuesByPathAndCreateMissingSections) {
  Tree tree = parse_yaml("{rows: 3}", "card.yaml");
  apply_setting(tree, "inner.bits=9", "card.yaml");
  apply_setting(tree, "rows=4", "card.yaml");
  apply_setting(tree, "levels=[5, 6]", "card.yaml");
  const Example card = read_card<Example>(tree);
  EXPECT_EQ(card.inner_bits, 9);
  EXPECT_EQ(card.rows, 4);
  EXPECT_EQ(card.levels, (std::vector<double>{5, 6}));
  for (const char* wrong : {"rows", "=3", "rows.=3", ".rows=3", "a..b=3", "rows.x=3"})
    EXPECT_THROW(apply_setting(tree, wrong, "card.yaml"), Error) << wrong;
}

TEST(Card, ASectionMayBeAnotherCardWithKeysOnTop) {
  const std::string folder = folder_with("devices/inner.yaml", "bits: 3\n");
  folder_with("whole.yaml", "inner: devices/inner.yaml\n");
  folder_with("on-top.yaml", "inner: {card: devices/inner.yaml, bits: 5}\n");
  EXPECT_EQ(read_card<Example>(load_card(folder + "/whole.yaml", {})).inner_bits, 3);
  EXPECT_EQ(read_card<Example>(load_card(folder + "/on-top.yaml", {})).inner_bits, 5);
  EXPECT_EQ(read_card<Example>(load_card(folder + "/whole.yaml", {"inner.bits=6"})).inner_bits, 6);
}

// A section inside an override changes what it names and leaves the card's other keys there.
TEST(Card, KeysOnTopOfACardReachIntoItsSections) {
  const std::string folder = folder_with(
      "base.yaml", "a: {b: 1, c: {d: 2, e: 3}, list: [1, 2]}\nf: {card: inside.yaml}\n");
  folder_with("inside.yaml", "g: 4\nh: 5\n");
  const auto merged = [&](const std::string& on_top) {
    return to_yaml(
        section_of(parse_yaml("{card: " + folder + "/base.yaml, " + on_top + "}", "test")));
  };
  EXPECT_EQ(
      merged("a: {c: {e: 6}, list: [7]}"),
      to_yaml(parse_yaml("a: {b: 1, c: {d: 2, e: 6}, list: [7]}\nf: {card: inside.yaml}", "")));
  EXPECT_EQ(merged("f: {h: 8}"),
            to_yaml(parse_yaml("a: {b: 1, c: {d: 2, e: 3}, list: [1, 2]}\nf: {g: 4, h: 8}", "")));
  EXPECT_EQ(merged("a: 9"), to_yaml(parse_yaml("a: 9\nf: {card: inside.yaml}", "")));
  EXPECT_EQ(merged("a: {card: other.yaml}"),  // another card takes the place of the section
            to_yaml(parse_yaml("a: {card: other.yaml}\nf: {card: inside.yaml}", "")));
}

TEST(Card, ASourceMayCiteACardWithoutBeingReplacedByIt) {
  const std::string folder =
      folder_with("cites.yaml", "rows: 3\nsource: {rows: as in other.yaml}\n");
  EXPECT_EQ(read_card<Example>(load_card(folder + "/cites.yaml", {})).rows, 3);
}

/// Texts of every kind beside sections, to read and to resolve.
struct Noted {
  std::string notes;
  std::vector<std::string> files;
  std::vector<int> bits;
  Tree device;
};

void describe(Section& section, Noted& card) {
  section.value("notes", card.notes);
  section.value("files", card.files);
  section.sections("layers", [&](Section& inner, std::size_t) {
    inner.value("bits", card.bits.emplace_back(0));
  });
  card.device = section.tree("device");
}

TEST(Card, ATextThatEndsAsACardsNameIsATextWhereATextIsExpected) {
  const std::string folder =
      folder_with("noted.yaml",
                  "notes: other.yaml\nfiles: [inner.yaml, missing.yaml]\nlayers: [inner.yaml, "
                  "{card: inner.yaml, bits: 7}]\ndevice: fitted.yaml\n");
  folder_with("inner.yaml", "bits: 3\n");
  folder_with("other.yaml", "bits: 4\n");
  folder_with("fitted.yaml", "command: lightloom fit -o fitted.yaml\nkind: device.yaml\n");
  Tree resolved;
  const auto card = read_card<Noted>(load_card(folder + "/noted.yaml", {}), &resolved);
  EXPECT_EQ(card.notes, "other.yaml");
  EXPECT_EQ(card.files, (std::vector<std::string>{"inner.yaml", "missing.yaml"}));
  EXPECT_EQ(card.bits, (std::vector<int>{3, 7}));
  EXPECT_EQ(card.device.find("command")->scalar, "lightloom fit -o fitted.yaml");
  EXPECT_EQ(card.device.find("kind")->scalar, "device.yaml");
  EXPECT_EQ(resolved.find("device")->find("kind")->scalar, "device.yaml");
  // What was resolved reads as the same again, anywhere.
  const auto again = read_card<Noted>(parse_yaml(to_yaml(resolved), "again"));
  EXPECT_EQ(again.bits, card.bits);
  EXPECT_EQ(again.notes, card.notes);
  // From the command line, too, and with every card in its place.
  const auto set = read_card<Noted>(
      load_card(folder + "/noted.yaml", {"notes=a.yml", "device=inner.yaml", "layers=[]"}));
  EXPECT_EQ(set.notes, "a.yml");
  EXPECT_EQ(set.device.find("bits")->scalar, "3");
  const Tree whole = with_cards(load_card(folder + "/noted.yaml", {}), [](Section& section) {
    Noted unused;
    describe(section, unused);
  });
  EXPECT_EQ(whole.find("notes")->scalar, "other.yaml");
  EXPECT_EQ(whole.find("layers")->items[1].find("bits")->scalar, "7");
  EXPECT_EQ(whole.find("layers")->items[0].find("bits")->scalar, "3");
  EXPECT_EQ(whole.find("device")->find("kind")->scalar, "device.yaml");
}

TEST(Card, APathIsLookedForBesideTheCardThatNamesIt) {
  const std::string folder = folder_with("devices/deep/inner.yaml", "bits: 3\n");
  folder_with("devices/base.yaml", "card: deep/inner.yaml\n");
  folder_with("far.yaml", "inner: devices/base.yaml\n");
  EXPECT_EQ(read_card<Example>(load_card(folder + "/far.yaml", {})).inner_bits, 3);
  EXPECT_EQ(
      read_card<Example>(load_card(folder + "/far.yaml", {"inner=devices/base.yaml"})).inner_bits,
      3);
  try {
    read_card<Example>(load_card(folder + "/far.yaml", {"inner=absent.yaml", "rows=0"}));
    FAIL();
  } catch (const Error& error) {  // all problems at once
    EXPECT_NE(std::string(error.what()).find("--set inner=absent.yaml:1: card 'absent.yaml' does"),
              std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("'rows' is 0"), std::string::npos) << error.what();
  }
}

TEST(Card, AProblemInAnIncludedCardNamesThatCard) {
  const std::string folder = folder_with("devices/bad.yaml", "# a comment\nbitz: 3\n");
  folder_with("names-bad.yaml", "inner: devices/bad.yaml\n");
  try {
    read_card<Example>(load_card(folder + "/names-bad.yaml", {}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("bad.yaml:2"), std::string::npos) << error.what();
  }
}

TEST(Card, CardsThatIncludeOneAnotherInACircleAreRefused) {
  const auto problem = [](const std::string& path, const std::vector<std::string>& settings) {
    try {
      read_card<Example>(load_card(path, settings));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string folder = folder_with("circle.yaml", "inner: circle.yaml\n");
  folder_with("base.yaml", "card: top.yaml\n");
  folder_with("top.yaml", "card: base.yaml\n");
  for (const char* name : {"/circle.yaml", "/base.yaml"})
    EXPECT_NE(problem(folder + name, {}).find("includes itself (a circle)"), std::string::npos)
        << problem(folder + name, {});
  EXPECT_NE(problem(folder + "/circle.yaml", {"inner.inner.bits=3"}).find("a circle"),
            std::string::npos);
  EXPECT_THROW(load_card(folder + "/absent.yaml", {}), Error);
}

TEST(Card, HostileTextsAreRefusedQuickly) {
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 12; ++i) {
    std::string line = fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) line += fmt::format("{}*a{}", j == 0 ? "" : ", ", i - 1);
    bomb += line + "]\n";
  }
  EXPECT_THROW(parse_yaml(bomb, "bomb"), Error);
  EXPECT_THROW(parse_yaml(std::string(100'000, '['), "deep"), Error);
  std::string keys, items = "x: [1";
  for (int i = 0; i < 100'000; ++i) keys += fmt::format("k{}: 1\n", i);
  for (int i = 0; i < 1'500'000; ++i) items += ",1";
  for (const std::string& text : {keys, items + "]", "{" + std::string(4'000'000, ',')})
    EXPECT_THROW(parse_yaml(text, "large"), Error) << text.substr(0, 20);
  EXPECT_NO_THROW(parse_yaml(items.substr(0, 100'000) + "1]", "a long axis"));
  EXPECT_THROW(parse_yaml("a: 1\na: 2\n", "twice"), Error);
  EXPECT_THROW(parse_yaml("a: [1, 2\n", "open"), Error);
  EXPECT_THROW(parse_yaml(std::string("a\0b", 3), "binary"), Error);
}

TEST(Card, TextsThatAreNotUnicodeAreRefusedForTheyCannotBeWrittenOut) {
  const auto why = [](const std::string& text) -> std::string {
    try {
      return to_yaml(parse_yaml(text, "card.yaml"));
    } catch (const Error& error) {
      return error.what();
    }
  };
  // Latin 1, cut off, too long a form of '/', a surrogate, past the last letter, kept free twice.
  for (const char* bytes : {"m\xfcller", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xef\xbf\xbf", "\xef\xb7\x90", "\x87", "\xf8\x88\x80\x80\x80"})
    for (const std::string& text :
         {"x: 1\ny: " + std::string(bytes) + "z\n", "x: 1\n" + std::string(bytes) + ": 2\n",
          "x: 1\ny: [1, \"" + std::string(bytes) + " \"]\n"})
      EXPECT_TRUE(why(text).starts_with("card.yaml:2: a text that is not UTF-8")) << text;
  EXPECT_TRUE(why("x: \"\\uD800\"").starts_with("card.yaml:1")) << "an escape of a surrogate";
  EXPECT_EQ(why("x: m\xc3\xbcller\n"), "x: m\xc3\xbcller\n");
  const std::string letters = "\xe5\x85\x89 \xf0\x9f\x92\xa1 \xf4\x8f\xbf\xbd";
  EXPECT_EQ(parse_yaml(to_yaml(parse_yaml("x: " + letters, "a")), "b").find("x")->scalar, letters);
}

}  // namespace
}  // namespace lightloom
