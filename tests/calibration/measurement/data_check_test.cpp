#include "calibration/measurement/data_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "calibration/laboratory/virtual_chip.hpp"
#include "calibration/model/chip_card.hpp"
#include "core/error.hpp"

namespace lightloom::calibration {
namespace {

TEST(DataCheck, NamesEveryKindOfBadData) {
  const ChipCard card{.modes = 4};
  const ChipShape shape = chip_shape(card);
  VirtualChip device(shape, hidden_parameters(shape, card, 1, 0), {}, {1});
  const Measurements good = measure(device, random_voltages(shape, 40, 6.5, 3), single_ports(4));
  EXPECT_TRUE(check_data(shape, good).errors.empty());
  const auto errors_of = [&](const auto& spoil) {
    Measurements bad = good;
    spoil(bad);
    const DataReport report = check_data(shape, bad);
    EXPECT_THROW(refuse_bad_data(shape, bad), Error);
    std::string all;
    for (const DataError& error : report.errors) all += error.text + "\n";
    return all;
  };
  EXPECT_NE(errors_of([](Measurements& m) {
              m.readings[37] = NAN;
            }).find("setting 2, input 1, detector 1"),
            std::string::npos);
  EXPECT_NE(errors_of([](Measurements& m) { m.inputs = single_ports(5); }).find("5 ports"),
            std::string::npos);
  EXPECT_NE(errors_of([](Measurements& m) {
              for (std::size_t i = 2; i < m.readings.size(); i += 4)
                m.readings[i] = std::min(m.readings[i], 0.4);
            }).find("detector 2 is saturated"),
            std::string::npos);
  EXPECT_NE(errors_of([](Measurements& m) {
              for (std::size_t i = 0; i < m.voltages.size(); ++i) m.voltages[i] = 2;
            }).find("the same in all settings"),
            std::string::npos);
  EXPECT_NE(errors_of([](Measurements& m) {
              m.settings = 2;
              m.voltages.resize(24);
              m.readings.resize(32);
            }).find("too few settings"),
            std::string::npos);
  EXPECT_NE(errors_of([](Measurements& m) {
              for (double& y : m.readings) y *= 1000;
            }).find("times the light sent in"),
            std::string::npos);
}

TEST(DataCheck, LeavesOutTheFaultsThatAreAllowedAndNoOther) {
  const ChipCard card{.modes = 4};
  const ChipShape shape = chip_shape(card);
  VirtualChip device(shape, hidden_parameters(shape, card, 1, 0), {}, {1});
  Measurements data = measure(device, random_voltages(shape, 2, 6.5, 3), single_ports(4));
  const auto left = [&](std::initializer_list<DataFault> allowed) {
    return texts_of(check_data(shape, data).errors, allowed);
  };
  EXPECT_EQ(left({}).size(), 1u);
  EXPECT_TRUE(left({DataFault::few_settings}).empty());
  EXPECT_EQ(left({DataFault::static_voltages}), left({}));
  data.readings[17] = NAN;
  EXPECT_EQ(left({}).size(), 2u);
  ASSERT_EQ(left({DataFault::few_settings}).size(), 1u);
  EXPECT_NE(left({DataFault::few_settings})[0].find("not finite"), std::string::npos);
  data.readings[17] = 0.1;
  std::fill(data.voltages.begin(), data.voltages.end(), 2.0);
  EXPECT_EQ(left({DataFault::few_settings}).size(), 1u);
  EXPECT_TRUE(left({DataFault::few_settings, DataFault::static_voltages}).empty());
}

}  // namespace
}  // namespace lightloom::calibration
