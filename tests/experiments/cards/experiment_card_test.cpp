#include "experiments/cards/experiment_card.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "experiments/designs/sweep_grid.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

namespace fs = std::filesystem;

class ExperimentCards : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_folder("cards");
    write("a.yaml", "kind: ideal\nrows: 4\ncolumns: 8\n");
    write("b.yaml", "card: a.yaml\nrows: 16\n");
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }
  [[nodiscard]] Tree card(const std::string& text) const {
    write("card.yaml", text);
    return load_card(folder_ + "/card.yaml", {});
  }
  std::string folder_;
};

TEST_F(ExperimentCards, SweptSectionsAreCardsAndSweptTextsAreTexts) {
  const Tree whole = with_cards_of_experiment(
      card("core: b.yaml\nsweep: {core: [a.yaml, b.yaml], name: [a.yaml, one], batch: [1, 2]}\n"));
  fs::remove_all(folder_);  // the card stands by itself
  const SweepGrid grid = read_grid(whole);
  ASSERT_EQ(grid.points(), 8u);
  EXPECT_EQ(grid.axes[0].values[1].kind, Tree::Kind::mapping);
  EXPECT_EQ(grid.axes[1].values[0].scalar, "a.yaml");
  EXPECT_EQ(read_experiment(grid.card_at(whole, 0)).hardware.core.rows, 4);
  EXPECT_EQ(read_experiment(grid.card_at(whole, 7)).hardware.core.rows, 16);
  EXPECT_EQ(read_experiment(grid.card_at(whole, 7)).hardware.core.columns, 8);
  EXPECT_EQ(read_experiment(grid.card_at(whole, 0)).name, "a.yaml");
  EXPECT_EQ(read_experiment(whole).hardware.core.rows, 16);
}

TEST_F(ExperimentCards, AreResolvedWithTheirCardsInTheirPlaces) {
  const Experiment named = read_experiment(
      card("summary: see a.yaml\nname: a.yaml\ncore: b.yaml\nsweep: {core: [a.yaml, b.yaml]}\n"));
  EXPECT_EQ(named.summary, "see a.yaml");
  EXPECT_EQ(named.name, "a.yaml");
  const Experiment written = read_experiment(
      card("summary: see a.yaml\nname: a.yaml\ncore: {kind: ideal, rows: 16, columns: 8}\nsweep: "
           "{core: [{kind: ideal, rows: 4, columns: 8}, {kind: ideal, rows: 16, columns: 8}]}\n"));
  EXPECT_EQ(to_yaml(named.resolved), to_yaml(written.resolved));
  EXPECT_EQ(named.keys.student, written.keys.student);
}

TEST_F(ExperimentCards, AreResolvedWithTheBaselinesThatTheyAreComparedWith) {
  for (const std::string more : {"", "baselines:\n", "baselines: []\n",
                                 "baselines: [{source: lsq, bits: 3, label: learned}]\n"}) {
    const Experiment given =
        read_experiment(parse_yaml("weights: {source: integer, bits: 4}\n" + more, "t"));
    const Experiment again = read_experiment(parse_yaml(to_yaml(given.resolved), "t"));
    EXPECT_EQ(given.resolved.find("baselines")->items.size(), given.network.baselines.size());
    EXPECT_EQ(source_labels(again.network), source_labels(given.network)) << more;
    EXPECT_EQ(to_yaml(again.resolved), to_yaml(given.resolved)) << more;
    EXPECT_EQ(again.keys.layers, given.keys.layers) << more;
  }
  const Experiment silent = read_experiment(parse_yaml("name: a\n", "t"));
  EXPECT_EQ(source_labels(silent.network),
            (std::vector<std::string>{"dense", "int8", "int4", "int3", "int2"}));
}

