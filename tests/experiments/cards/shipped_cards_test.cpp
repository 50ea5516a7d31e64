// docs/use/cards.md names every key that an experiment card takes at its first two levels, and no
// other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "experiments/cards/experiment_card.hpp"

namespace lightloom::experiments {
namespace {

std::string keys_page() {
  std::ostringstream all;
  all << std::ifstream(LIGHTLOOM_SOURCE_DIR "/docs/use/cards.md").rdbuf();
  return all.str();
}

/// The text below a heading, up to the next.
std::string chapter(const std::string& text, const std::string& heading) {
  const std::size_t start = text.find("\n## " + heading);
  EXPECT_NE(start, std::string::npos) << heading;
  return text.substr(start, text.find("\n## ", start + 4) - start);
}

bool names(const std::string& text, const std::string& key) {
  for (const char* end : {"`", ".", ":"})
    if (text.find("`" + key + end) != std::string::npos) return true;
  return false;
}

TEST(CardsPage, NamesEveryKey) {
  const Tree card = read_experiment(Tree::mapping()).resolved;
  const std::string text = keys_page();
  for (const auto& [key, value] : card.pairs)
    EXPECT_TRUE(names(chapter(text, "The experiment"), key)) << key;
  for (const char* section : {"dataset", "weights", "train"}) {
    const std::string part = chapter(text, fmt::format("`{}`", section));
    for (const auto& [key, value] : card.find(section)->pairs)
      EXPECT_TRUE(names(part, key)) << section << "." << key;
  }
  const std::string hardware = chapter(text, "`generator`");
  for (const char* section : {"programming", "digital", "schedule"})
    for (const auto& [key, value] : card.find(section)->pairs)
      EXPECT_TRUE(names(hardware, key) || names(hardware, std::string(section) + "." + key))
          << section << "." << key;
}

TEST(CardsPage, EveryCardInTheTreeIsRead) {
  int cards = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(LIGHTLOOM_SOURCE_DIR "/data/experiments")) {
    if (entry.path().extension() != ".yaml") continue;
    Tree card = load_card(entry.path().string(), {});
    std::erase_if(card.pairs, [](const TreeEntry& one) { return one.key == "sweep"; });
    EXPECT_NO_THROW(read_experiment(card)) << entry.path();
    ++cards;
  }
  EXPECT_GE(cards, 4);
}

}  // namespace
}  // namespace lightloom::experiments
