#include "experiments/statistics/paired.hpp"

#include <algorithm>
#include <bit>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random/random.hpp"
#include "experiments/statistics/crossed_table.hpp"

namespace lightloom::experiments {
namespace {

using Rows = std::span<const Outcomes>;

/// Tango's statistic for a difference of `delta`: 0 at the estimate, falling. `q` is the most
/// likely share of images that only the second has right, given the difference.
double score(const Discordant& counts, double images, double delta) {
  const auto b = static_cast<double>(counts.only_first);
  const auto c = static_cast<double>(counts.only_second);
  const double linear = -b - c + (2 * images - b + c) * delta;
  const double constant = -c * delta * (1 - delta);
  const double q =
      (std::sqrt(std::max(0.0, linear * linear - 8 * images * constant)) - linear) / (4 * images);
  const double variance = images * (2 * q + delta * (1 - delta));
  const double off = b - c - images * delta;
  return variance > 0 ? off / std::sqrt(variance) : std::copysign(HUGE_VAL, off);
}

/// Where the falling score passes `wanted` between two differences.
double where_score_is(const Discordant& counts, double images, double wanted, Interval between) {
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (between.low + between.high);
    (score(counts, images, middle) > wanted ? between.low : between.high) = middle;
  }
  return 0.5 * (between.low + between.high);
}

const Outcomes& row_of(Rows rows, std::size_t chip) { return rows[rows.size() == 1 ? 0 : chip]; }

Discordant discordant_of_all(Rows first, Rows second) {
  Discordant all;
  for (std::size_t chip = 0; chip < std::max(first.size(), second.size()); ++chip) {
    const Discordant one = discordant(row_of(first, chip), row_of(second, chip));
    all.only_first += one.only_first;
    all.only_second += one.only_second;
  }
  return all;
}

/// Differences by (chip, image), to draw from.
std::vector<signed char> differences(Rows first, Rows second) {
  std::vector<signed char> values;
  for (std::size_t chip = 0; chip < first.size(); ++chip)
    for (std::size_t i = 0; i < first[chip].images; ++i)
      values.push_back(
          static_cast<signed char>(is_right(first[chip], i) - is_right(row_of(second, chip), i)));
  return values;
}

/// Mean difference of one draw of as many chips and images as there are.
double drawn_mean(const std::vector<signed char>& values, std::size_t chips, const Stream& stream,
                  std::uint64_t draw) {
  const std::size_t images = values.size() / chips;
  std::vector<int> of_image(images, 0);
  for (std::size_t c = 0; c < chips; ++c) {
    const signed char* row = values.data() + stream.below(chips, images + c, draw) * images;
    for (std::size_t i = 0; i < images; ++i) of_image[i] += row[i];
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < images; ++i) sum += of_image[stream.below(images, i, draw)];
  return static_cast<double>(sum) / static_cast<double>(values.size());
}

Interval bootstrap(Rows first, Rows second, const Resampling& resampling) {
  if (resampling.draws < 1) return {};
  const std::vector<signed char> values = differences(first, second);
  const Stream stream({.seed = resampling.seed, .purpose = Purpose::resampling});
  std::vector<double> means(static_cast<std::size_t>(resampling.draws));
  parallel_for(resampling.draws, [&](std::ptrdiff_t draw) {
    means[static_cast<std::size_t>(draw)] =
        drawn_mean(values, first.size(), stream, static_cast<std::uint64_t>(draw));
  });
  std::sort(means.begin(), means.end());
  const auto at = [&](double share) {
    const double place = std::round(share * static_cast<double>(means.size() - 1));
    return means[static_cast<std::size_t>(place)];
  };
  return {at(outside), at(1 - outside)};
}

Difference one_pair(const Outcomes& first, const Outcomes& second) {
  Difference result{.value = accuracy_of(first) - accuracy_of(second),
                    .counts = discordant(first, second),
                    .chips = 1};
  result.interval = paired_interval(result.counts, first.images);
  result.p = mcnemar_p(result.counts);
  const std::int64_t all = result.counts.only_first + result.counts.only_second;
  result.method = all <= exact_up_to ? "McNemar, exact" : "McNemar, mid-p";
  return result;
}

/// The t-test of chips and images drawn anew.
void add_test(const CrossedTable& table, Difference& result) {
  const MeanSquares squares = mean_squares(table);
  const bool equal = rows_equal(table);
  const TwoVariances of_images{.second = squares.of_images / (squares.rows * squares.images),
                               .second_degrees = squares.images - 1};
  const TwoVariances all = equal ? of_images : variance_of_mean(squares);
  const bool images_alone = half_width(all) < half_width(of_images);
  const TwoVariances& variances = images_alone ? of_images : all;
  const double half = half_width(variances);
  result.covers = equal ? Covers::other_images : Covers::other_chips_and_images;
  result.method = equal ? "Student, images" : "Student, chips and images";
  result.interval = {std::max(-1.0, result.value - half), std::min(1.0, result.value + half)};
  result.p = two_sided_p(result.value, variances);
}

Difference several_pairs(Rows first, Rows second, const Resampling& resampling) {
  const CrossedTable table = table_of_differences(first, second);
  Difference result{
      .value = table.mean(), .counts = discordant_of_all(first, second), .chips = first.size()};
  if (table.squares == 0) {  // nothing tells them apart on any chip
    result.interval = paired_interval({}, first.front().images);
    result.method = "no image differs";
    return result;
  }
  if (first.front().images < 2) {
    result.method = "one image";
    return result;
  }
  add_test(table, result);
  result.bootstrap = bootstrap(first, second, resampling);
  return result;
}

Interval negated(const Interval& interval) { return {-interval.high, -interval.low}; }

}  // namespace

