#include "cores.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <lightloom/core/error.hpp>
#include <lightloom/cosim/mapping.hpp>
#include <lightloom/photonic/cores/chip_statistics.hpp>
#include <lightloom/photonic/cores/core_card.hpp>
#include <memory>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"

namespace lightloom::python {

using photonic::RealisationReport;

py::dict report_of(const RealisationReport& report) {
  py::dict dict;
  dict["tiles"] = report.tiles;
  dict["weights"] = report.weights;
  dict["clipped_weights"] = report.clipped_weights;
  dict["devices"] = report.devices;
  dict["unreachable_devices"] = report.unreachable_devices;
  return dict;
}

namespace {

/// A matrix as a layer: `out` outputs of `in` inputs.
nn::LayerShape linear(int out, int in) {
  nn::LayerShape shape;
  shape.name = "matrix";
  shape.kind = nn::LayerShape::Kind::linear;
  shape.in_channels = in;
  shape.out_channels = out;
  return shape;
}

}  // namespace

nn::LayerShape shape_of(const View<float>& weights) {
  require(!weights.values.empty(), "W is an empty matrix");
  return linear(whole(weights.size(0), "the rows of W", 1),
                whole(weights.size(1), "the columns of W", 1));
}

namespace {

Core core_of(const Tree& tree, std::uint64_t seed) {
  Core made{.card = about_a_card([&] { return read_card<photonic::CoreCard>(tree); }),
            .core = nullptr,
            .seed = seed};
  made.core = about_a_card([&] { return photonic::make_core(made.card); });
  return made;
}

const char* coding_name(photonic::InputCoding coding) {
  if (coding == photonic::InputCoding::intensity) return "intensity";
  if (coding == photonic::InputCoding::offset) return "offset";
  return coding == photonic::InputCoding::field ? "field" : "digital";
}

py::dict description(const Core& core) {
  const photonic::CoreDescription& about = core.core->description();
  const photonic::CoreCost& cost = about.cost;
  py::dict dict;
  dict["kind"] = about.kind;
  dict["rows"] = about.rows;
  dict["columns"] = about.columns;
  dict["coding"] = coding_name(about.coding);
  dict["dynamic"] = about.operands.present();
  dict["input_bits"] = about.input_dac.bits;
  dict["output_bits"] = about.output_adc.bits;
  dict["symbol_rate_GHz"] = cost.symbol_rate_GHz;
  dict["settle_ns"] = cost.settle_ns;
  dict["write_energy_pJ"] = cost.write_energy_pJ;
  dict["hold_power_mW"] = cost.hold_power_mW;
  dict["laser_power_mW"] = cost.laser_power_mW;
  dict["input_energy_pJ"] = cost.input_energy_pJ;
  dict["output_energy_pJ"] = cost.output_energy_pJ;
  dict["static_power_mW"] = cost.static_power_mW;
  dict["area_mm2"] = cost.area_mm2;
  dict["devices"] = cost.devices;
  return dict;
}

/// The parts of the tiles that the matrix takes.
std::vector<photonic::UsedPart> used_parts(const cosim::LayerMapping& mapping) {
  std::vector<photonic::UsedPart> used;
  for (std::int64_t t = 0; t < mapping.tiles; ++t) {
    const cosim::TileView view = cosim::tile_view(mapping, t);
    used.push_back({view.rows, view.columns});
  }
  return used;
}

/// Tiles (tiles, rows, columns) back into the matrix that they were cut from.
std::vector<float> joined(const cosim::LayerMapping& mapping, std::span<const float> tiles) {
  const auto columns = static_cast<std::size_t>(mapping.group_columns);
  const auto tile_columns = static_cast<std::size_t>(mapping.tile.columns);
  const std::size_t size = tile_columns * static_cast<std::size_t>(mapping.tile.rows);
  std::vector<float> matrix(columns * static_cast<std::size_t>(mapping.group_rows));
  for (std::int64_t t = 0; t < mapping.tiles; ++t) {
    const cosim::TileView view = cosim::tile_view(mapping, t);
    for (int r = 0; r < view.rows; ++r) {
      const float* from = tiles.data() + static_cast<std::size_t>(t) * size +
                          static_cast<std::size_t>(r) * tile_columns;
      std::copy_n(from, view.columns,
                  matrix.begin() + static_cast<std::ptrdiff_t>(
                                       static_cast<std::size_t>(view.first_row + r) * columns +
                                       static_cast<std::size_t>(view.first_column)));
    }
  }
  return matrix;
}

/// ||realised - wanted|| / ||wanted||, Frobenius; not a number for zeros.
double relative_error(std::span<const float> realised, std::span<const float> wanted) {
  double difference = 0, size = 0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const double target = wanted[k], miss = realised[k] - target;
    difference += miss * miss;
    size += target * target;
  }
  return std::sqrt(difference / size);
}

py::tuple realise(const Core& core, const py::buffer& buffer, const Place& place) {
  const View<float> weights = view_of<float>(buffer, "W", 2);
  const nn::LayerShape shape = shape_of(weights);
  RealisationReport report;
  std::vector<float> matrix;
  double error = 0;
  {
    const py::gil_scoped_release released;
    const photonic::CoreDescription& about = core.core->description();
    const cosim::LayerMapping mapping = cosim::map_layer(shape, {about.rows, about.columns});
    const std::vector<float> targets = cosim::gather_tiles(shape, mapping, weights.values);
    const std::vector<photonic::UsedPart> used = used_parts(mapping);
    std::vector<float> realised(targets.size()), scales(static_cast<std::size_t>(mapping.tiles));
    const photonic::TileAddress address{.seed = core.seed,
                                        .chip = place.chip,
                                        .layer = place.layer,
                                        .tile = 0,
                                        .write = place.write};
    report = core.core->realise_used({targets, address, realised, scales, used});
    matrix = joined(mapping, realised);
    error = relative_error(matrix, weights.values);
  }
  py::dict about = report_of(report);
  about["relative_error"] = error;
  return py::make_tuple(array_of(std::move(matrix), {weights.size(0), weights.size(1)}), about);
}

photonic::WeightTargets targets_of(const std::string& law, int levels, const py::object& matrix) {
  using Law = photonic::WeightTargets::Law;
  if (matrix.is_none())
    return {.law = law == "normal" ? Law::normal
                   : levels > 0    ? Law::levels
                                   : Law::uniform,
            .levels = levels};
  const View<float> view = view_of<float>(py::cast<py::buffer>(matrix), "target", 2);
  return {.law = Law::given,
          .rows = whole(view.size(0), "the rows of target", 1),
          .columns = whole(view.size(1), "the columns of target", 1),
          .matrix = {view.values.begin(), view.values.end()}};
}

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// `chip_statistics` that may be ended between every few chips, which are what their numbers say.
photonic::ChipStatistics chips_of(const photonic::CoreCard& card, photonic::ChipOptions options,
                                  const ProgressSink& sink) {
  constexpr int at_once = 32;
  photonic::ChipStatistics all;
  for (int left = options.chips; left > 0; left -= at_once) {
    require(!sink.cancelled(), "ended by an interrupt");
    options.chips = std::min(left, at_once);
    photonic::ChipStatistics some = photonic::chip_statistics(card, options);
    options.first_chip += at_once;
    if (all.error.empty()) {
      all = std::move(some);
      continue;
    }
    append(all.error, some.error);
    append(all.fidelity, some.fidelity);
    append(all.unreachable, some.unreachable);
    append(all.insertion_loss_db, some.insertion_loss_db);
    append(all.power_mW, some.power_mW);
    append(all.reading_error, some.reading_error);
  }
  return all;
}

py::dict statistics(const Core& core, const photonic::ChipOptions& asked, const std::string& law,
                    const py::object& matrix) {
  photonic::ChipOptions options = asked;
  options.seed = core.seed;
  options.targets = targets_of(law, asked.targets.levels, matrix);
  photonic::ChipStatistics found =
      long_call(py::none(), [&](ProgressSink& sink) { return chips_of(core.card, options, sink); });
  py::dict dict;
  dict["target"] = found.target;
  dict["modes"] = found.modes;
  dict["error"] = array_of(std::move(found.error));
  dict["fidelity"] = array_of(std::move(found.fidelity));
  dict["unreachable"] = array_of(std::move(found.unreachable));
  dict["insertion_loss_dB"] = array_of(std::move(found.insertion_loss_db));
  dict["power_mW"] = array_of(std::move(found.power_mW));
  dict["reading_error"] = array_of(std::move(found.reading_error));
  return dict;
}

}  // namespace

void bind_cores(py::module_& module) {
  py::class_<Place>(module, "Place").def(py::init<std::uint32_t, std::uint32_t, std::uint32_t>());
  py::class_<Core>(module, "Core")
      .def(py::init(&core_of))
      .def("description", description)
      .def("realise", realise)
      .def("statistics", [](const Core& core, std::int64_t chips, std::uint32_t first,
                            const std::string& law, int levels, const py::object& matrix) {
        photonic::ChipOptions options{.chips = whole(chips, "chips", 1), .first_chip = first};
        options.targets.levels = levels;
        return statistics(core, options, law, matrix);
      });
}

}  // namespace lightloom::python
