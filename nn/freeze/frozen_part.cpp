#include "nn/freeze/frozen_part.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "nn/freeze/prefix_cut.hpp"
#include "nn/ops/elementwise.hpp"

namespace lightloom::nn {
namespace {

constexpr double MiB = 1 << 20;

/// Bytes that there are for the latents; 0: nobody says.
std::int64_t capacity(const FreezeCard& card) {
  if (card.capacity_MiB > 0) return card.capacity_MiB << 20;
  constexpr std::size_t blocks = 8;  // a large one is an eighth of the memory
  return card.place == LatentPlace::disk ? 0 : static_cast<std::int64_t>(blocks * large_block());
}

void require_room(const FreezePlan& plan, const FreezeCard& card) {
  const std::int64_t room = capacity(card);
  const double needed =
      static_cast<double>(plan.latents) * static_cast<double>(latent_bytes(plan.format));
  require(room == 0 || needed <= static_cast<double>(room),
          "train.freeze would keep {} latents of {} bytes, {:.1f} MiB, but {} {:.1f} MiB (fewer "
          "bits, views or images, another layer to cut behind, {} or keep: nothing)",
          plan.latents, latent_bytes(plan.format), needed / MiB,
          card.capacity_MiB > 0 ? "capacity_MiB is" : "the memory that may be used is",
          static_cast<double>(room) / MiB,
          card.capacity_MiB > 0 ? "a larger capacity_MiB" : "place: disk");
}

}  // namespace

FreezePlan plan_freeze(const Network& network, const FreezeCard& card, std::size_t images) {
  FreezePlan plan{.layers = frozen_layers(network, card), .cut = {}, .format = {}};
  plan.cut = prefix_cut(network.graph(), plan.layers);
  const auto node = static_cast<std::size_t>(plan.cut.frontier.front());
  plan.format = {.shape = network.graph().nodes[node].shape, .bits = card.bits};
  if (card.keep == KeptLatents::latents)
    plan.latents = static_cast<std::int64_t>(images) * card.views;
  require_room(plan, card);
  return plan;
}

FrozenPart::FrozenPart(Network& network, const FreezeCard& card, const FrozenImages& images,
                       const ProgressSink& sink)
    : card_(card),
      images_(images),
      plan_(plan_freeze(network, card, images.set.size())),
      inference_(
          std::make_unique<PartInference>(network, cut_at_input(network.graph()), plan_.cut)) {
  if (plan_.latents == 0) return;
  cache_.emplace(plan_.format, static_cast<std::size_t>(plan_.latents), card.place);
  keep_all(sink);
  inference_.reset();
}

AugmentationDraw FrozenPart::draw(int epoch) const {
  if (!cache_) return {images_.augment, images_.seed, static_cast<std::uint64_t>(epoch)};
  if (card_.views == 1) return {};
  return {images_.augment, images_.seed, static_cast<std::uint64_t>(epoch % card_.views)};
}

std::size_t FrozenPart::first_row(int epoch) const {
  return static_cast<std::size_t>(epoch % card_.views) * images_.set.size();
}

const Tensor& FrozenPart::computed(const Tensor& images) {
  const Tensor* const given[] = {&images};
  return *inference_->forward(given).front();
}

void FrozenPart::values(const Tensor& images, std::span<const std::uint32_t> rows,
                        std::vector<Tensor>& latents) {
  latents.resize(1);
  Tensor& to = latents.front();
  const auto size = static_cast<std::size_t>(plan_.format.shape.size());
  if (!cache_) {
    const Tensor& from = computed(images);
    to.resize(from.shape());
    copy(from, to);
    return;
  }
  to.resize({static_cast<int>(rows.size()), plan_.format.shape});
  parallel_for(static_cast<std::ptrdiff_t>(rows.size()), [&](std::ptrdiff_t i) {
    const auto at = static_cast<std::size_t>(i);
    cache_->take(rows[at], to.values().subspan(at * size, size));
  });
}

/// Puts a batch into the cache and counts what that costs.
void FrozenPart::keep(const Tensor& latents, std::size_t first) {
  const auto size = static_cast<std::size_t>(plan_.format.shape.size());
  const auto count = static_cast<std::size_t>(latents.shape().images);
  std::vector<double> squared(count), error(count);
  parallel_for(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t i) {
    const auto at = static_cast<std::size_t>(i);
    const std::span<const float> latent = latents.values().subspan(at * size, size);
    std::vector<float> kept(size);
    cache_->put(first + at, latent);
    cache_->take(first + at, kept);
    for (std::size_t v = 0; v < size; ++v) {
      const double off = double{kept[v]} - latent[v];
      squared[at] += double{latent[v]} * latent[v];
      error[at] += off * off;
    }
  });
  squared_ = std::accumulate(squared.begin(), squared.end(), squared_);
  squared_error_ = std::accumulate(error.begin(), error.end(), squared_error_);
}

void FrozenPart::keep_all(const ProgressSink& sink) {
  std::vector<std::uint32_t> order(images_.set.size());
  std::iota(order.begin(), order.end(), 0u);
  Batch batch;
  for (int view = 0; view < card_.views; ++view)
    for (std::size_t first = 0; first < order.size(); first += images_.batch) {
      if (sink.cancelled()) return;
      const std::size_t count = std::min(images_.batch, order.size() - first);
      fill_batch(images_.set, std::span(order).subspan(first, count), batch, draw(view));
      keep(computed(batch.images), first_row(view) + first);
    }
}

double FrozenPart::error() const { return squared_ > 0 ? std::sqrt(squared_error_ / squared_) : 0; }

}  // namespace lightloom::nn
