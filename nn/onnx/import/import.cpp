#include "nn/onnx/import/import.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "nn/onnx/import/translate.hpp"
#include "nn/onnx/model/unsupported.hpp"
#include "nn/onnx/passes/advice.hpp"
#include "nn/onnx/passes/circular_padding.hpp"
#include "nn/onnx/passes/tail.hpp"

namespace lightloom::nn::onnx {

// NOLINTNEXTLINE(performance-unnecessary-value-param): it is emptied, through the bindings below
void give_weights(Imported imported, Network& network) {
  for (auto& [node, values] : imported.layers) {
    WeightLayer& layer = network.weight_layers()[static_cast<std::size_t>(network.index_of(node))];
    layer.source->encode(values.weight);
    if (!values.bias.empty()) layer.bias.value = std::move(values.bias);
  }
  for (auto& [node, values] : imported.norms) {
    NormLayer& norm = network.norms()[static_cast<std::size_t>(network.index_of(node))];
    norm.scale.value = std::move(values.scale);
    norm.shift.value = std::move(values.shift);
    norm.mean = std::move(values.mean);
    norm.variance = std::move(values.variance);
  }
}

Network network_of(Imported imported, const SourceCard& card) {
  Network network(std::move(imported.graph), card, 0);
  give_weights(std::move(imported), network);
  return network;
}

namespace {

/// Named before what their sequences would be refused for.
void require_no_recurrent_layer(const Model& model) {
  for (const Operation& o : model.operations)
    if (o.type == "LSTM" || o.type == "GRU" || o.type == "RNN")
      throw Unsupported(o, "a recurrent layer in a network");
}

}  // namespace

Imported import_model(const std::string& path) { return import_read(read_model(path), path); }

Imported import_read(const Model& model, const std::string& path) {
  try {
    require_known_versions(model);
    const Model network = up_to_logits(model);
    require_no_recurrent_layer(network);
    if (const auto place = misplaced_circular_padding(network))
      throw Error(fmt::format(
          "{} cuts the border in front one row too early, as PyTorch before 2.0 writes circular "
          "padding (not what the network computed: export it with PyTorch 2.0 or later, or pad by "
          "torch.cat of slices)",
          *place));
    Imported imported = translate(network);
    require(imported.graph.nodes.size() > 1, "it computes nothing of its input");
    imported.graph.name = std::filesystem::path(path).stem().string();
    return imported;
  } catch (const Unsupported& problem) {
    throw Error(fmt::format("cannot import '{}' (opset {}): {} ({})", path, model.opset,
                            problem.what(), advice(problem.operation_type)));
  } catch (const Error& problem) {
    throw Error(fmt::format("cannot import '{}': {}", path, problem.what()));
  }
}

Tensor images_of(const Imported& imported, const Array& input) {
  const MapShape& map = imported.graph.nodes.front().shape;
  if (!imported.channels_last) return to_channels_last(input, map);
  Tensor tensor(TensorShape(static_cast<int>(input.size() / map.size()), map));
  std::ranges::copy(input.floats, tensor.data());
  return tensor;
}

Array output_of(const Imported& imported, const Tensor& output) {
  Array array{.dims = imported.output_dims};
  const std::span<const float> values = output.values();
  array.dims.front() = 1;
  array.dims.front() = static_cast<std::int64_t>(values.size()) / array.size();
  array.floats = array.dims.size() == 4 ? to_channels_first(output)
                                        : std::vector<float>(values.begin(), values.end());
  return array;
}

Tensor to_channels_last(const Array& array, const MapShape& map) {
  const int images = static_cast<int>(array.size() / std::max<std::int64_t>(1, map.size()));
  Tensor tensor(TensorShape(images, map));
  const int area = map.height * map.width;
  for (std::int64_t n = 0; n < images; ++n) {
    for (int c = 0; c < map.channels; ++c) {
      for (int p = 0; p < area; ++p) {
        tensor.data()[(n * area + p) * map.channels + c] =
            array.floats[static_cast<std::size_t>((n * map.channels + c) * area + p)];
      }
    }
  }
  return tensor;
}

std::vector<float> to_channels_first(const Tensor& tensor) {
  const TensorShape& s = tensor.shape();
  const int area = s.height * s.width;
  std::vector<float> values(tensor.values().size());
  for (std::int64_t n = 0; n < s.images; ++n) {
    for (int p = 0; p < area; ++p) {
      for (int c = 0; c < s.channels; ++c) {
        values[static_cast<std::size_t>((n * s.channels + c) * area + p)] =
            tensor.data()[(n * area + p) * s.channels + c];
      }
    }
  }
  return values;
}

}  // namespace lightloom::nn::onnx
