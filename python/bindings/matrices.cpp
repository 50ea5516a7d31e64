#include "matrices.hpp"

#include <pybind11/stl.h>

#include <array>
#include <lightloom/core/error.hpp>
#include <memory>
#include <mutex>

#include "base/arrays.hpp"
#include "cores.hpp"

namespace lightloom::python {
namespace {

/// How a convolution slides: stride, padding and dilation along height and width, groups.
struct Sliding {
  std::array<int, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int groups = 1;
};

/// Positions of a window of `kernel` along an axis of `size`.
int positions(int size, int kernel, const Sliding& sliding, std::size_t axis) {
  const std::int64_t span = std::int64_t{sliding.dilation[axis]} * (kernel - 1) + 1,
                     room = std::int64_t{size} + 2 * sliding.padding[axis] - span;
  require(room >= 0, "a map of {} is smaller than the {} that W spans", size, span);
  return static_cast<int>(room / sliding.stride[axis] + 1);
}

/// A convolution of weights (out, in / groups, height, width) over maps of `height` x `width`.
nn::LayerShape convolution(const View<float>& weights, const Sliding& sliding, int height,
                           int width) {
  nn::LayerShape shape;
  shape.name = "convolution";
  shape.groups = sliding.groups;
  shape.out_channels = whole(weights.size(0), "the outputs of W", 1);
  require(shape.out_channels % sliding.groups == 0,
          "the {} outputs of W are no multiple of {} groups", shape.out_channels, sliding.groups);
  shape.in_channels =
      whole(std::int64_t{whole(weights.size(1), "the inputs of W", 1)} * sliding.groups,
            "the inputs of W of all groups", 1);
  shape.kernel_height = whole(weights.size(2), "the height of W", 1);
  shape.kernel_width = whole(weights.size(3), "the width of W", 1);
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
    const View<float> weights = view_of<float>(buffer, "W", 2);
    shape_ = shape_of(weights);
    start(core, weights, place);
  }
  MatrixOnChip(const Core& core, const py::buffer& buffer, const Place& place,
               const std::pair<Sliding, std::array<int, 2>>& how)
      : core_(core.core), layer_(static_cast<int>(place.layer)), axes_(4) {
    const View<float> weights = view_of<float>(buffer, "W", 4);
    shape_ = convolution(weights, how.first, how.second[0], how.second[1]);
    start(core, weights, place);
  }

  /// The same layer with other weights; converters keep their ranges.
  void write(const py::buffer& buffer, std::uint32_t number) {
    const View<float> weights = view_of<float>(buffer, "W", axes_);
    require(static_cast<std::int64_t>(weights.values.size()) == shape_.weights() &&
                weights.size(0) == shape_.out_channels,
            "W has another shape than the weights that it replaces");
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
    py::dict dict = counts_of(engine_->counts());
    dict["realisation"] = report_of(engine_->counts().realisation);
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

}  // namespace

py::dict counts_of(const cosim::AnalogCounts& counts) {
  py::dict dict;
  dict["inputs"] = counts.inputs;
  dict["clipped_inputs"] = counts.clipped_inputs;
  dict["conversions"] = counts.conversions;
  dict["saturated_conversions"] = counts.saturated_conversions;
  return dict;
}

void bind_matrices(py::module_& module) {
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
}

}  // namespace lightloom::python
