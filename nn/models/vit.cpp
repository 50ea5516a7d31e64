#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "nn/models/builders.hpp"

namespace lightloom::nn::models {
namespace {

/// What tells one vision transformer from another.
struct VitSizes {
  int width, depth, heads;
  int patch = 0;  // pixels of a side; 0: 4 of small images, 16 of larger ones
};

constexpr double vit_epsilon = 1e-6;  // of layer normalisations, as timm's
constexpr int vit_hidden = 4;         // times the width: units between the layers of a block's MLP
constexpr int most_width = 4096, most_depth = 64, most_patch = 64;

/// A linear layer of every token.
int of_tokens(GraphBuilder& net, const std::string& name, int from, int channels) {
  return net.convolution(name, from, {.channels = channels, .bias = true});
}

/// x + proj(attention(norm1(x))), then x + fc2(gelu(fc1(norm2(x)))).
int vit_block(GraphBuilder& net, const std::string& name, int from, const VitSizes& sizes) {
  int at = net.layer_norm(name + ".norm1", from, vit_epsilon);
  const int query = of_tokens(net, name + ".attn.q", at, sizes.width),
            key = of_tokens(net, name + ".attn.k", at, sizes.width),
            value = of_tokens(net, name + ".attn.v", at, sizes.width);
  at = net.attention(query, key, value, sizes.heads);
  const int middle = net.add(from, of_tokens(net, name + ".attn.proj", at, sizes.width));
  at = net.layer_norm(name + ".norm2", middle, vit_epsilon);
  at = of_tokens(net, name + ".mlp.fc1", at, vit_hidden * sizes.width);
  at = of_tokens(net, name + ".mlp.fc2", net.activation(at, Activation::gelu), sizes.width);
  return net.add(middle, at);
}

int patch_of(const VitSizes& sizes, const DatasetShape& data) {
  const int usual = data.image.height > small_image ? 16 : 4,
            patch = sizes.patch > 0 ? sizes.patch : usual;
  require(data.image.height % patch == 0 && data.image.width % patch == 0,
          "patches of {} pixels do not divide images of {}x{} of {} (vit-WIDTH-DEPTH-HEADS-PATCH "
          "names another patch, as vit-64-4-4-7 does)",
          patch, data.image.height, data.image.width, data.name);
  return patch;
}

/// Dosovitskiy et al., ICLR 2021, with the mean of the tokens in the place of a class token
/// (Beyer et al., arXiv 2205.01580).
Graph vit(const DatasetShape& data, const VitSizes& sizes) {
  const int patch = patch_of(sizes, data);
  GraphBuilder net("vit", data.image);
  int at =
      net.convolution("patch_embed.proj", 0,
                      {.channels = sizes.width, .kernel = patch, .stride = patch, .bias = true});
  at = net.add(at, net.constant("pos_embed", net.shape(at)));
  for (int block = 0; block < sizes.depth; ++block)
    at = vit_block(net, "blocks." + std::to_string(block), at, sizes);
  at = net.global_pool(net.layer_norm("norm", at, vit_epsilon));
  net.linear("head", net.flatten(at), data.classes, true);
  return std::move(net).finish();
}

/// The numbers of "64-4-4"; none where a word is no number above 0.
std::vector<int> numbers_of(std::string_view words) {
  std::vector<int> numbers;
  for (std::size_t first = 0; first <= words.size();) {
    const std::size_t end = std::min(words.find('-', first), words.size());
    int number = 0;
    const auto [stop, error] = std::from_chars(words.data() + first, words.data() + end, number);
    if (error != std::errc{} || stop != words.data() + end || number < 1) return {};
    numbers.push_back(number);
    first = end + 1;
  }
  return numbers;
}

VitSizes sizes_of_name(std::string_view words) {
  const std::vector<int> numbers = numbers_of(words);
  require(numbers.size() == 3 || numbers.size() == 4,
          "model 'vit-{}' has no sizes (vit-64-4-2 has tokens of 64 numbers, 4 blocks and 2 heads, "
          "vit-64-4-2-7 patches of 7 pixels as well)",
          words);
  const VitSizes sizes{numbers[0], numbers[1], numbers[2], numbers.size() > 3 ? numbers[3] : 0};
  require(sizes.width <= most_width && sizes.depth <= most_depth && sizes.patch <= most_patch,
          "model 'vit-{}' is too large (at most {} numbers a token, {} blocks, patches of {} "
          "pixels)",
          words, most_width, most_depth, most_patch);
  require(sizes.width % sizes.heads == 0,
          "model 'vit-{}': {} heads do not divide tokens of {} numbers (each head has as many)",
          words, sizes.heads, sizes.width);
  return sizes;
}

}  // namespace

Graph vit_small_images(const DatasetShape& data) {
  return vit(data, {.width = 64, .depth = 4, .heads = 2});
}

/// DeiT-Tiny's (Touvron et al., ICML 2021).
Graph vit_tiny(const DatasetShape& data) {
  return vit(data, {.width = 192, .depth = 12, .heads = 3});
}

Graph vit_of(const DatasetShape& data, std::string_view sizes) {
  return vit(data, sizes_of_name(sizes));
}

}  // namespace lightloom::nn::models