TEST_F(ExperimentCards, ListABaselineThatIsTheCardsOwnSourceOnce) {
  const auto labels = [&](const std::string& text) {
    const Experiment card = read_experiment(parse_yaml(text, "t"));
    EXPECT_EQ(card.resolved.find("baselines")->items.size(), card.network.baselines.size()) << text;
    return source_labels(card.network);
  };
  using Labels = std::vector<std::string>;
  const std::string list = "\nbaselines: [{source: integer, bits: 8}, {source: dense}]";
  EXPECT_EQ(labels("weights: {source: integer, bits: 8}" + list), (Labels{"int8", "dense"}));
  EXPECT_EQ(labels("weights: {source: dense}" + list), (Labels{"dense", "int8"}));
  // What only training reads makes no other source of it, nor do bits that hold anyway.
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, activations: 8, weight_clip: 1}" + list),
            (Labels{"int8", "dense"}));
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, fc_bits: 8}" + list),
            (Labels{"int8", "dense"}));
  // Other words do, in one layer too.
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, fc_bits: 4}" + list),
            (Labels{"int8/4", "int8", "dense"}));
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, scales: filter}" + list),
            (Labels{"int8", "int8 (2)", "dense"}));
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, layers: [{layer: a, bits: 2}]}" + list),
            (Labels{"int8", "int8 (2)", "dense"}));
  EXPECT_EQ(labels("weights: {source: integer, bits: 8, layers: [{layer: a, bits: 2}]}\n"
                   "baselines: [{source: integer, bits: 8, layers: [{layer: a, bits: 2}]}]"),
            (Labels{"int8"}));
  EXPECT_EQ(labels("weights: {source: lsq, bits: 8}" + list), (Labels{"lsq", "int8", "dense"}));
}

TEST_F(ExperimentCards, LabelsSayTheBitsOfTheStoredWords) {
  const auto label = [](const std::string& text) {
    return label_of(read_experiment(parse_yaml("weights: {" + text + "}", "t")).network.weights);
  };
  EXPECT_EQ(label("source: dense"), "dense");
  EXPECT_EQ(label("source: dense, dense_bits: 16, fc_bits: 16"), "dense");  // kept as floats
  EXPECT_EQ(label("source: dense, dense_bits: 8, fc_bits: 8"), "dense8");
  EXPECT_EQ(label("source: dense, fc_bits: 8"), "dense32/8");
  EXPECT_EQ(label("source: integer, bits: 23"), "int23");
  EXPECT_EQ(label("source: integer, bits: 24"), "int32");
  EXPECT_EQ(label("source: integer, bits: 4, fc_bits: 8"), "int4/8");
  EXPECT_EQ(label("source: ternary"), "ternary");
  EXPECT_EQ(label("source: huffman"), "huffman4");
  EXPECT_EQ(label("source: huffman, bits: 3, fc_bits: 8"), "huffman3/8");
}

TEST_F(ExperimentCards, KeysAreThoseOfTheSectionsThatTheWorkDependsOn) {
  const auto keys = [&](const std::string& more) {
    return read_experiment(parse_yaml("weights: {source: integer, bits: 4}\n" + more, "t")).keys;
  };
  const SectionKeys base = keys("");
  EXPECT_EQ(keys("chips: 3\ncore: {rows: 4}").student, base.student);
  EXPECT_NE(keys("seed: 1").data, base.data);
  EXPECT_NE(keys("dataset: {train_limit: 9}").graph, base.graph);
  EXPECT_EQ(keys("train: {epochs: 9}\nteacher: {epochs: 5}").float_network, base.float_network);
  EXPECT_NE(keys("train: {epochs: 9}").student, base.student);
  EXPECT_NE(keys("teacher: {epochs: 9}").float_network, base.float_network);
  EXPECT_NE(keys("teacher: {epochs: 9}").student, base.student);
  EXPECT_NE(keys("baselines: []").layers, base.layers);
  EXPECT_EQ(keys("baselines: []").student, base.student);
  const std::string aware = "train: {noise_aware: true}\n";
  EXPECT_NE(keys(aware + "core: {rows: 4}").student, keys(aware).student);
}

TEST_F(ExperimentCards, ACardOfAnyKindIsWrittenOutButItsTextsAreLeft) {
  write("dram.yaml", "name: mine\n");
  const Tree memory = written_out(card("dram: dram.yaml\nnotes: a.yaml\n"));
  EXPECT_EQ(memory.find("dram")->find("name")->scalar, "mine");
  EXPECT_EQ(memory.find("notes")->scalar, "a.yaml");
  const Tree experiment = written_out(card("core: b.yaml\nmodel: cnn3\nname: a.yaml\n"));
  EXPECT_EQ(experiment.find("core")->find("rows")->scalar, "16");
  EXPECT_EQ(experiment.find("model")->scalar, "cnn3");
  EXPECT_EQ(experiment.find("name")->scalar, "a.yaml");
}

}  // namespace
}  // namespace lightloom::experiments
