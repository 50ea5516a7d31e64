#include "nn/freeze/freeze_card.hpp"

#include <fmt/format.h>

namespace lightloom::nn {
namespace {

void check_layers(Section& section, const FreezeCard& card) {
  if (card.layers == 0 && card.last.empty())
    section.problem("layers",
                    "is 0, so that nothing is frozen (say how many leading layers are, or the last "
                    "of them under `last`; leave `freeze` out to train them all)");
  if (card.layers > 0 && !card.last.empty())
    section.problem("last", "and layers both say what is frozen (give one)");
}

void check_latents(Section& section, const FreezeCard& card) {
  if (card.bits > 16 && card.bits != 32)
    section.problem("bits", fmt::format("is {} (1 to 16 for integers with a scale of each latent, "
                                        "or 32 for float32 as it is)",
                                        card.bits));
  if (card.keep == KeptLatents::nothing &&
      (card.bits != 32 || card.views != 1 || card.capacity_MiB != 0))
    section.problem("keep",
                    "is nothing, of which there are no bits, views or capacity (leave them out, or "
                    "keep latents)");
}

}  // namespace

void describe(Section& section, FreezeCard& card) {
  section.value("layers", card.layers, not_negative);
  section.value("last", card.last);
  section.value("epoch", card.epoch, {.low = 1, .high = 1'000'000});
  section.choice("keep", card.keep,
                 {{"latents", KeptLatents::latents}, {"nothing", KeptLatents::nothing}});
  section.value("bits", card.bits, {.low = 1, .high = 32});
  section.value("views", card.views, {.low = 1, .high = 1000});
  section.choice("place", card.place,
                 {{"memory", LatentPlace::memory}, {"disk", LatentPlace::disk}});
  section.value("capacity_MiB", card.capacity_MiB, not_negative);
  check_layers(section, card);
  check_latents(section, card);
}

}  // namespace lightloom::nn
