#include <chrono>
#include <filesystem>

#include "calibration/product_errors_file.hpp"
#include "calibration/products/product_fit.hpp"
#include "core/cards/card.hpp"
#include "core/cards/tree.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "core/matrices/matrix_name.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/commands/output_endings.hpp"
#include "experiments/results/files/matrix_file.hpp"
#include "experiments/results/files/provenance.hpp"
#include "experiments/results/report.hpp"
#include "experiments/results/views/product_fit_view.hpp"
#include "experiments/results/views/product_page.hpp"
#include "photonic/cores/core_card.hpp"

namespace lightloom::experiments {
namespace {

using namespace calibration;

/// The files of both sides: two operands, or one file that holds `expected` and `observed`.
struct ProductFiles {
  std::string expected, observed;
};
ProductFiles product_files(const CommandLine& line) {
  at_most_operands(line, 2);
  const std::string first = operand(line, 0, "expected products (vectors x outputs)");
  if (line.operands.size() == 2) return {first, line.operands[1]};
  require(named_matrix(first).name.empty(),
          "{} is one array (name the observed products too, or a file alone that holds 'expected' "
          "and 'observed')",
          first);
  return {first + ":expected", first + ":observed"};
}

std::vector<double> real_products(const ComplexMatrix& matrix, const std::string& file) {
  std::vector<double> products;
  products.reserve(matrix.values.size());
  for (const std::complex<double> value : matrix.values) {
    require(value.imag() == 0,
            "{}: element ({}, {}) is complex (products are real numbers: detectors give them)",
            file, products.size() / static_cast<std::size_t>(matrix.columns),
            products.size() % static_cast<std::size_t>(matrix.columns));
    products.push_back(value.real());
  }
  return products;
}

Products read_products(const ProductFiles& files) {
  const ComplexMatrix expected = read_matrix(files.expected),
                      observed = read_matrix(files.observed);
  require(expected.rows == observed.rows && expected.columns == observed.columns,
          "{} holds {} x {} products and {} {} x {} (both must be vectors x outputs of one "
          "measurement)",
          files.expected, expected.rows, expected.columns, files.observed, observed.rows,
          observed.columns);
  return {.vectors = expected.rows,
          .outputs = expected.columns,
          .expected = real_products(expected, files.expected),
          .observed = real_products(observed, files.observed)};
}

/// A text of the card's section `measured`, with its reason.
void set_text(Tree& card, const std::string& key, const std::string& value) {
  set_at(card, key, Tree::of(value), ".");
}

/// The file of errors beside a card: mine.yaml has mine.errors.h5.
std::string errors_file(const std::string& card) {
  return std::filesystem::path(card).replace_extension(".errors.h5").string();
}

/// The core that has these errors: the card of --into, or an incoherent crossbar.
Tree core_card(const CommandLine& line, int outputs, int inputs) {
  if (line.has("into")) return load_card(line.value("into"), {});
  Tree card = Tree::mapping();
  set_text(card, "kind", "incoherent-crossbar");
  set_at(card, "rows", Tree::of(static_cast<double>(outputs)), ".");
  set_at(card, "columns", Tree::of(static_cast<double>(inputs)), ".");
  return card;
}

/// What each model leaves, held out.
void add_residuals(Labelled& data, const ModelResiduals& residuals) {
  std::vector<std::string> names;
  for (const ErrorModel model : residuals.models) names.push_back(name_of(model));
  data.add_axis({"error_model", names, "", "model of observed given expected"});
  const auto add = [&](const char* name, const char* unit, const char* long_name,
                       double ResidualStatistics::*field) {
    std::vector<double> values;
    for (const ErrorModel model : residuals.models)
      values.push_back(residuals.of[static_cast<std::size_t>(model)].*field);
    data.add({name, {"error_model"}, values, unit, long_name});
  };
  add("residual_rms", "expected", "what a model leaves, held out", &ResidualStatistics::rms);
  add("residual_rms_sigma", "expected", "its standard error", &ResidualStatistics::standard_error);
  add("residual_kurtosis_within", "1", "kurtosis of what it leaves, mean over outputs",
      &ResidualStatistics::kurtosis_within);
  add("residual_kurtosis_pooled", "1", "kurtosis of what it leaves, of all outputs as one sample",
      &ResidualStatistics::kurtosis_pooled);
}

Labelled errors_of(const CommandLine& line, const ProductFit& fit, double full_scale) {
  const FittedErrors& errors = fit.errors;
  Labelled data = calibration::labelled_product_errors(measured_errors(errors, full_scale));
  data.add({"gain", {"output"}, errors.gain, "1", "gain on what was expected of the output alone"});
  data.add({"gain_sigma", {"output"}, errors.gain_sigma, "1", "standard error of the gain"});
  data.add(
      {"offset_sigma", {"output"}, errors.offset_sigma, "expected", "standard error of an offset"});
  data.add({"mixing_sigma",
            {"output", "product"},
            errors.mixing_sigma,
            "1",
            "standard error of the mixing"});
  add_residuals(data, fit.residuals);
  add_origin(data, {.kind = "product errors",
                    .card = Tree::mapping(),
                    .seed = line.seed.value_or(0),
                    .command = line.text,
                    .threads = line.threads});
  return data;
}

struct ErrorsScale {
  int inputs = 0;
  double full_scale = 1;
  std::string source;
};
ErrorsScale scale_of(const CommandLine& line, const Products& products) {
  ErrorsScale scale{.inputs = static_cast<int>(
                        std::min<std::int64_t>(line.number("inputs", products.outputs, 1), 4096)),
                    .source = "as given"};
  if (line.has("full-scale")) {
    scale.full_scale = line.real("full-scale", 1, 0);
    require(scale.full_scale > 0, "--full-scale {}: must be above 0", scale.full_scale);
    return scale;
  }
  scale.full_scale = usual_full_scale(products, scale.inputs);
  scale.source = fmt::format(
      "assumption: weights and {} inputs uniform over their range (--full-scale and --inputs say "
      "otherwise)",
      scale.inputs);
  return scale;
}

void write_card(const CommandLine& line, const Products& products, const ProductFit& fit,
                Shown& result) {
  const ErrorsScale scale = scale_of(line, products);
  const std::string file = errors_file(line.output);
  Tree card = core_card(line, products.outputs, scale.inputs);
  set_at(card, "measured", Tree::mapping(), ".");
  set_text(card, "measured.chip", "drawn");
  read_card<photonic::CoreCard>(card);  // whether such a core takes measured errors
  set_text(card, "measured.file", std::filesystem::path(file).filename().string());
  set_text(card, "measured.chip", line.has("drawn") ? "drawn" : "as_measured");
  set_text(card, "measured.source.file",
           fmt::format("measured: {} vectors, {}", fit.errors.vectors, line.text));
  set_text(card, "measured.source.full_scale", scale.source);
  write_labelled(file, errors_of(line, fit, scale.full_scale));
  write_file(line.output, to_yaml(written_out(std::move(card))));
  result.json["card"] = line.output;
  result.json["errors"] = file;
  result.json["full_scale"] = scale.full_scale;
  result.text += fmt::format("card: {}, its errors: {}\none full-scale product is {:.4g} ({})\n",
                             line.output, file, scale.full_scale, scale.source);
}

void require_all_writable(const CommandLine& line) {
  std::vector<std::string> outputs;
  if (!line.output.empty()) outputs = {line.output, errors_file(line.output)};
  require(!line.output.empty() || !line.has("into"),
          "lightloom calibrate products --into needs -o mine.yaml (the card to write)");
  require(
      line.output.empty() || errors_file(line.output) != line.output,
      "-o {}: names the card, whose errors go to a file of that name (take one ending in .yaml)",
      line.output);
  if (line.has("report")) outputs.push_back(line.value("report"));
  require_outputs(line, outputs);
}

Shown do_products(const CommandLine& line, ProgressSink& /*progress*/) {
  const ProductFiles files = product_files(line);
  require_all_writable(line);
  const ProductFitOptions options{
      .model = error_model_of(line.value("model", "both")),
      .period = static_cast<int>(std::min<std::int64_t>(line.number("period", 0, 1), 1 << 20)),
      .seed = line.seed.value_or(0)};
  const Products products = read_products(files);
  const auto begin = std::chrono::steady_clock::now();
  const ProductFit fit = fit_products(products, options);
  Shown result = product_fit_view(fit);
  result.json["seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (line.has("report")) {
    write_file(line.value("report"),
               product_page(fit, fmt::format("{}, {}", files.expected, files.observed)));
    result.json["report"] = line.value("report");
    result.text += fmt::format("report: {}\n", line.value("report"));
  }
  if (!line.output.empty()) write_card(line, products, fit, result);
  return result;
}

}  // namespace

extern const Command calibrate_products_command{
    .name = "calibrate products",
    .operand = "expected.npy observed.npy",
    .summary = "frozen, periodic and random errors of measured products of any core",
    .endings = card_endings,
    .options = {{"model", "NAME",
                 "gains, periodic, mixing or both (default): the largest one fitted"},
                {"period", "N", "of offsets in time, in vectors (found otherwise)"},
                {"into", "FILE", "with --output: the card of a core that gets the errors"},
                {"drawn", "", "with --output: chips draw their own errors, alike to these"},
                {"full-scale", "X",
                 "what one full-scale input gives through one full-scale weight"},
                {"inputs", "N", "added in each product (as many as outputs)"},
                {"report", "FILE", "a page with models, corrections and outputs", page_endings}},
    .run = do_products};

}  // namespace lightloom::experiments
