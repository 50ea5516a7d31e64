#include "cores.hpp"

#include <pybind11/stl.h>

#include <array>
#include <cmath>
#include <lightloom/core/error.hpp>
#include <lightloom/cosim/analog/analog_engine.hpp>
#include <lightloom/cosim/mapping.hpp>
#include <lightloom/photonic/cores/chip_statistics.hpp>
#include <lightloom/photonic/cores/core_card.hpp>
#include <memory>
#include <mutex>

#include "base/arrays.hpp"
#include "base/errors.hpp"
#include "base/progress.hpp"
#include "base/trees.hpp"

namespace lightloom::python {
namespace {

using photonic::RealisationReport;

/// A core and the seed of its chips.
struct Core {
  photonic::CoreCard card;
  std::shared_ptr<const photonic::TensorCore> core;
  std::uint64_t seed = 0;
};

Core core_of(const Tree& tree, std::uint64_t seed) {
  Core made{.card = about_a_card([&] { return read_card<photonic::CoreCard>(tree); }),
            .core = nullptr,
            .seed = seed};
  made.core = about_a_card([&] { return photonic::make_core(made.card); });
  return made;
}

const char* coding_name(photonic::InputCoding coding) {
  if (coding == photonic::InputCoding::intensity) return "intensity";
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

py::dict report_of(const RealisationReport& report) {
  py::dict dict;
  dict["tiles"] = report.tiles;
  dict["weights"] = report.weights;
  dict["clipped_weights"] = report.clipped_weights;
  dict["devices"] = report.devices;
  dict["unreachable_devices"] = report.unreachable_devices;
  return dict;
}

/// A matrix as a layer: `out` outputs of `in` inputs.
nn::LayerShape linear(int out, int in) {
  nn::LayerShape shape;
  shape.name = "matrix";
  shape.kind = nn::LayerShape::Kind::linear;
  shape.in_channels = in;
  shape.out_channels = out;
  return shape;
}

nn::LayerShape shape_of(const View<float>& weights) {
  require(!weights.values.empty(), "weights are an empty matrix");
  return linear(whole(weights.size(0), "rows of weights", 1),
                whole(weights.size(1), "columns of weights", 1));
}

/// Which chip, which of its layers, and how often it was written before.
struct Place {
  std::uint32_t chip = 0, layer = 0, write = 0;
};

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
  const View<float> weights = view_of<float>(buffer, "weights", 2);
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

/// How a convolution slides: stride, padding and dilation along height and width, groups.
struct Sliding {
  std::array<int, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int groups = 1;
};

/// Positions of a window of `kernel` along an axis of `size`.
int positions(int size, int kernel, const Sliding& sliding, std::size_t axis) {
  const int span = sliding.dilation[axis] * (kernel - 1) + 1,
            room = size + 2 * sliding.padding[axis] - span;
  require(room >= 0, "a map of {} is smaller than the {} that the weights span", size, span);
  return room / sliding.stride[axis] + 1;
}

/// A convolution of weights (out, in / groups, height, width) over maps of `height` x `width`.
nn::LayerShape convolution(const View<float>& weights, const Sliding& sliding, int height,
                           int width) {
  nn::LayerShape shape;
  shape.name = "convolution";
  shape.groups = sliding.groups;
  shape.out_channels = whole(weights.size(0), "outputs of weights", 1);
  shape.in_channels = whole(weights.size(1), "inputs of weights", 1) * sliding.groups;
  shape.kernel_height = whole(weights.size(2), "height of weights", 1);
  shape.kernel_width = whole(weights.size(3), "width of weights", 1);
  require(shape.out_channels % sliding.groups == 0, "{} outputs are no multiple of {} groups",
          shape.out_channels, sliding.groups);
  shape.stride = {sliding.stride[0], sliding.stride[1]};
  shape.dilation = {sliding.dilation[0], sliding.dilation[1]};
  shape.padding = {sliding.padding[0], sliding.padding[1], sliding.padding[0], sliding.padding[1]};
  shape.in_height = height;
  shape.in_width = width;
  shape.out_height = positions(height, shape.kernel_height, sliding, 0);
  shape.out_width = positions(width, shape.kernel_width, sliding, 1);
  return shape;
}

/// A matrix or convolution as it stands on one chip, read through converters with noise. Its calls
/// wait for one another.
class MatrixOnChip {
 public:
  MatrixOnChip(const Core& core, const py::buffer& buffer, const Place& place)
      : core_(core.core), layer_(static_cast<int>(place.layer)) {
    const View<float> weights = view_of<float>(buffer, "weights", 2);
    shape_ = shape_of(weights);
    start(core, weights, place);
  }
  MatrixOnChip(const Core& core, const py::buffer& buffer, const Place& place,
               const std::pair<Sliding, std::array<int, 2>>& how)
      : core_(core.core), layer_(static_cast<int>(place.layer)), axes_(4) {
    const View<float> weights = view_of<float>(buffer, "weights", 4);
    shape_ = convolution(weights, how.first, how.second[0], how.second[1]);
    start(core, weights, place);
  }

  /// The same layer with other weights; converters keep their ranges.
  void write(const py::buffer& buffer, std::uint32_t number) {
    const View<float> weights = view_of<float>(buffer, "weights", axes_);
    require(static_cast<std::int64_t>(weights.values.size()) == shape_.weights() &&
                weights.size(0) == shape_.out_channels,
            "weights have another shape than those that they replace");
    const py::gil_scoped_release released;
    const std::lock_guard lock(mutex_);
    engine_->load(layer_, shape_, weights.values, number);
  }

  /// Sets the ranges by `buffer`; gives the products of the realised weights, without noise and
  /// ADC.
  Array calibrate(const py::buffer& buffer) {
    const View<float> inputs = inputs_of(buffer);
    std::vector<float> outputs;
    {
      const py::gil_scoped_release released;
      const std::lock_guard lock(mutex_);
      engine_->begin_calibration();
      try {
        outputs = multiply(inputs, 0);
      } catch (...) {
        engine_->end_calibration();
        throw;
      }
      engine_->end_calibration();
      calibrated_ = true;
    }
    return array_of(std::move(outputs), output_shape(inputs.size(0)));
  }

  Array read(const py::buffer& buffer, std::uint64_t first) {
    const View<float> inputs = inputs_of(buffer);
    std::vector<float> outputs;
    {
      const py::gil_scoped_release released;
      const std::lock_guard lock(mutex_);
      require(
          calibrated_,
          "the converters of this matrix have no ranges yet (call calibrate with inputs first)");
      outputs = multiply(inputs, first);
    }
    return array_of(std::move(outputs), output_shape(inputs.size(0)));
  }

  py::dict counts() const {
    const std::lock_guard lock(mutex_);
    const cosim::AnalogCounts& counts = engine_->counts();
    py::dict dict;
    dict["inputs"] = counts.inputs;
    dict["clipped_inputs"] = counts.clipped_inputs;
    dict["conversions"] = counts.conversions;
    dict["saturated_conversions"] = counts.saturated_conversions;
    dict["realisation"] = report_of(counts.realisation);
    return dict;
  }

 private:
  void start(const Core& core, const View<float>& weights, const Place& place) {
    const py::gil_scoped_release released;
    engine_ = std::make_unique<cosim::AnalogEngine>(*core_, core.seed, place.chip);
    engine_->load(layer_, shape_, weights.values, place.write);
  }

  View<float> inputs_of(const py::buffer& buffer) const {
    View<float> inputs = view_of<float>(buffer, "x", axes_);
    require(inputs.size(0) > 0, "x holds no vectors");
    if (axes_ == 2)
      require(inputs.size(1) == shape_.in_channels, "x has {} columns (the matrix has {} inputs)",
              inputs.size(1), shape_.in_channels);
    else
      require(inputs.size(1) == shape_.in_height && inputs.size(2) == shape_.in_width &&
                  inputs.size(3) == shape_.in_channels,
              "x has maps of {} x {} x {} (the layer was loaded for {} x {} x {}: height, width, "
              "channels)",
              inputs.size(1), inputs.size(2), inputs.size(3), shape_.in_height, shape_.in_width,
              shape_.in_channels);
    return inputs;
  }

  std::vector<py::ssize_t> output_shape(py::ssize_t images) const {
    if (axes_ == 2) return {images, shape_.out_channels};
    return {images, shape_.out_height, shape_.out_width, shape_.out_channels};
  }

  std::vector<float> multiply(const View<float>& inputs, std::uint64_t first) {
    const int images = whole(inputs.size(0), "images of x", 1);
    std::vector<float> outputs(static_cast<std::size_t>(images) *
                               static_cast<std::size_t>(shape_.positions()) *
                               static_cast<std::size_t>(shape_.out_channels));
    engine_->multiply(layer_, {inputs.values, images, first}, outputs);
    return outputs;
  }

  std::shared_ptr<const photonic::TensorCore> core_;
  nn::LayerShape shape_;
  int layer_;
  std::size_t axes_ = 2;  // of weights and inputs: a matrix, or 4 of a convolution
  std::unique_ptr<cosim::AnalogEngine> engine_;
  bool calibrated_ = false;
  mutable std::mutex mutex_;
};

photonic::WeightTargets targets_of(const std::string& law, int levels, const py::object& matrix) {
  using Law = photonic::WeightTargets::Law;
  if (matrix.is_none())
    return {.law = law == "normal" ? Law::normal
                   : levels > 0    ? Law::levels
                                   : Law::uniform,
            .levels = levels};
  const View<float> view = view_of<float>(py::cast<py::buffer>(matrix), "target", 2);
  return {.law = Law::given,
          .rows = whole(view.size(0), "rows of target", 1),
          .columns = whole(view.size(1), "columns of target", 1),
          .matrix = {view.values.begin(), view.values.end()}};
}

py::dict statistics(const Core& core, const photonic::ChipOptions& asked, const std::string& law,
                    const py::object& matrix) {
  photonic::ChipOptions options = asked;
  options.seed = core.seed;
  options.targets = targets_of(law, asked.targets.levels, matrix);
  photonic::ChipStatistics found = long_call(
      py::none(), [&](ProgressSink&) { return photonic::chip_statistics(core.card, options); });
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
  py::class_<MatrixOnChip>(module, "MatrixOnChip")
      .def(py::init<const Core&, const py::buffer&, const Place&>())
      .def(py::init([](const Core& core, const py::buffer& weights, const Place& place,
                       const std::array<int, 7>& sliding, const std::array<int, 2>& map) {
        const Sliding how{.stride = {sliding[0], sliding[1]},
                          .padding = {sliding[2], sliding[3]},
                          .dilation = {sliding[4], sliding[5]},
                          .groups = sliding[6]};
        return std::make_unique<MatrixOnChip>(core, weights, place, std::pair(how, map));
      }))
      .def("write", &MatrixOnChip::write)
      .def("calibrate", &MatrixOnChip::calibrate)
      .def("read", &MatrixOnChip::read)
      .def("counts", &MatrixOnChip::counts);
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
