#include <lightloom/core/error.hpp>
#include <map>
#include <memory>
#include <mutex>

#include "base/arrays.hpp"
#include "cores.hpp"
#include "matrices.hpp"

namespace lightloom::python {
namespace {

/// How one product of a network is to be computed.
struct ProductCall {
  int number = 0, groups = 1;
  std::uint64_t first = 0;
  bool calibrate = false;
};

/// The products of activations of one network on one chip. Calls wait for one another.
class ProductsOnChip {
 public:
  ProductsOnChip(const Core& core, std::uint32_t chip)
      : core_(core.core), engine_(std::make_unique<cosim::AnalogEngine>(*core_, core.seed, chip)) {}

  /// y of (images, positions, groups * outer) with y_g = x_g w_g^T, x (images, positions, groups *
  /// inner), w (images, groups * outer, inner).
  Array multiply(const py::buffer& inputs, const py::buffer& weights, const ProductCall& call) {
    const View<float> x = view_of<float>(inputs, "x", 3), w = view_of<float>(weights, "w", 3);
    const nn::LayerShape shape = shape_of(x, w, call.groups);
    const int images = whole(x.size(0), "images of x", 1);
    std::vector<float> outputs(static_cast<std::size_t>(images) *
                               static_cast<std::size_t>(shape.in_height) *
                               static_cast<std::size_t>(shape.out_channels));
    {
      const py::gil_scoped_release released;
      const std::lock_guard lock(mutex_);
      check_known(shape, call);
      if (call.calibrate) engine_->begin_calibration();
      const bool taken = run({call.number, shape, x.values, w.values, images, call.first, outputs});
      if (call.calibrate) engine_->end_calibration();
      require(taken,
              "this core stores its weights (only one that modulates both operands takes "
              "products of activations)");
      if (call.calibrate) shapes_[call.number] = shape;
    }
    return array_of(std::move(outputs), {x.size(0), x.size(1), w.size(1)});
  }

  py::dict counts() const {
    const std::lock_guard lock(mutex_);
    return counts_of(engine_->counts());
  }

 private:
  static nn::LayerShape shape_of(const View<float>& x, const View<float>& w, int groups) {
    require(!x.values.empty() && !w.values.empty(), "x or w is empty");
    require(x.size(0) == w.size(0), "x has {} images and w {}", x.size(0), w.size(0));
    require(w.size(1) % groups == 0 && x.size(2) == groups * w.size(2),
            "x of {} values a position and w of {} x {} do not fit {} groups", x.size(2), w.size(1),
            w.size(2), groups);
    nn::LayerShape shape;
    shape.name = "product of activations";
    shape.in_channels = whole(x.size(2), "values of x", 1);
    shape.out_channels = whole(w.size(1), "rows of w", 1);
    shape.groups = groups;
    shape.in_height = shape.out_height = whole(x.size(1), "positions of x", 1);
    shape.in_width = shape.out_width = 1;
    return shape;
  }

  /// The engine keeps the first shape that it sees under a number.
  void check_known(const nn::LayerShape& shape, const ProductCall& call) const {
    const auto found = shapes_.find(call.number);
    if (found == shapes_.end()) {
      require(call.calibrate,
              "product {} of the network was not there when the converters' ranges were set "
              "(calibrate with inputs that take the same way through it)",
              call.number);
      return;
    }
    const nn::LayerShape& known = found->second;
    require(known.in_channels == shape.in_channels && known.out_channels == shape.out_channels &&
                known.groups == shape.groups && known.in_height == shape.in_height,
            "product {} of the network is of {} x {} x {} values, and of another size than when "
            "the converters' ranges were set (inputs of one size alone run on a converted network)",
            call.number, shape.in_height, shape.in_channels, shape.out_channels);
  }

  bool run(const nn::MapProduct& product) {
    try {
      return engine_->multiply_maps(product);
    } catch (...) {
      engine_->end_calibration();
      throw;
    }
  }

  std::shared_ptr<const photonic::TensorCore> core_;
  std::unique_ptr<cosim::AnalogEngine> engine_;
  std::map<int, nn::LayerShape> shapes_;
  mutable std::mutex mutex_;
};

}  // namespace

void bind_products(py::module_& module) {
  py::class_<ProductCall>(module, "ProductCall")
      .def(py::init(
          [](std::int64_t number, std::int64_t groups, std::uint64_t first, bool calibrate) {
            return ProductCall{whole(number, "number", 0), whole(groups, "groups", 1), first,
                               calibrate};
          }));
  py::class_<ProductsOnChip>(module, "ProductsOnChip")
      .def(py::init<const Core&, std::uint32_t>())
      .def("multiply", &ProductsOnChip::multiply)
      .def("counts", &ProductsOnChip::counts);
}

}  // namespace lightloom::python
