#include <cmath>
#include <limits>

#include "core/archives/npy.hpp"
#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "core/files/atomic_file.hpp"
#include "experiments/cards/experiment_card.hpp"
#include "experiments/commands/command.hpp"
#include "experiments/commands/named_inputs.hpp"
#include "experiments/results/shown.hpp"
#include "experiments/results/text_table.hpp"
#include "nn/accounting/array_code.hpp"

namespace lightloom::experiments {
namespace {

constexpr std::int64_t most_weights = std::int64_t{1} << 28;

/// A weight as a file holds it, and the layer whose weight it is.
struct GivenArray {
  nn::LayerShape shape;
  std::vector<std::int64_t> sides;
  std::vector<float> weights;
};

nn::LayerShape layer_of(const std::vector<std::int64_t>& sides, const std::string& path) {
  require(
      sides.size() == 2 || sides.size() == 4,
      "{}: an array of weights has the axes (out, in) or (out, in, height, width), this one has "
      "the shape ({})",
      path, fmt::join(sides, ", "));
  double all = 1;
  for (const std::int64_t side : sides) {
    require(side > 0, "{}: an array of the shape ({}) holds no weights", path,
            fmt::join(sides, ", "));
    all *= static_cast<double>(side);
  }
  require(all <= static_cast<double>(most_weights),
          "{}: {:.0f} weights are too many (2^28 at most)", path, all);
  const auto side = [&](std::size_t i) {
    return i < sides.size() ? static_cast<int>(sides[i]) : 1;
  };
  return {.name = "weight",
          .in_channels = side(1),
          .out_channels = side(0),
          .kernel_height = side(2),
          .kernel_width = side(3)};
}

/// Place in C order of element `i` in Fortran order.
std::size_t row_order(const std::vector<std::int64_t>& sides, std::int64_t i) {
  std::int64_t place = 0, stride = 1;
  for (const std::int64_t side : sides) stride *= side;
  for (const std::int64_t side : sides) {
    stride /= side;
    place += i % side * stride;
    i /= side;
  }
  return static_cast<std::size_t>(place);
}

GivenArray read_weights(const std::string& path) {
  const NpyArray array = read_npy(open_array(path));
  GivenArray given{.shape = layer_of(array.shape, path), .sides = array.shape, .weights = {}};
  given.weights.resize(static_cast<std::size_t>(array.count()));
  for (std::int64_t i = 0; i < array.count(); ++i) {
    const double value = array.real(i);
    const std::size_t to =
        array.columns_first ? row_order(array.shape, i) : static_cast<std::size_t>(i);
    require(std::isfinite(value) && std::abs(value) <= std::numeric_limits<float>::max(),
            "{}: weight {} is {}, which no number of single precision is", path, to, value);
    given.weights[to] = static_cast<float>(value);
  }
  return given;
}

nn::SourceCard read_source(const CommandLine& line) {
  require(!line.seed, "lightloom encode draws nothing at random, so --seed has nothing to set");
  Tree card = Tree::mapping();
  for (const std::string& setting : line.settings) apply_setting(card, setting, "./command-line");
  require(card.find("weights") != nullptr,
          "lightloom encode needs a weight source (--set 'weights={{source: trellis, bits: 2}}')");
  nn::SourceCard weights;
  read_tree(card, [&](Section& section) { section.card("weights", weights); });
  return weights;
}

void write_decoded(const std::string& path, const GivenArray& given,
                   const std::vector<float>& decoded) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(decoded.data());
  write_file(path, npy_bytes("<f4", given.sides, {bytes, decoded.size() * sizeof(float)}));
}

std::int64_t macs_of(const nn::RegenerationWork& work) { return work.intra_macs + work.cross_macs; }

/// Without any error, or without any signal, there is no ratio.
std::string sqnr_text(double sqnr_db) {
  if (std::isfinite(sqnr_db)) return fmt::format("{:.2f} dB", sqnr_db);
  return sqnr_db < 0 ? "0 (weights are all zero)" : "without bound (exact)";
}

Shown shown(const GivenArray& given, const nn::SourceCard& card, const nn::ArrayCode& code) {
  const auto weights = static_cast<double>(given.weights.size());
  const auto each = [&](std::int64_t count) { return static_cast<double>(count) / weights; };
  Shown result;
  result.json = {{"shape", given.sides},
                 {"weights", given.weights.size()},
                 {"source", card.source},
                 {"label", label_of(card)},
                 {"bits_per_weight", code.bits_per_weight},
                 {"complete_bits_per_weight", code.complete_bits_per_weight},
                 {"sqnr_db", std::isfinite(code.sqnr_db) ? Json(code.sqnr_db) : Json()},
                 {"multiplies_per_weight", each(macs_of(code.work))},
                 {"adds_per_weight", each(code.work.adds + macs_of(code.work))},
                 {"shifts_per_weight", each(code.work.shifts)},
                 {"lookups_per_weight", each(code.work.lookups)},
                 {"multiply_bits", code.work.mac_bits},
                 {"add_bits", code.work.sum_bits},
                 {"streams", Json::array()}};
  TextTable table({"stream", "words", "bits each", "counted"});
  for (const nn::StoredStream& stream : code.streams) {
    result.json["streams"].push_back({{"name", stream.name},
                                      {"count", stream.count},
                                      {"bits", stream.bits},
                                      {"in_ratio", stream.in_ratio}});
    table.row({stream.name, fmt::format("{}", stream.count), fmt::format("{}", stream.bits),
               stream.in_ratio ? "yes" : "no"});
  }
  result.text = fmt::format(
      "{} weights as {}\n\n{}\n{:.4f} bits a weight ({:.4f} with scales and padding), "
      "signal over error {}\nto regenerate one weight: {:.3g} multiplications of {} bits, "
      "{:.3g} additions and {:.3g} shifts of {} bits, {:.3g} look-ups\n",
      fmt::join(given.sides, " x "), label_of(card), table.text(), code.bits_per_weight,
      code.complete_bits_per_weight, sqnr_text(code.sqnr_db), each(macs_of(code.work)),
      code.work.mac_bits, each(code.work.adds + macs_of(code.work)), each(code.work.shifts),
      code.work.sum_bits, each(code.work.lookups));
  return result;
}

Shown do_encode(const CommandLine& line, ProgressSink& /*progress*/) {
  const std::string path = only_operand(line, "an array of weights (.npy)");
  const nn::SourceCard card = read_source(line);
  if (!line.output.empty()) require_outputs(line, {line.output});
  const GivenArray given = read_weights(path);
  const nn::ArrayCode code = nn::code_array(card, given.shape, given.weights);
  Shown result = shown(given, card, code);
  if (line.output.empty()) return result;
  write_decoded(line.output, given, code.decoded);
  result.json["decoded"] = line.output;
  result.text += fmt::format("decoded: {}\n", line.output);
  return result;
}

}  // namespace

extern const Command encode_command{
    .name = "encode",
    .operand = "weights.npy",
    .summary = "an array of weights under any weight source: bits, error, work to regenerate it",
    .endings = {".npy"},
    .options = {},
    .run = do_encode};

}  // namespace lightloom::experiments
