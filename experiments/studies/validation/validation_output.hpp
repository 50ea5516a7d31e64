#pragma once

#include <string>
#include <vector>

#include "experiments/results/json.hpp"
#include "experiments/studies/validation/validation.hpp"

namespace lightloom::experiments {

/// {chips: [{name, card, paper, summary, inputs, fit, other_numbers, predictions: [{name, quantity,
/// unit, predicted, published, ratio, fitted, ...}], consequences: [...]}], agreement: {...}}. What
/// there is not is null.
Json to_json(const Validation& validation);

/// Three digits, without an exponent from 0.001 to 99999.
std::string three_digits(double value);

/// A table of texts, the header first.
using Cells = std::vector<std::vector<std::string>>;
/// One row a chip, one column a family of quantities: predicted / published unit, and the ratio;
/// where a family has several numbers, how many and the range of their ratios.
Cells summary_cells(const Validation& validation);
/// One row a prediction of a chip: name, predicted, published, ratio, remark.
Cells prediction_cells(const ValidatedChip& chip);
/// One row a consequence: name, number, remark.
Cells consequence_cells(const ValidatedChip& chip);
/// One row an input, fits last: name, value, mark, source.
Cells input_cells(const ValidatedChip& chip);
/// How many agree, in a sentence.
std::string agreement_text(const Agreement& agreement);
/// The fit of a chip in a sentence, "" without.
std::string fit_text(const ChipCard& card);

/// The summary, and each chip's predictions below it.
std::string validation_text(const Validation& validation);

}  // namespace lightloom::experiments
