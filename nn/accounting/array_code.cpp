#include "nn/accounting/array_code.hpp"

#include <cmath>

#include "core/error.hpp"
#include "nn/weights/source_table.hpp"

namespace lightloom::nn {
namespace {

std::vector<StoredStream> stored(const std::vector<CodedStream>& coded) {
  std::vector<StoredStream> streams;
  for (const CodedStream& one : coded)
    streams.push_back({.name = one.name,
                       .count = static_cast<std::int64_t>(one.words.size()),
                       .bits = one.bits,
                       .in_ratio = one.in_ratio,
                       .exposed = one.exposed});
  return streams;
}

double sqnr_db(std::span<const float> dense, std::span<const float> decoded) {
  double signal = 0, error = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    const double miss = double{decoded[i]} - dense[i];
    signal += double{dense[i]} * dense[i];
    error += miss * miss;
  }
  return 10 * std::log10(signal / error);
}

}  // namespace

ArrayCode code_array(const SourceCard& card, const LayerShape& shape,
                     std::span<const float> dense) {
  require(takes_layer(card, shape),
          "the weight source '{}' leaves {} weights of {} inputs and kernels of {} x {} dense "
          "(another source takes them)",
          card_for(card, shape.name).source, shape.out_channels, shape.in_channels,
          shape.kernel_height, shape.kernel_width);
  const auto source = make_source(card, shape);
  source->encode(dense);
  const std::vector<CodedStream> coded = source->codes();
  ArrayCode found{
      .decoded = std::vector<float>(dense.size()), .streams = stored(coded), .work = {}};
  source->decode(coded, found.decoded);
  found.work = source->work();
  std::int64_t counted = 0, bytes = 0;
  for (const StoredStream& stream : found.streams) {
    const std::int64_t bits = stream.count * stream.bits;
    if (stream.in_ratio) counted += bits;
    bytes += (bits + 7) / 8;
  }
  const auto weights = static_cast<double>(dense.size());
  found.bits_per_weight = static_cast<double>(counted) / weights;
  found.complete_bits_per_weight = 8 * static_cast<double>(bytes) / weights;
  found.sqnr_db = sqnr_db(dense, found.decoded);
  return found;
}

}  // namespace lightloom::nn
