#include "nn/weights/exchange/exchange_card.hpp"

namespace lightloom::nn {

void describe(Section& section, ExchangeCard& card) {
  section.value("theta", card.theta, not_negative);
  section.value("row_theta", card.row_theta, not_negative);
  section.value("iterations", card.iterations, {.low = 1});
  section.value("tolerance", card.tolerance, not_negative);
}

void describe(Section& section, BucketOptions& options) {
  section.value("momentum", options.momentum, {.low = 0, .high = 0.9999});
  section.value("weight_decay", options.weight_decay, not_negative);
  section.value("dead_zone", options.dead_zone, not_negative);
  section.value("switch_bar", options.switch_bar, {.low = 1, .high = 127});
}

}  // namespace lightloom::nn