Discordant discordant(const Outcomes& first, const Outcomes& second) {
  require(first.images == second.images, "{} and {} images are not the same ones", first.images,
          second.images);
  Discordant counts;
  for (std::size_t w = 0; w < first.words.size(); ++w) {
    counts.only_first += std::popcount(first.words[w] & ~second.words[w]);
    counts.only_second += std::popcount(second.words[w] & ~first.words[w]);
  }
  return counts;
}

double mcnemar_p(const Discordant& counts) {
  const std::int64_t all = counts.only_first + counts.only_second;
  if (all == 0) return 1;
  const auto fewer = static_cast<double>(std::min(counts.only_first, counts.only_second));
  const boost::math::binomial even(static_cast<double>(all), 0.5);
  double tail = boost::math::cdf(even, fewer);
  if (all > exact_up_to) tail -= 0.5 * boost::math::pdf(even, fewer);
  return std::min(1.0, 2 * tail);
}

Interval paired_interval(const Discordant& counts, std::size_t images) {
  if (images == 0) return {};
  const auto n = static_cast<double>(images);
  const double z = t_point(HUGE_VAL);
  const double estimate = static_cast<double>(counts.only_first - counts.only_second) / n;
  return {where_score_is(counts, n, z, {-1, estimate}),
          where_score_is(counts, n, -z, {estimate, 1})};
}

Difference compare(Rows first, Rows second, const Resampling& resampling) {
  require(!first.empty() && !second.empty(), "a comparison needs a network on each side");
  if (first.size() == 1 && second.size() == 1) return one_pair(first.front(), second.front());
  if (first.size() > 1 && second.size() > 1) {
    const std::size_t both = std::min(first.size(), second.size());
    return several_pairs(first.first(both), second.first(both), resampling);
  }
  if (first.size() > 1) return several_pairs(first, second, resampling);
  Difference result = several_pairs(second, first, resampling);
  result.value = 0 - result.value;
  result.interval = negated(result.interval);
  if (result.bootstrap.known()) result.bootstrap = negated(result.bootstrap);
  std::swap(result.counts.only_first, result.counts.only_second);
  return result;
}

}  // namespace lightloom::experiments
