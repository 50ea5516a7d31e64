#include "nn/packing/pack_network.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "core/error.hpp"
#include "core/random/random.hpp"
#include "nn/accounting/ratio.hpp"
#include "nn/models/models.hpp"
#include "nn/network/network.hpp"
#include "nn/weights/multilevel/multilevel_card.hpp"

namespace lightloom::nn {
namespace {

Network packed_network(const SourceCard& card, std::uint64_t seed = 1) {
  return Network(build_graph("cnn3", "glyphs"), card, seed);
}

SourceCard packed_multilevel() {
  return {.source = "multilevel",
          .activations = 8,
          .settings =
              MultilevelCard{.bits = {.basis = 3, .intra = 6, .cross = 3}, .intra = 2, .cross = 8}};
}

TEST(PackedNetwork, HoldsExactlyTheBitsTheLedgerCounts) {
  for (const SourceCard& card :
       {SourceCard{}, packed_multilevel(), SourceCard{.source = "integer", .bits = 3},
        SourceCard{.source = "bsconv", .bits = 32}}) {
    Network network = packed_network(card);
    const PackedFile file = packed(network);
    const PackedSize size = size_of(file);
    const Ratio ratio = ratio_of(network.shape(), card);
    EXPECT_EQ(size.ratio_bits, ratio.memory_bits);
    EXPECT_EQ(size.ratio_bits + size.extra_bits + size.padding_bits, ratio.complete_bits);
    EXPECT_EQ(static_cast<std::int64_t>(8 * pack(file).size()),
              ratio.complete_bits + size.header_bits);
  }
}

TEST(PackedNetwork, UnpacksToTheSameMaterialisedWeights) {
  Network network = packed_network(packed_multilevel());
  for (NormLayer& norm : network.norms())
    for (std::size_t i = 0; i < norm.mean.size(); ++i) norm.mean[i] = 0.1f * static_cast<float>(i);
  for (WeightLayer& layer : network.weight_layers()) layer.range = {-1.5f, 2.5f, true};
  const PackedFile file = unpack(pack(packed(network)), "test");
  SourceCard plain;
  plain.activations = 8;
  Network back = packed_network(plain, 2);
  unpack_into(file, packed_multilevel(), back);
  for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
    WeightLayer &a = network.weight_layers()[l], &b = back.weight_layers()[l];
    EXPECT_EQ(dense_weight(a), dense_weight(b)) << a.shape.name;
    EXPECT_EQ(a.bias.value, b.bias.value);
    EXPECT_EQ(b.range.low, -1.5f);
    EXPECT_EQ(b.range.high, 2.5f);
  }
  for (std::size_t n = 0; n < network.norms().size(); ++n) {
    EXPECT_EQ(network.norms()[n].mean, back.norms()[n].mean);
    EXPECT_EQ(network.norms()[n].scale.value, back.norms()[n].scale.value);
  }
}

// What is stored is neither what is announced without weights nor of one length for all layers.
TEST(PackedNetwork, UnpacksEntropyCodedWeightsToTheSameOnes) {
  for (const int bits : {2, 4, 8}) {
    const SourceCard card{.source = "huffman", .bits = bits};
    Network network = packed_network(card), back = packed_network({}, 2);
    unpack_into(unpack(pack(packed(network)), "test"), card, back);
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l)
      EXPECT_EQ(dense_weight(network.weight_layers()[l]), dense_weight(back.weight_layers()[l]));
  }
}

TEST(PackedNetwork, RefusesTheWeightsOfAnotherNetwork) {
  Network network = packed_network({});
  PackedFile file = packed(network);
  file.sections.pop_back();
  EXPECT_THROW(unpack_into(file, {}, network), Error);
}

/// Calls `use` for every stream of a file.
template <class Use>
void for_streams(PackedFile& file, Use use) {
  for (PackedSection& section : file.sections)
    for (std::size_t s = 0; s < section.streams.size(); ++s) use(section, s);
}

TEST(PackedNetwork, RefusesStreamsThatAreNotItsLayersOwn) {
  for (const SourceCard& card :
       {SourceCard{}, packed_multilevel(), SourceCard{.source = "integer", .bits = 3},
        SourceCard{.source = "power_of_two", .bits = 4},
        SourceCard{.source = "circulant", .bits = 8}, SourceCard{.source = "smart_exchange"}}) {
    Network network = packed_network(card);
    const PackedFile good = packed(network);
    SourceCard plain;
    plain.activations = card.activations;
    Network back = packed_network(plain, 2);
    PackedFile bad = good;
    int tried = 0;
    const auto expect_refusal = [&](const char* what) {
      EXPECT_THROW(unpack_into(bad, card, back), Error) << card.source << what << tried;
      bad = good;
      ++tried;
    };
    PackedFile walk = good;
    for_streams(walk, [&](PackedSection& section, std::size_t s) {
      PackedSection& own = bad.sections[static_cast<std::size_t>(&section - walk.sections.data())];
      const bool rows = own.streams[s].name == "coefficients";
      own.streams[s].words.push_back(0);
      expect_refusal(" longer ");
      if (!rows) {
        own.streams[s].words.pop_back();
        expect_refusal(" shorter ");
      }
      own.streams[s].bits = own.streams[s].bits == 32 ? 31 : own.streams[s].bits + 1;
      expect_refusal(" wider ");
      own.streams[s].name += "x";
      expect_refusal(" renamed ");
      own.streams.erase(own.streams.begin() + static_cast<std::ptrdiff_t>(s));
      expect_refusal(" missing ");
    });
    EXPECT_GT(tried, 20);
  }
}

TEST(PackedNetwork, NoFlippedByteEndsInAnythingButAnError) {
  const SourceCard card{.source = "smart_exchange"};
  Network network = packed_network(card), back = packed_network({}, 2);
  const std::vector<std::uint8_t> good = pack(packed(network));
  const Stream stream({.seed = 2, .purpose = Purpose::test});
  constexpr std::size_t preamble = 20, checksum = 16;
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::vector<std::uint8_t> bad = good;
    for (std::uint64_t flip = 0; flip < 1 + i % 3; ++flip) {  // most within the description
      const double share = stream.uniform(3 * i + flip) * (i % 4 == 0 ? 1.0 : 0.2);
      const auto at =
          preamble + static_cast<std::size_t>(share * static_cast<double>(good.size() - preamble));
      bad[at] ^= static_cast<std::uint8_t>(1u << (stream.bits(i)[flip] % 8));
    }
    const auto sum =
        static_cast<std::uint32_t>(crc32_z(0, bad.data() + preamble, bad.size() - preamble));
    for (std::size_t byte = 0; byte < 4; ++byte)
      bad[checksum + byte] = static_cast<std::uint8_t>(sum >> (8 * byte));
    try {
      unpack_into(unpack(bad, "flipped"), card, back);  // a flipped weight bit goes unnoticed
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace lightloom::nn
