// `lightloom calibrate products` as scripts call it.
#include <cmath>

#include "core/archives/npy.hpp"
#include "core/files/labelled.hpp"
#include "core/random/random.hpp"
#include "tests/experiments/commands/calibrate/fixture.hpp"

namespace lightloom::experiments {
namespace {

class CalibrateProducts : public Calibrate {
 protected:
  static constexpr std::size_t vectors = 240, outputs = 5;

  /// Outputs of gain 0.9 with offsets of period 4, of which the second gets a tenth of the first.
  void SetUp() override {
    Calibrate::SetUp();
    const Stream stream({.seed = 8});
    expected_.resize(vectors * outputs);
    observed_.resize(expected_.size());
    for (std::size_t k = 0; k < expected_.size(); ++k) expected_[k] = 3 * stream.normal(k);
    for (std::size_t k = 0; k < expected_.size(); ++k)
      observed_[k] = 0.9 * expected_[k] + (k / outputs % 4 == 1 ? 1.0 : 0.0) +
                     (k % outputs == 1 ? 0.1 * expected_[k - 1] : 0.0) + 0.2 * stream.normal(k, 1);
    write_array("expected.npy", expected_);
    write_array("observed.npy", observed_);
  }
  void write_array(const std::string& name, const std::vector<double>& values) const {
    const std::int64_t shape[] = {static_cast<std::int64_t>(values.size() / outputs), outputs};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    write(name, npy_bytes("<f8", shape, {bytes, 8 * values.size()}));
  }
  [[nodiscard]] std::string csv(const std::vector<double>& values) const {
    std::string text;
    for (std::size_t k = 0; k < values.size(); ++k)
      text += fmt::format("{:.17g}{}", values[k], k % outputs + 1 == outputs ? '\n' : ',');
    return text;
  }
  std::vector<double> expected_, observed_;
};

TEST_F(CalibrateProducts, SaysWhatIsFrozenPeriodicAndRandomFromAnyMatrixFile) {
  const json found = object("products expected.npy observed.npy --report page.html");
  EXPECT_EQ(found["vectors"], 240);
  EXPECT_EQ(found["outputs"], 5);
  EXPECT_EQ(found["period"]["value"], 4);
  EXPECT_NEAR(found["gain"]["mean"].get<double>(), 0.9, 0.03);
  // Of one output in five a tenth of 3; offsets 1, 0, 0, 0 about their mean; noise 0.2.
  const double mixed = 0.09 / 5, periodic = 3.0 / 16, noise = 0.04, all = mixed + periodic + noise;
  EXPECT_NEAR(found["shares"]["frozen"].get<double>(), mixed / all, 0.03);
  EXPECT_NEAR(found["shares"]["periodic"].get<double>(), periodic / all, 0.03);
  EXPECT_NEAR(found["models"]["both"]["rms"].get<double>(), 0.2 * std::sqrt(1 + 9 / 120.0), 0.015);
  EXPECT_EQ(found["correctors"]["mixing"].size(), 4u);
  const std::string page = text_of("page.html");
  EXPECT_NE(page.find("What each model leaves"), std::string::npos);
  EXPECT_NE(page.find("</html>"), std::string::npos);
  write("expected.csv", csv(expected_));
  write("observed.csv", csv(observed_));
  const json again = object("products expected.csv observed.csv");
  EXPECT_EQ(again["models"], found["models"]);
}

TEST_F(CalibrateProducts, WritesACoreThatOtherCommandsRun) {
  const json found = object("products expected.npy observed.npy -o mine.yaml");
  EXPECT_EQ(found["card"], "mine.yaml");
  const Labelled errors = read_labelled(folder_ + "/mine.errors.h5");
  const auto number = [&](const char* name, std::size_t k) {
    return std::get<std::vector<double>>(errors.variable(name)->values)[k];
  };
  EXPECT_EQ(size_of(errors.axis("phase")->values), 4u);
  EXPECT_EQ(size_of(errors.axis("output")->values), outputs);
  EXPECT_NEAR(number("mixing", 5), 0.1, 4 * number("mixing_sigma", 5));  // output 1, product 0
  EXPECT_NEAR(number("offset", 5), 1.0, 4 * number("offset_sigma", 0));  // phase 1, output 0
  EXPECT_NEAR(number("noise_sigma", 0), 0.2, 4 * 0.2 / std::sqrt(2.0 * 231));
  const auto& models = std::get<std::vector<std::string>>(errors.axis("error_model")->values);
  ASSERT_EQ(models, (std::vector<std::string>{"gains", "periodic", "mixing", "both"}));
  for (std::size_t m = 0; m < models.size(); ++m) {
    const json& left = found["models"][models[m]];
    EXPECT_EQ(number("residual_rms", m), left["rms"]);
    EXPECT_EQ(number("residual_rms_sigma", m), left["standard_error"]);
    EXPECT_EQ(number("residual_kurtosis_within", m), left["kurtosis"]["within_output"]);
    EXPECT_EQ(number("residual_kurtosis_pooled", m), left["kurtosis"]["pooled"]);
  }
  // Of 5 uniform inputs.
  EXPECT_NEAR(std::get<double>(errors.attributes.at("full_scale")), 3 * 3 / std::sqrt(5.0), 0.3);
  const auto chip = [&](const std::string& card) {
    const Ran ran = run_shell(
        fmt::format("cd {} && {} chip {} --chips 4 --json --quiet", folder_, program(), card));
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return json::parse(ran.output);
  };
  // All chips of the measured card are the measured one; drawn ones differ.
  const json measured = chip("mine.yaml"), drawn = chip("mine.yaml --set measured.chip=drawn");
  EXPECT_EQ(measured["kind"], "incoherent-crossbar");
  EXPECT_GT(measured["error"]["mean"].get<double>(), 0.05);
  EXPECT_GT(drawn["error"]["std"].get<double>(), 0.001);
}

TEST_F(CalibrateProducts, PutsTheErrorsIntoAnyCoresCard) {
  write("bank.yaml", "kind: mrr-bank\nrows: 5\ncolumns: 8\n");
  object("products expected.npy observed.npy --into bank.yaml --drawn --full-scale 2 -o mine.yaml");
  EXPECT_EQ(text_of("bank.yaml"), "kind: mrr-bank\nrows: 5\ncolumns: 8\n");
  const std::string card = text_of("mine.yaml");
  for (const char* part : {"kind: mrr-bank", "columns: 8", "chip: drawn", "mine.errors.h5"})
    EXPECT_NE(card.find(part), std::string::npos) << card;
  const Labelled errors = read_labelled(folder_ + "/mine.errors.h5");
  EXPECT_EQ(std::get<double>(errors.attributes.at("full_scale")), 2);
  const Ran chip =
      run_shell(fmt::format("cd {} && {} chip mine.yaml --chips 2 --quiet", folder_, program()));
  EXPECT_EQ(chip.code, 0) << chip.errors;
}

TEST_F(CalibrateProducts, RefusesBadInputInOneSentenceAndWritesNothing) {
  refused("products expected.npy", "expected.npy");
  refused("products", "expected products");
  refused("products expected.npy observed.npy more.npy", "more.npy");
  refused("products expected.npy observed.npy --model best", "gains, periodic, mixing, both");
  refused("products expected.npy observed.npy --period 61", "period 61 is too long");
  refused("products expected.npy observed.npy --period 0", "--period");
  refused("products expected.npy observed.npy --into chip.yaml", "needs -o");
  refused("products expected.npy observed.npy --into chip.yaml -o mine.yaml", "chip");
  refused("products expected.npy observed.npy -o expected.npy", "a file that this command reads");
  refused("products expected.npy observed.npy -o x.yaml --report x.errors.h5", "can be .html");
  write_array("short.npy", std::vector<double>(expected_.begin(), expected_.begin() + 95));
  refused("products expected.npy short.npy", "240 x 5 products and short.npy 19 x 5");
  refused("products short.npy short.npy --period 4", "19 vectors of 5 outputs are too few");
  std::vector<double> bad = observed_;
  bad[37] = NAN;
  write_array("bad.npy", bad);
  refused("products expected.npy bad.npy -o mine.yaml", "element (7, 2) is not a finite number");
  write("complex.csv", "1,2\n3,4j\n");
  refused("products complex.csv complex.csv", "element (1, 1) is complex");
  EXPECT_FALSE(fs::exists(folder_ + "/mine.yaml"));
  EXPECT_FALSE(fs::exists(folder_ + "/mine.errors.h5"));
  EXPECT_FALSE(fs::exists(folder_ + "/x.yaml"));
}

}  // namespace
}  // namespace lightloom::experiments
