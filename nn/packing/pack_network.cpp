#include "nn/packing/pack_network.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "nn/weights/source/stored_words.hpp"

namespace lightloom::nn {
namespace {

enum class Counted { in_ratio, extra };

CodedStream real_stream(const char* name, std::span<const float> values, Counted counted) {
  return to_words({.name = name, .in_ratio = counted == Counted::in_ratio}, WordCoding::real,
                  values);
}

PackedSection pack_layer(WeightLayer& layer) {
  PackedSection section{.layer = layer.shape.name, .streams = layer.source->codes()};
  if (!layer.bias.value.empty())
    section.streams.push_back(real_stream("bias", layer.bias.value, Counted::in_ratio));
  if (layer.activation_bits > 0) {
    const float range[] = {layer.range.low, layer.range.high};
    section.streams.push_back(real_stream("activation_range", range, Counted::extra));
  }
  return section;
}

PackedSection pack_norm(const NormLayer& norm) {
  return {.layer = norm.name,
          .streams = {real_stream("scale", norm.scale.value, Counted::in_ratio),
                      real_stream("shift", norm.shift.value, Counted::in_ratio),
                      real_stream("mean", norm.mean, Counted::extra),
                      real_stream("variance", norm.variance, Counted::extra)}};
}

void read_real(const CodedStream& stream, const char* name, std::span<float> values) {
  require(stream.name == name && stream.bits == 32, "a stream '{}' of {} bits stands for '{}'",
          stream.name, stream.bits, name);
  from_words(stream, WordCoding::real, values);
}

/// Takes the layer's own streams off the back of the section; the source's remain.
void unpack_layer(PackedSection section, NetworkSources& sources, WeightLayer& layer) {
  const auto take = [&](const char* name) {
    const bool there = !section.streams.empty() && section.streams.back().name == name;
    CodedStream stream = there ? std::move(section.streams.back()) : CodedStream{};
    if (there) section.streams.pop_back();
    return std::pair(there, std::move(stream));
  };
  if (const auto [there, stream] = take("activation_range"); there) {
    float range[2];
    read_real(stream, "activation_range", range);
    // A range that was never seen is stored as (0, 0); so is that of an input that is always zero,
    // for which it makes no difference.
    layer.range = {.low = range[0], .high = range[1], .seen = range[0] != 0.0f || range[1] != 0.0f};
  } else {
    require(layer.activation_bits == 0, "layer '{}' was packed without its activation range",
            section.layer);
  }
  if (const auto [there, stream] = take("bias"); there) {
    read_real(stream, "bias", layer.bias.value);
  } else {
    require(layer.bias.value.empty(), "layer '{}' was packed without its bias", section.layer);
  }
  std::vector<float> weight(static_cast<std::size_t>(layer.shape.weights()));
  require_streams(sources.streams(layer.shape), section.streams, section.layer);
  sources.make(layer.shape)->decode(section.streams, weight);
  layer.source->encode(weight);
}

void unpack_norm(const PackedSection& section, NormLayer& norm) {
  require(section.streams.size() == 4, "the normalisation '{}' was stored in {} streams", norm.name,
          section.streams.size());
  read_real(section.streams[0], "scale", norm.scale.value);
  read_real(section.streams[1], "shift", norm.shift.value);
  read_real(section.streams[2], "mean", norm.mean);
  read_real(section.streams[3], "variance", norm.variance);
}

}  // namespace

PackedFile packed(Network& network) {
  PackedFile file;
  for (WeightLayer& layer : network.weight_layers()) file.sections.push_back(pack_layer(layer));
  for (const NormLayer& norm : network.norms()) file.sections.push_back(pack_norm(norm));
  return file;
}

void unpack_into(const PackedFile& file, const SourceCard& card, Network& network) {
  const std::size_t layers = network.weight_layers().size(), norms = network.norms().size();
  require(file.sections.size() == layers + norms,
          "the packed weights have {} sections but the network needs {}", file.sections.size(),
          layers + norms);
  NetworkSources sources(card);
  for (std::size_t i = 0; i < layers; ++i) {
    WeightLayer& layer = network.weight_layers()[i];
    require(file.sections[i].layer == layer.shape.name,
            "the packed weights have '{}' where the network has '{}'", file.sections[i].layer,
            layer.shape.name);
    const auto is_bias = [](const CodedStream& stream) { return stream.name == "bias"; };
    if (std::ranges::any_of(file.sections[i].streams, is_bias)) network.give_bias(i);
    unpack_layer(file.sections[i], sources, layer);
  }
  for (std::size_t i = 0; i < norms; ++i)
    unpack_norm(file.sections[layers + i], network.norms()[i]);
}

}  // namespace lightloom::nn
