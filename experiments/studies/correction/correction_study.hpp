#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "cosim/corrections/network_fit.hpp"
#include "cosim/layers/digital_work.hpp"
#include "cosim/verify/write_ledger.hpp"
#include "experiments/studies/workbench.hpp"

namespace lightloom::experiments {

/// What one corrector did, over chips.
struct CorrectorResult {
  std::string name;
  std::vector<double> accuracy{};             // on test images, by chip
  std::vector<double> foreign{};              // of each chip but the first, with the corrector of
                                              // the chip before it
  std::vector<std::vector<double>> aged{};    // by later age of the card and chip, as it was fitted
  std::vector<cosim::HeldOutError> errors{};  // by layer, root mean square over chips
  std::int64_t stored_numbers = 0;            // a chip, at most
  cosim::DigitalWork work{};                  // an image, all layers, at most
  std::int64_t verified_writes = 0;           // weights of the network
  std::vector<double> loss_before{}, loss_after{};  // of joint tuning, by chip
  double added_time_s = 0, added_energy_J = 0;      // a batch, where the card measures cost
  cosim::WriteLedger writes{};
};

/// Correctors of the card's chips.
struct CorrectionStudy {
  double digital = 0;                     // accuracy of the network without a chip
  std::vector<double> none;               // on chips as they are, by chip
  std::vector<std::vector<double>> aged;  // by later age and chip, uncorrected
  std::vector<double> frozen;             // by layer: share of the error's variance beyond gains
                               // that is frozen and linear in the outputs, mean over chips
  std::vector<std::string> layers;
  std::vector<CorrectorResult> correctors;  // in order; `statistics` and `verify_...` among them
  std::int64_t weights = 0;                 // of the network
  bool cost_known = false;
  double time_s = 0, energy_J = 0;  // a batch, without correctors
  int batch = 1;
  std::string note;  // what could not be tried

  /// Share of what chips lose that a corrector brings back, of the means over chips; not a number
  /// where they lose nothing.
  [[nodiscard]] double recovered(const std::vector<double>& accuracy) const;
  /// Verified writes at which selective verification, on a line between the shares that were tried,
  /// brings back as much; not a number beyond them.
  [[nodiscard]] double equal_writes(const CorrectorResult& corrector) const;
};

/// Every chip of the card: the network as it is, with statistics taken on the chip, with every
/// corrector of the section `correct`, with selectively verified weights. Throws `Error` where
/// there are no chips or no training images, `Failure` once the sink is cancelled.
CorrectionStudy correct_chips(const Experiment& card, Workbench& workbench, ProgressSink& progress);

}  // namespace lightloom::experiments
