#include "experiments/studies/costs/image_sizes.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/studies/costs/cost_study.hpp"
#include "nn/data/dataset.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

constexpr int most_pixels = 4096;

int one_size(std::string_view word) {
  int pixels = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pixels);
  require(error == std::errc{} && end == word.data() + word.size() && pixels >= 1 &&
              pixels <= most_pixels,
          "--images: '{}' is no side of an image (write 16,32,64: pixels from 1 to {})", word,
          most_pixels);
  return pixels;
}

std::int64_t longest_attention(const nn::Graph& graph) {
  std::int64_t tokens = 0;
  for (const nn::Node& node : graph.nodes)
    if (node.op == nn::Op::attention)
      tokens = std::max(tokens, std::int64_t{node.shape.height} * node.shape.width);
  return tokens;
}

ImageSize study_size(const Experiment& card, int pixels) {
  nn::DatasetShape shape = nn::shape_of(card.network.dataset);
  shape.image.height = shape.image.width = pixels;
  const nn::Graph graph = nn::build_graph(card.network.model, shape);
  const SourceLayers layers = source_layers(graph, card.network);
  const CostStudy study = study_cost(card.network, card.hardware, layers);
  return {.pixels = pixels,
          .tokens = longest_attention(graph),
          .products = product_counts(layers.front()),
          .time_s = study.reports.front().time_s(),
          .energy_J = study.reports.front().energy_J()};
}

}  // namespace

double ProductCounts::static_share() const {
  const std::int64_t all = of_weights + of_activations;
  return of_activations == 0 ? 1.0 : static_cast<double>(of_weights) / static_cast<double>(all);
}

ProductCounts product_counts(const std::vector<cosim::CostLayer>& layers) {
  ProductCounts counts;
  for (const cosim::CostLayer& layer : layers) {
    counts.of_weights += layer.shape.macs();
    for (const cosim::LayerProduct& product : layer.products)
      counts.of_activations += product.shape.macs();
  }
  return counts;
}

std::vector<int> image_sizes(const std::string& text) {
  std::vector<int> sizes;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    sizes.push_back(one_size(std::string_view(text).substr(first, end - first)));
    first = end + 1;
  }
  return sizes;
}

std::vector<ImageSize> study_image_sizes(const Experiment& card, const std::vector<int>& sizes,
                                         ProgressSink& sink) {
  Progress progress(sink, "images of other sizes", static_cast<std::int64_t>(sizes.size()),
                    "sizes");
  std::vector<ImageSize> found;
  for (const int pixels : sizes) {
    if (sink.cancelled()) throw Failure("interrupted while images of other sizes were costed");
    found.push_back(study_size(card, pixels));
    progress.advance(1);
  }
  return found;
}

Json image_sizes_json(const std::vector<ImageSize>& sizes) {
  Json json = Json::array();
  for (const ImageSize& size : sizes)
    json.push_back({{"pixels", size.pixels},
                    {"tokens", size.tokens},
                    {"weight_macs", size.products.of_weights},
                    {"activation_macs", size.products.of_activations},
                    {"static_share", size.products.static_share()},
                    {"time_s", size.time_s},
                    {"energy_J", size.energy_J}});
  return json;
}

std::string image_sizes_text(const std::vector<ImageSize>& sizes) {
  TextTable table({"images", "tokens", "products of weights", "of activations", "static share",
                   "time", "energy"});
  for (const ImageSize& size : sizes)
    table.row({fmt::format("{0} x {0}", size.pixels), fmt::format("{}", size.tokens),
               fmt::format("{:.4g}", static_cast<double>(size.products.of_weights)),
               fmt::format("{:.4g}", static_cast<double>(size.products.of_activations)),
               fmt::format("{:.1f} %", 100 * size.products.static_share()),
               with_prefix(size.time_s, "s"), with_prefix(size.energy_J, "J")});
  return table.text();
}

}  // namespace lightloom::experiments
