// Pages of every kind from texts that try to be markup and script, in Chromium.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "calibration/calibrate.hpp"
#include "calibration/model/chip_card.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/results/fit_page.hpp"
#include "experiments/results/report.hpp"
#include "experiments/studies/validation/validation.hpp"
#include "experiments/studies/validation/validation_pages.hpp"
#include "tests/experiments/example_results.hpp"

namespace lightloom::experiments {
namespace {

/// Each says so in the page if it is run, or turns what stands around it.
const std::vector<std::string>& hostile_texts() {
  static const std::string act = "document.documentElement.dataset.broken=1";
  static const std::vector<std::string> all{
      "<script>" + act + "</script>",
      "</script><script>" + act + "</script>",
      "<img src=x onerror=\"" + act + "\">",
      "\"><svg onload='" + act + "'>",
      "' onmouseover='" + act + "' x='",
      "</title></h1></style><iframe srcdoc='<script>parent." + act + "</script>'>",
      "<!--<script>",
      "-->]]>{{style}}{{data}}",
      "\\u003cscript>" + act + "</script>",
      "javascript:" + act,
      "${" + act + "}`",
      "a\nb\r\nc\td",
      "\xE2\x80\xAE"
      "drawkcab \xE2\x81\xA6 x \xE2\x80\xA8 y",
      "\x1b[31m",
      "__proto__",
      "constructor",
      "&lt;b&gt;&#60;b&#62;"};
  return all;
}

std::string hostile_text(std::size_t number) {
  return hostile_texts()[number % hostile_texts().size()] + std::to_string(number);
}

void make_hostile(Values& values, std::size_t& number) {
  if (auto* texts = std::get_if<std::vector<std::string>>(&values))
    for (std::string& text : *texts) text = hostile_text(number++);
}

template <class Described>
void make_hostile(std::vector<Described>& all, std::size_t& number) {
  for (Described& one : all) {
    if (one.unit != "s" && one.unit != "J") one.unit = hostile_text(number++);
    one.long_name = hostile_text(number++);
    make_hostile(one.values, number);
  }
}

/// The results with every text another, but for the names by which the page chooses its charts.
Labelled hostile(Labelled data) {
  std::size_t number = 0;
  make_hostile(data.axes, number);
  make_hostile(data.variables, number);
  for (auto& [name, value] : data.attributes)
    if (name != "kind" && name != "sweep_axes") value = hostile_text(number++);
  for (const std::string& text : hostile_texts()) data.attributes[text] = text;
  data.attributes["images_chose"] = hostile_text(number++);
  data.add({hostile_text(0), {}, std::vector<double>{1}, hostile_text(1), hostile_text(2)});
  return data;
}

/// A sweep whose axes have hostile names too.
Labelled hostile_sweep() {
  Labelled data = hostile(example_sweep());
  std::string names;
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    const std::string before = data.axes[k].name, name = hostile_text(2 * k);
    data.axes[k].name = name;
    for (Variable& variable : data.variables)
      for (std::string& axis : variable.axes)
        if (axis == before) axis = name;
    names += (k > 0 ? "," : "") + name;
  }
  data.attributes["sweep_axes"] = names;
  return data;
}

class HostilePages : public testing::Test {
 protected:
  void SetUp() override { folder_ = scratch_folder("hostile"); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void expect_harmless(const std::string& page) const {
    write_file(folder_ + "/page.html", page);
    const Ran ran =
        run_shell(fmt::format("/usr/bin/python3 {}/tests/experiments/results/hostile_page.py {}",
                              LIGHTLOOM_SOURCE_DIR, folder_ + "/page.html"));
    if (ran.code == 77) GTEST_SKIP() << ran.output;
    EXPECT_EQ(ran.code, 0) << ran.output << ran.errors;
  }
  void expect_harmless(const Labelled& data) const { expect_harmless(report_page(data)); }

  /// What the program writes with these words, which name a file `made.h5`.
  [[nodiscard]] Labelled made(const std::string& words) const {
    const Ran ran = run_shell(fmt::format("cd {} && {} {}", folder_, program(), words));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return read_labelled(folder_ + "/made.h5");
  }

  std::string folder_;
};

TEST_F(HostilePages, OfARunAreHarmless) { expect_harmless(hostile(example_run(16))); }

TEST_F(HostilePages, OfASweepAreHarmless) { expect_harmless(hostile_sweep()); }

TEST_F(HostilePages, OfTilesAreHarmless) {
  write_file(folder_ + "/c.yaml", "name: c\nmeasure: [cost]\nschedule: {cores: 2}\n");
  expect_harmless(hostile(made("cost c.yaml --quiet --timeline made.h5")));
}

TEST_F(HostilePages, OfCostsAreHarmless) {
  write_file(folder_ + "/c.yaml", "name: c\nmeasure: [cost]\n");
  expect_harmless(hostile(made("run c.yaml --quiet -o made.h5")));
}

TEST_F(HostilePages, OfAMeshAreHarmless) {
  write_file(folder_ + "/m.csv", "0,1,0\n1,0,0\n0,0,1\n");
  expect_harmless(hostile(made("decompose m.csv -o made.h5")));
}

TEST_F(HostilePages, OfAFitAreHarmless) {
  calibration::ChipCard card;
  card.modes = 3;
  const calibration::ChipShape shape = calibration::chip_shape(card);
  calibration::Calibration found;
  found.fit.parameters = calibration::design_parameters(shape, card);
  found.fit.sigma.assign(found.fit.parameters.size(), 0.1);
  found.residuals.by_detector = found.residuals.by_input = found.residuals.by_setting = {1, 2};
  found.residuals.histogram[3] = 5;
  found.warnings = found.needed = found.fit.notes = found.visibility.null_directions =
      hostile_texts();
  std::string data;
  for (const std::string& text : hostile_texts()) data += text + " ";
  expect_harmless(calibration_page(shape, found, data));
}

TEST_F(HostilePages, OfPublishedChipsAreHarmless) {
  Validation validation;
  for (const std::string& text : hostile_texts()) {
    ValidatedChip chip;
    chip.card.name = chip.card.summary = chip.card.paper = text;
    ChipInput input;
    input.name = input.number.unit = input.number.source = text;
    input.sets = {text};
    chip.card.inputs = {input};
    Compared one;
    one.metric.name = one.metric.reason = one.metric.tolerance = text;
    one.metric.quantity = &quantities().front();
    one.metric.published = SourcedNumber{.value = 2, .unit = text, .source = text};
    one.predicted = 3;
    chip.predictions = {one};
    one.predicted.reset();
    one.skipped = text;
    chip.consequences = {one};
    validation.chips.push_back(chip);
  }
  expect_harmless(validation_page(validation));
}

}  // namespace
}  // namespace lightloom::experiments
