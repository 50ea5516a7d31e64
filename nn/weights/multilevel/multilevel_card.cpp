#include "nn/weights/multilevel/multilevel_card.hpp"

namespace lightloom::nn {

void describe(Section& section, FactorBits& bits) {
  constexpr Range range{.low = 1, .high = 32};
  section.value("basis", bits.basis, range);
  section.value("intra", bits.intra, range);
  section.value("cross", bits.cross, range);
}

void describe(Section& section, ProjectionCard& projection) {
  using Method = ProjectionCard::Method;
  section.choice("method", projection.method,
                 {{"random", Method::random}, {"svd", Method::svd}, {"l2", Method::l2}});
  section.value("steps", projection.steps, not_negative);
  section.value("rate", projection.rate, positive);
  section.value("peak", projection.peak, {.low = 0.01, .high = 0.99});
  section.value("equalise", projection.equalise);
  section.value("seed", projection.seed);
}

void describe(Section& section, OrthogonalityCard& card) {
  section.value("lambda", card.lambda, not_negative);
  section.choice("form", card.form,
                 {{"mean", OrthogonalityForm::mean}, {"sum", OrthogonalityForm::sum}});
}

void describe(Section& section, MultilevelCard& card) {
  section.value("intra", card.intra, not_negative);
  section.value("cross", card.cross, not_negative);
  section.value("cross_share", card.cross_share, fraction);
  section.choice("expansion", card.expansion,
                 {{"allowed", Expansion::allowed}, {"refused", Expansion::refused}});
  section.value("kernels", card.kernels, {.low = 1});
  section.choice("linear", card.linear,
                 {{"rounded", LinearLayers::rounded}, {"generated", LinearLayers::generated}});
  section.value("quant_ratio", card.quant_ratio, fraction);
  section.card("projection", card.projection);
  section.card("orthogonality", card.orthogonality);
}

}  // namespace lightloom::nn
