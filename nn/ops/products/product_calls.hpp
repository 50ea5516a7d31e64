#pragma once

// Private to nn/ops: the oneDNN primitives of a convolution or linear layer.

#include "nn/ops/onednn.hpp"
#include "nn/ops/products/product.hpp"

namespace lightloom::nn::onednn {

/// A primitive with its arguments bound once; running it only changes data pointers. Where the
/// layouts or types of x and y are not the plain ones, whoever runs it moves the numbers.
struct Call {
  dnnl::primitive primitive;
  dnnl::memory::desc x, weights, y;             // as the primitive wants them
  dnnl::memory::desc plain_x, plain_y;          // channels last, float32
  int x_name, weights_name, y_name, bias_name;  // oneDNN's names of the arguments
  Arguments arguments;
  dnnl::memory::desc by_axes{};  // `weights` in the order of their axes, where that is another

  void bind(int name, const dnnl::memory& what) { arguments.insert_or_assign(name, what); }
  void run() { primitive.execute(stream(), arguments); }
};

/// Whether a product adds a bias, or gives its gradient.
enum class Bias { none, with };

/// A layer for a number of images. In bfloat16 the operands of a call are of that type, what it
/// computes is float32.
struct Work {
  LayerShape shape;
  int images;
  Precision precision;
};

Call forward_call(const Work& work, Bias bias, const Finish& finish);
Call input_gradient_call(const Work& work);
/// Of the first of `weight_gradient_slices` equal slices of output channels; of sampled pixels
/// where `reads_sampled_pixels`, of patches where `multiplies_patches`.
Call weight_gradient_call(const Work& work, Bias bias);
/// Whether the weight gradient is that of a 1x1 convolution without a stride on the pixels that
/// count: with one, and fewer input channels than a vector has numbers, oneDNN 2.6's kernel writes
/// beyond its scratch memory.
bool reads_sampled_pixels(const LayerShape& shape);
/// Whether the weight gradient of a convolution is one product of matrices, of the gradient and its
/// patches (patches.hpp; with a 1x1 kernel and no stride the map itself).
bool multiplies_patches(const Work& work);
/// Whether those patches are another array than the map.
bool gathers_patches(const Work& work);
/// The map of `plain` in bfloat16.
dnnl::memory::desc rounded(const dnnl::memory::desc& plain);
/// Winograd's method holds the gradient of all weights in its own form, 36 numbers for 9, for every
/// thread: wide layers are computed slice by slice of their output channels.
int weight_gradient_slices(const Work& work);

/// How many of the images one call should take: all, but for large maps computed by Winograd's
/// method, whose transformed maps are large.
int images_per_call(const Work& work);
/// The same for a weight gradient, whose patches are large too.
int images_per_weight_gradient(const Work& work);

/// [out, in/groups, kh, kw] row-major.
dnnl::memory::desc plain_weights(const LayerShape& shape);

/// Copies between layouts, the primitives prepared once.
class Relayout {
 public:
  void run(const dnnl::memory& from, dnnl::memory& to);
  /// to += from.
  void add(const dnnl::memory& from, dnnl::memory& to);

 private:
  struct Prepared {
    dnnl::memory::desc from, to;
    bool sum;
    dnnl::reorder primitive;
  };
  void run(const dnnl::memory& from, dnnl::memory& to, bool sum);
  std::vector<Prepared> prepared_;
};

}  // namespace lightloom::nn::onednn
