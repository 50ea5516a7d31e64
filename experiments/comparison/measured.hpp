#pragma once

#include <string>
#include <vector>

#include "experiments/comparison/aligned.hpp"
#include "experiments/comparison/results_comparison.hpp"

namespace lightloom::experiments {

/// The quantities of two files that scatter, taken one after the other and judged together.
class Measurements {
 public:
  explicit Measurements(const TwoFiles& files);

  /// Compares the array of that name if it scatters and both files tell how; false where not, and
  /// it is to be compared as it stands.
  bool take(const std::string& array);

  /// Everything taken; elements that differ beyond noise are counted over all of it.
  [[nodiscard]] std::vector<MeasuredQuantity> judged() const;

 private:
  struct Taken {
    std::string name;
    std::vector<MeasuredDifference> elements;
  };
  bool take_outcomes(const std::string& array);
  bool take_samples(const std::string& array);
  bool take_share(const std::string& array);
  /// False where there is none.
  bool keep(std::string name, std::vector<MeasuredDifference> elements);

  TwoFiles files_;
  bool one_seed_;
  std::vector<Taken> taken_;
  std::vector<std::string> by_outcomes_;  // accuracies that outcomes speak for
};

}  // namespace lightloom::experiments
