#include "calibration/product_errors_file.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "photonic/cores/core_card.hpp"
#include "tests/scratch_path.hpp"

namespace lightloom::calibration {
namespace {

photonic::ProductErrors some_errors() {
  return {.outputs = 2,
          .period = 3,
          .full_scale = 6.5,
          .mixing = {0.9, 0.05, -0.02, 0.8},
          .offset = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6},
          .noise_sigma = {0.7, 0.8},
          .covariance = {2, 0.1, 0.1, 3},
          .noise_common = 0.25,
          .vectors = 2048};
}

TEST(ProductErrorsFile, GivesThemBackAlsoThroughACard) {
  const photonic::ProductErrors errors = some_errors();
  const std::string path = scratch_path("product_errors.h5").string();
  write_labelled(path, labelled_product_errors(errors));
  read_measured_products();
  const photonic::ProductErrors back = photonic::read_product_errors(path);
  EXPECT_EQ(back.outputs, 2);
  EXPECT_EQ(back.period, 3);
  EXPECT_EQ(back.mixing, errors.mixing);
  EXPECT_EQ(back.offset, errors.offset);
  EXPECT_EQ(back.noise_sigma, errors.noise_sigma);
  EXPECT_EQ(back.covariance, errors.covariance);
  EXPECT_EQ(back.full_scale, 6.5);
  EXPECT_EQ(back.noise_common, 0.25);
  EXPECT_EQ(back.vectors, 2048);
  const auto card = read_card<photonic::CoreCard>(parse_yaml(
      "{kind: ideal, rows: 2, columns: 5, measured: {chip: as_measured, file: " + path + "}}",
      "card.yaml"));
  ASSERT_NE(card.measured.errors, nullptr);
  EXPECT_EQ(card.measured.errors->mixing, errors.mixing);
}

TEST(ProductErrorsFile, RefusesWhatHoldsNone) {
  Labelled data = labelled_product_errors(some_errors());
  data.attributes.erase("full_scale");
  EXPECT_THROW(product_errors_of(data, "file"), Error);
  data = labelled_product_errors(some_errors());
  data.variables.erase(data.variables.begin());
  EXPECT_THROW(product_errors_of(data, "file"), Error);
  photonic::ProductErrors wrong = some_errors();
  wrong.noise_sigma = {1};
  EXPECT_THROW(product_errors_of(labelled_product_errors(wrong), "file"), Error);
}

}  // namespace
}  // namespace lightloom::calibration
