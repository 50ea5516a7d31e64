#include "memory/buffers/buffer_card.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "core/error.hpp"
#include "memory/buffers/cacti_table.hpp"

namespace lightloom::memory {
namespace {

/// Between entries `low` and `low + 1` of a table, a share `weight` of the way (outside [0, 1]:
/// extrapolation).
struct Place {
  std::size_t low = 0;
  double weight = 0;
};

Place place_of(std::span<const double> points, double value) {
  std::size_t low = 0;
  while (low + 2 < points.size() && value > points[low + 1]) ++low;
  return {low, std::log(value / points[low]) / std::log(points[low + 1] / points[low])};
}

/// A share of a layer that was rounded off must not cost a word.
double whole_words(const BufferCard& card, double bytes) {
  return std::ceil(bytes / card.word_bytes * (1 - 1e-12));
}

double geometric(double a, double b, double weight) { return a * std::pow(b / a, weight); }
double linear(double a, double b, double weight) { return a + (b - a) * weight; }

template <class Mix>
CactiArray mix(const CactiArray& a, const CactiArray& b, double weight, Mix combine) {
  return {combine(a.read_pJ, b.read_pJ, weight), combine(a.write_pJ, b.write_pJ, weight),
          combine(a.leakage_mW, b.leakage_mW, weight), combine(a.area_mm2, b.area_mm2, weight),
          combine(a.access_ns, b.access_ns, weight)};
}

/// A value beyond the last capacity grows by bits, not with the slope at the edge.
double by_bits(double at_last, std::span<const double> capacities, double capacity_KB) {
  return at_last * capacity_KB / capacities.back();
}

/// One array of one technology row and tabulated word size.
CactiArray sram_of_word(std::size_t word, std::size_t row, double capacity_KB) {
  const CactiRow& table = cacti_sram[word][row];
  const Place size = place_of(cacti_capacity_KB, capacity_KB);
  CactiArray array = mix(table[size.low], table[size.low + 1], size.weight, geometric);
  if (capacity_KB <= cacti_capacity_KB.back()) return array;
  array.leakage_mW = by_bits(table.back().leakage_mW, cacti_capacity_KB, capacity_KB);
  array.area_mm2 = by_bits(table.back().area_mm2, cacti_capacity_KB, capacity_KB);
  return array;
}

/// One array of one technology row.
CactiArray sram_at(std::size_t row, double capacity_KB, double word_bytes) {
  const double inside = std::clamp(word_bytes, cacti_word_bytes.front(), cacti_word_bytes.back());
  CactiArray array = mix(sram_of_word(0, row, capacity_KB), sram_of_word(1, row, capacity_KB),
                         place_of(cacti_word_bytes, inside).weight, geometric);
  const double wider = 0.3 + 0.7 * word_bytes / inside;
  array.read_pJ *= wider;
  array.write_pJ *= wider;
  return array;
}

double sram_cycle_over_access(double capacity_KB) {
  const std::array<double, 3> sizes{cacti_cycles[0].capacity_KB, cacti_cycles[1].capacity_KB,
                                    cacti_cycles[2].capacity_KB};
  const Place size = place_of(sizes, std::clamp(capacity_KB, sizes.front(), sizes.back()));
  return geometric(cacti_cycles[size.low].cycle_over_access,
                   cacti_cycles[size.low + 1].cycle_over_access, size.weight);
}

CactiArray sram_array(const BufferCard& card) {
  const std::size_t type = card.cell == CellType::high_performance ? 0 : 3;
  const double capacity_KB = card.capacity_KB / card.banks;
  const auto node = [&](std::size_t i) { return sram_at(type + i, capacity_KB, card.word_bytes); };
  if (card.node_nm >= 32) return mix(node(0), node(1), (45 - card.node_nm) / 13, linear);
  if (card.node_nm >= 22) return mix(node(1), node(2), (32 - card.node_nm) / 10, linear);
  CactiArray array = node(2);
  const double root = std::sqrt(card.node_nm / 22);
  array.read_pJ *= root;
  array.write_pJ *= root;
  array.leakage_mW *= 0.79 * root;
  array.area_mm2 *= card.node_nm / 22;
  return array;
}

/// (45 nm or 32 nm, capacity) interpolated like SRAM.
double edram_value(const BufferCard& card, double CactiEdram::*field) {
  const Place size = place_of(edram_capacity_KB, card.capacity_KB / card.banks);
  const auto of_node = [&](std::size_t node) {
    const auto& row = cacti_edram[node];
    return geometric(row[size.low].*field, row[size.low + 1].*field, size.weight);
  };
  return linear(of_node(0), of_node(1), (45 - card.node_nm) / 13);
}

/// Of what is as large as its bits: power and area.
double edram_bulk(const BufferCard& card, double CactiEdram::*field) {
  const double capacity_KB = card.capacity_KB / card.banks;
  if (capacity_KB <= edram_capacity_KB.back()) return edram_value(card, field);
  const double last =
      linear(cacti_edram[0].back().*field, cacti_edram[1].back().*field, (45 - card.node_nm) / 13);
  return by_bits(last, edram_capacity_KB, capacity_KB);
}

BufferFigures table_figures(const BufferCard& card) {
  if (card.kind == BufferKind::sram) {
    const CactiArray array = sram_array(card);
    return {.read_pJ = array.read_pJ,
            .write_pJ = array.write_pJ,
            .leakage_mW = array.leakage_mW * card.banks,
            .area_mm2 = array.area_mm2 * card.banks,
            .access_ns = array.access_ns,
            .cycle_ns = array.access_ns * sram_cycle_over_access(card.capacity_KB / card.banks)};
  }
  const double read_pJ = edram_value(card, &CactiEdram::read_pJ);
  const double refresh_mW = edram_bulk(card, &CactiEdram::refresh_mW);
  return {.read_pJ = read_pJ,
          .write_pJ = read_pJ,
          .leakage_mW = (edram_bulk(card, &CactiEdram::static_mW) - refresh_mW) * card.banks,
          .refresh_mW = refresh_mW * card.banks,
          .area_mm2 = edram_bulk(card, &CactiEdram::area_mm2) * card.banks,
          .access_ns = edram_value(card, &CactiEdram::access_ns),
          .cycle_ns = edram_value(card, &CactiEdram::cycle_ns)};
}

/// Sentence on a node that no table covers, or nothing.
const char* node_problem(const BufferCard& card) {
  if (card.kind == BufferKind::edram && (card.node_nm < 32 || card.node_nm > 45))
    return "must lie between 32 and 45 for edram (no table exists for other nodes)";
  if (card.kind == BufferKind::sram && card.node_nm > 45)
    return "must not exceed 45 for sram (no table exists for larger nodes, and carried on from "
           "those that do, leakage falls below 0)";
  return nullptr;
}

}  // namespace

void describe(Section& section, BufferCard& card) {
  section.choice("kind", card.kind, {{"sram", BufferKind::sram}, {"edram", BufferKind::edram}});
  section.value("capacity_KB", card.capacity_KB, {.low = 0.25, .high = 1e6});
  section.value("node_nm", card.node_nm, {.low = 3, .high = 90});
  section.choice("cell", card.cell,
                 {{"hp", CellType::high_performance}, {"lstp", CellType::low_standby_power}});
  section.value("word_bytes", card.word_bytes, {.low = 1, .high = 256});
  section.value("banks", card.banks, {.low = 1, .high = 65536});
  section.value("ports", card.ports, {.low = 1, .high = 8});
  section.choice("pattern", card.pattern,
                 {{"stream", BankPattern::stream}, {"random", BankPattern::random}});
  section.value("stride_words", card.stride_words, {.low = 1, .high = 1 << 20});
  section.value("retention_us", card.retention_us, not_negative);
  section.value("read_pJ", card.read_pJ, not_negative);
  section.value("write_pJ", card.write_pJ, not_negative);
  section.value("leakage_mW", card.leakage_mW, not_negative);
  section.value("area_mm2", card.area_mm2, not_negative);
  section.value("access_ns", card.access_ns, not_negative);
  section.value("cycle_ns", card.cycle_ns, not_negative);
  if (const char* problem = node_problem(card)) section.problem("node_nm", problem);
  if (card.kind == BufferKind::edram && card.word_bytes != 32)
    section.problem("word_bytes", "must be 32 for edram (no table exists for other words)");
}

BufferFigures buffer_figures(const BufferCard& card) {
  const char* problem = node_problem(card);
  require(problem == nullptr, "node_nm is {} and {}", card.node_nm, problem);
  BufferFigures figures = table_figures(card);
  if (card.read_pJ > 0) figures.read_pJ = card.read_pJ;
  if (card.write_pJ > 0) figures.write_pJ = card.write_pJ;
  if (card.leakage_mW > 0) figures.leakage_mW = card.leakage_mW;
  if (card.area_mm2 > 0) figures.area_mm2 = card.area_mm2;
  if (card.access_ns > 0) figures.access_ns = figures.cycle_ns = card.access_ns;
  if (card.cycle_ns > 0) figures.cycle_ns = card.cycle_ns;
  return figures;
}

double bank_share(const BufferCard& card) {
  if (card.pattern == BankPattern::stream) return 1.0 / std::gcd(card.stride_words, card.banks);
  return 1 - std::pow(1 - 1.0 / card.banks, card.banks);
}

double buffer_bandwidth_GBps(const BufferCard& card) {
  return card.word_bytes * card.banks * bank_share(card) * card.ports /
         buffer_figures(card).cycle_ns;
}

double read_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes) {
  return whole_words(card, bytes) * figures.read_pJ;
}

double write_energy_pJ(const BufferCard& card, const BufferFigures& figures, double bytes) {
  return whole_words(card, bytes) * figures.write_pJ;
}

}  // namespace lightloom::memory
