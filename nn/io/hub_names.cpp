#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "nn/io/torch_dialects.hpp"

namespace lightloom::nn {
namespace {

using Names = std::vector<std::string>;
using Spellings = std::vector<std::pair<std::string_view, std::string_view>>;

/// With the first of the spellings that stands in the name changed.
std::string changed(std::string name, const Spellings& spellings) {
  for (const auto& [from, to] : spellings) {
    const std::size_t at = name.find(from);
    if (at != std::string::npos) return name.replace(at, from.size(), to);
  }
  return name;
}

/// timm's VGG: the large matrices as convolutions, `pre_logits`.
std::string timm_vgg(const std::string& name) {
  static const Spellings spellings{{"pre_logits.fc1.", "classifier.0."},
                                   {"pre_logits.fc2.", "classifier.3."},
                                   {"head.fc.", "classifier.6."}};
  return changed(name, spellings);
}

/// A whole number in a name, and where it ends; -1 where there is none that a point follows.
std::pair<int, std::size_t> number_at(const std::string& name, std::size_t from) {
  int number = -1;
  const char* const end = name.data() + name.size();
  const auto [stop, problem] = std::from_chars(name.data() + from, end, number);
  if (problem != std::errc{} || stop == end || *stop != '.' || number < 0 || number > 9999)
    return {-1, from};
  return {number, static_cast<std::size_t>(stop - name.data())};
}

/// The ResNets of Hugging Face's transformers: resnet.encoder.stages.0.layers.1.layer.0.convolution
/// for layer1.1.conv1.
std::string transformers_resnet(const std::string& name) {
  static const Spellings outer{{"resnet.", ""}};
  static const Spellings ends{{"embedder.embedder.convolution.", "conv1."},
                              {"embedder.embedder.normalization.", "bn1."},
                              {"shortcut.convolution.", "shortcut.0."},
                              {"shortcut.normalization.", "shortcut.1."},
                              {"classifier.1.", "linear."}};
  const std::string own = changed(changed(name, outer), ends);
  constexpr std::string_view stages = "encoder.stages.", layers = ".layers.", layer = "layer.";
  if (!own.starts_with(stages)) return own;
  const auto [stage, stage_end] = number_at(own, stages.size());
  if (stage < 0 || own.compare(stage_end, layers.size(), layers) != 0) return own;
  const auto [block, block_end] = number_at(own, stage_end + layers.size());
  if (block < 0) return own;
  const std::string start = "layer" + std::to_string(stage + 1) + "." + std::to_string(block) + ".";
  const std::string rest = own.substr(block_end + 1);
  if (!rest.starts_with(layer)) return start + rest;
  const auto [part, part_end] = number_at(rest, layer.size());
  if (part < 0) return own;
  const std::string conv = "conv" + std::to_string(part + 1) + ".",
                    norm = "bn" + std::to_string(part + 1) + ".";
  return start +
         changed(rest.substr(part_end), {{".convolution.", conv}, {".normalization.", norm}});
}

/// weiaicunzai's ResNets: conv2_x.0.residual_function.3 for layer1.0.conv2.
std::string weiaicunzai_resnet(const std::string& name) {
  static const Spellings stages{{"conv1.0.", "conv1."},  {"conv1.1.", "bn1."},
                                {"conv2_x.", "layer1."}, {"conv3_x.", "layer2."},
                                {"conv4_x.", "layer3."}, {"conv5_x.", "layer4."},
                                {"fc.", "linear."}};
  static const Spellings parts{
      {"residual_function.0.", "conv1."}, {"residual_function.1.", "bn1."},
      {"residual_function.3.", "conv2."}, {"residual_function.4.", "bn2."},
      {"residual_function.6.", "conv3."}, {"residual_function.7.", "bn3."}};
  return changed(changed(name, stages), parts);
}

/// MobileNetV2 with its blocks in one row (tonylins, d-li14): features.2.conv.3 is the depthwise
/// part that torchvision has as features.2.conv.1.0.
std::string flat_mobilenetv2(const std::set<std::string>& all, const std::string& name) {
  constexpr std::string_view features = "features.", conv = ".conv.";
  static const Spellings ends{{"classifier.", "classifier.1."}};
  static const Spellings last{{"conv.", "features.18."}};
  if (name.starts_with("conv.")) return changed(name, last);
  if (name.starts_with("classifier.w") || name.starts_with("classifier.b"))
    return changed(name, ends);
  if (!name.starts_with(features)) return name;
  const auto [block, block_end] = number_at(name, features.size());
  if (block < 0 || name.compare(block_end, conv.size(), conv) != 0) return name;
  const std::string start = name.substr(0, block_end + conv.size());
  const auto [place, place_end] = number_at(name, start.size());
  if (place < 0) return name;
  const int part = place / 3, inner = place % 3;
  const bool projects = part == (all.contains(start + "6.weight") ? 2 : 1);
  return start +
         (projects ? std::to_string(part + inner)
                   : std::to_string(part) + "." + std::to_string(inner)) +
         name.substr(place_end);
}

}  // namespace

std::vector<Names> from_other_hubs(const Names& names) {
  std::vector<Names> spellings(3);
  for (const std::string& name : names) {
    spellings[0].push_back(timm_vgg(name));
    spellings[1].push_back(transformers_resnet(name));
    spellings[2].push_back(weiaicunzai_resnet(name));
  }
  const std::set<std::string> all(names.begin(), names.end());
  if (!all.contains("features.1.conv.0.weight")) return spellings;
  Names flat;
  for (const std::string& name : names) flat.push_back(flat_mobilenetv2(all, name));
  spellings.push_back(std::move(flat));
  return spellings;
}

}  // namespace lightloom::nn
