#include "photonic/cores/mrr_core.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "photonic/cores/core_card.hpp"
#include "photonic/devices/ring.hpp"

namespace lightloom::photonic {
namespace {

using std::numbers::pi;

TEST(RingBus, IsTheProductOfItsRings) {
  const Ring ring{0.94, 0.96, 0.99};
  constexpr int channels = 5;
  const RingBus bus(ring, channels);
  const std::vector<double> phases{0.0, 0.1, 0.02, 0.3, 0.05};
  std::vector<double> weights(channels);
  bus.weights(phases, weights);
  for (int k = 0; k < channels; ++k) {
    double through = 1, drop = 0;
    for (int j = 0; j < channels; ++j) {
      const RingPower power =
          ring_power(ring, phases[static_cast<std::size_t>(j)] + 2 * pi * (k - j) / channels);
      drop += through * power.drop;
      through *= power.through;
    }
    EXPECT_NEAR(weights[static_cast<std::size_t>(k)], drop - through, 1e-13);
  }
}

RingBankCard bank_of(const std::vector<std::string>& settings) {
  return read_card<CoreCard>(
             load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings))
      .own.of<RingBankCard>();
}

TEST(RingBank, TakesAsManyWavelengthsAsTheFinesseAllowsAndRefusesOneMore) {
  // Full width at half maximum of the drop peak by bisection of the spectrum itself.
  const Ring ring = bank_of({}).ring;
  double low = 0, high = 1;
  while (high - low > 1e-12) {
    const double middle = (low + high) / 2;
    (ring_power(ring, middle).drop > ring_power(ring, 0).drop / 2 ? low : high) = middle;
  }
  const int most = static_cast<int>(2 * std::numbers::pi / (2 * low));
  EXPECT_EQ(bank_of({"bank.channels=" + std::to_string(most)}).channels, most);
  try {
    bank_of({"bank.channels=" + std::to_string(most + 1)});
    FAIL() << "lines closer than their width";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(fmt::format("at most {} wavelengths", most)),
              std::string::npos)
        << error.what();
  }
}

TEST(RingBank, WarmingMovesEveryRingByItsShareOfTheFreeSpectralRange) {
  // One ring a bus: the weight at another temperature is that of the ring at another phase. Warmed
  // by a whole free spectral range, the bank is what it was; relocked, too.
  const RingBankCard bank = bank_of({});
  const auto realised = [](const std::vector<std::string>& more) {
    std::vector<std::string> settings{"rows=4",       "columns=4",         "bank.channels=1",
                                      "phase_bits=0", "phase_sigma_rad=0", "correction=none"};
    settings.insert(settings.end(), more.begin(), more.end());
    const auto core = make_core(read_card<CoreCard>(
        load_card(std::string(LIGHTLOOM_SOURCE_DIR) + "/data/devices/mrr-bank.yaml", settings)));
    std::vector<float> target(16), weights(16), scale(1);
    for (std::size_t k = 0; k < 16; ++k) target[k] = static_cast<float>(k) / 15 * 2 - 1;
    core->realise(target, {}, weights, scale);
    return std::pair(weights, scale[0]);
  };
  const auto [cold, scale] = realised({});
  const auto [warm, same] = realised({"bank.temperature_K=0.7"});
  const double shift = 2 * std::numbers::pi * 0.7 * bank.thermal_shift_nm_per_K /
                       (1550 * 1550 / (bank.group_index * 2 * std::numbers::pi * 5e3));
  for (std::size_t k = 0; k < 16; ++k) {
    const double wanted = (static_cast<double>(k) / 15 * 2 - 1) / scale;
    EXPECT_NEAR(warm[k] / scale, ring_weight(bank.ring, ring_phase_for(bank.ring, wanted) + shift),
                1e-6);
  }
  EXPECT_EQ(realised({"bank.temperature_K=0.7", "bank.relock=true"}).first, cold);
  const auto turned =
      realised({fmt::format("bank.temperature_K={}", bank.fsr_nm() / bank.thermal_shift_nm_per_K)});
  for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(turned.first[k], cold[k], 1e-6);
  // Lines that have moved down in wavelength are rings that have moved up, but for the share 0.07 /
  // 1550 of their 0.024 rad that 1 / lambda adds: 1.1e-6 rad. A Lorentzian of half width 0.104 rad
  // has weights no steeper than 1.3 / 0.104 a radian, times a scale of 1.4.
  const auto [moved, unit] = realised({"bank.laser_shift_nm=-0.07"});
  for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(moved[k], warm[k], 2e-5);
  EXPECT_EQ(realised({"bank.laser_shift_nm=-0.07", "bank.relock=true"}).first, cold);
}

}  // namespace
}  // namespace lightloom::photonic
