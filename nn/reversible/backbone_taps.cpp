#include "nn/reversible/backbone_taps.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "nn/freeze/prefix_cut.hpp"

namespace lightloom::nn {
namespace {

constexpr std::size_t usual_taps = 3;

const MapShape& shape_behind(const Network& network, int layers) {
  const GraphCut cut = prefix_cut(network.graph(), layers);
  return network.graph().nodes[static_cast<std::size_t>(cut.frontier.front())].shape;
}

/// Numbers of layers behind which one tensor passes that is a map.
std::vector<int> places_for_taps(const Network& network) {
  std::vector<int> places;
  for (const int layers : legal_prefixes(network))
    if (shape_behind(network, layers).height > 1) places.push_back(layers);
  return places;
}

/// The last place and others before it, evenly apart.
std::vector<int> usual_places(const std::vector<int>& places) {
  std::vector<int> taps;
  const std::size_t count = std::min(usual_taps, places.size());
  for (std::size_t i = 1; i <= count; ++i) taps.push_back(places[i * places.size() / count - 1]);
  return taps;
}

/// The pixels of an axis of `all` that pixel `at` of `pieces` is the mean of.
struct Piece {
  int first = 0, end = 0;
  [[nodiscard]] int size() const { return end - first; }
};
Piece piece(int at, int pieces, int all) {
  return {at * all / pieces, ((at + 1) * all + pieces - 1) / pieces};
}

}  // namespace

BranchShape branch_shape(const Network& backbone, const BranchCard& card, int classes) {
  const std::vector<int> places = places_for_taps(backbone);
  const std::string& name = backbone.graph().name;
  require(!places.empty(), "branch: '{}' has no place where one map passes (it has no taps)", name);
  const std::vector<int> wanted = card.taps.empty() ? usual_places(places) : card.taps;
  BranchShape shape{
      .blocks = card.blocks, .channels = card.channels, .classes = classes, .taps = {}};
  int before = 0, least = 0;
  for (const int layers : wanted) {
    require(std::find(places.begin(), places.end(), layers) != places.end(),
            "branch.taps names {} layers, behind which no single map of '{}' passes (it does "
            "behind {})",
            layers, name, fmt::join(places, ", "));
    require(layers > before, "branch.taps must rise (they are {})", fmt::join(wanted, ", "));
    const MapShape& map = shape_behind(backbone, layers);
    shape.taps.push_back({.layers = layers, .channels = map.channels});
    const int smaller = std::min(map.height, map.width);
    least = before == 0 ? smaller : std::min(least, smaller);
    before = layers;
  }
  shape.size = card.size > 0 ? card.size : least;
  for (const BranchTap& tap : shape.taps) {
    const MapShape& map = shape_behind(backbone, tap.layers);
    require(shape.size <= std::min(map.height, map.width),
            "branch.size is {}, and the map behind {} layers of '{}' is {} x {} (give a smaller "
            "size, or other taps)",
            shape.size, tap.layers, name, map.height, map.width);
  }
  require(shape.blocks >= static_cast<int>(shape.taps.size()),
          "branch.blocks is {}, fewer than its {} taps (each block has one connection)",
          shape.blocks, shape.taps.size());
  return shape;
}

BackboneTaps::BackboneTaps(Network& backbone, const BranchShape& branch)
    : pooled_(branch.taps.size()) {
  GraphCut from = cut_at_input(backbone.graph());
  for (std::size_t i = 0; i < branch.taps.size(); ++i) {
    GraphCut to = prefix_cut(backbone.graph(), branch.taps[i].layers);
    parts_.push_back(std::make_unique<PartInference>(backbone, from, to));
    from = std::move(to);
    pooled_[i].resize({1, branch.size, branch.size, branch.taps[i].channels});
  }
}

const std::vector<Tensor>& BackboneTaps::forward(const Tensor& images) {
  const Tensor* at = &images;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Tensor* const given[] = {at};
    at = parts_[i]->forward(given).front();
    TensorShape shape = pooled_[i].shape();
    shape.images = images.shape().images;
    pooled_[i].resize(shape);
    average_to(*at, pooled_[i]);
  }
  return pooled_;
}

void average_to(const Tensor& x, Tensor& y) {
  const TensorShape &from = x.shape(), &to = y.shape();
  const auto row = [&](int image, int r) {
    return x.data() + (std::ptrdiff_t{image} * from.height + r) * from.width * from.channels;
  };
  parallel_for(to.images, [&](std::ptrdiff_t image) {
    const auto n = static_cast<int>(image);
    float* out = y.data() + image * to.height * to.width * to.channels;
    for (int r = 0; r < to.height; ++r)
      for (int c = 0; c < to.width; ++c, out += to.channels) {
        const Piece rows = piece(r, to.height, from.height),
                    columns = piece(c, to.width, from.width);
        const auto share = 1.0f / static_cast<float>(rows.size() * columns.size());
        std::fill(out, out + to.channels, 0.0f);
        for (int i = rows.first; i < rows.end; ++i)
          for (int j = columns.first; j < columns.end; ++j) {
            const float* value = row(n, i) + std::ptrdiff_t{j} * to.channels;
            for (int k = 0; k < to.channels; ++k) out[k] += share * value[k];
          }
      }
  });
}

}  // namespace lightloom::nn
