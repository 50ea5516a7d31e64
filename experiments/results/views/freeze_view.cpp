#include "experiments/results/views/freeze_view.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/results/text_table.hpp"
#include "nn/freeze/frozen_part.hpp"
#include "nn/optim/optimizer.hpp"

namespace lightloom::experiments {
namespace {

std::vector<nn::LayerNumbers> layer_numbers(nn::Network& network) {
  std::vector<nn::LayerNumbers> all;
  for (nn::WeightLayer& layer : network.weight_layers()) {
    nn::LayerNumbers numbers{.trained = static_cast<std::int64_t>(layer.bias.value.size()),
                             .stored_bits = nn::bits_of(layer.source->streams())};
    for (const nn::Parameter* own : layer.source->parameters())
      numbers.trained += static_cast<std::int64_t>(own->value.size());
    all.push_back(numbers);
  }
  return all;
}

/// Trained numbers of the normalisations and constants in the first part of a cut.
std::int64_t norm_numbers(const nn::Network& network, const nn::GraphCut& cut) {
  const std::vector<nn::Node>& nodes = network.graph().nodes;
  std::size_t count = 0;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!cut.first[n] || !(nn::is_norm(nodes[n].op) || nodes[n].op == nn::Op::constant)) continue;
    const auto number = static_cast<std::size_t>(network.index_of(static_cast<int>(n)));
    count +=
        network.norms()[number].scale.value.size() + network.norms()[number].shift.value.size();
  }
  return static_cast<std::int64_t>(count);
}

std::int64_t bytes_of_image(const nn::ImageSet& images) {
  return images.image.size() * static_cast<std::int64_t>(images.values.empty() ? 1 : sizeof(float));
}

/// The epoch of the card, counted from 1, at whose end so many with frozen layers have passed.
std::optional<int> epoch_of(const FreezeStudy& study, const std::optional<int>& passed) {
  if (!passed) return std::nullopt;
  return study.epoch + *passed - 1;
}

Json or_null(const std::optional<int>& value) { return value ? Json(*value) : Json(); }

std::string bytes_text(std::int64_t bytes) {
  return (bytes < 0 ? "-" : "") + with_prefix(std::abs(static_cast<double>(bytes)), "B");
}

std::string macs_text(std::int64_t macs) { return with_prefix(static_cast<double>(macs), "MAC"); }

std::string sign_text(const FreezeStudy& study) {
  const nn::FreezeLedger& ledger = study.ledger;
  if (study.views == 0) return "no latents are kept: the frozen layers compute every batch anew\n";
  const std::string each =
      fmt::format("a latent of {} x {} x {} takes {} bytes, an image {}: ", study.latent.height,
                  study.latent.width, study.latent.channels, study.latent_bytes, study.image_bytes);
  return each + fmt::format("the latents {} memory, {} in place of {} ({:.3g} times {})\n",
                            ledger.paid_bytes > 0 ? "cost" : "save", bytes_text(ledger.cache_bytes),
                            bytes_text(ledger.images_bytes),
                            ledger.gain < 1 ? 1 / ledger.gain : ledger.gain,
                            ledger.gain < 1 ? "more" : "less");
}

std::string even_text(const FreezeStudy& study) {
  const nn::FreezeLedger& ledger = study.ledger;
  const auto text = [&](const std::optional<int>& passed) {
    const std::optional<int> epoch = epoch_of(study, passed);
    return epoch ? fmt::format("epoch {}", *epoch) : std::string("never");
  };
  return fmt::format("paid back in work by the end of {}, in traffic of {}\n",
                     text(ledger.break_even), text(ledger.break_even_traffic));
}

}  // namespace

std::optional<FreezeStudy> study_freeze(const Experiment& card, nn::Network& trained,
                                        const nn::TrainResult& history,
                                        const nn::ImageSet& images) {
  if (!history.frozen) return std::nullopt;
  const nn::TrainCard& train = card.training.student;
  const nn::FreezePlan plan = nn::plan_freeze(trained, *train.freeze, images.size());
  const auto node = static_cast<std::size_t>(plan.cut.frontier.front());
  const auto last = static_cast<std::size_t>(plan.layers - 1);
  FreezeStudy study{.layers = plan.layers,
                    .all_layers = static_cast<int>(trained.weight_layers().size()),
                    .last = trained.weight_layers()[last].shape.name,
                    .epoch = train.freeze->epoch,
                    .epochs = static_cast<int>(history.epochs.size()) - train.freeze->epoch + 1,
                    .latent = trained.graph().nodes[node].shape,
                    .bits = plan.format.bits,
                    .views = plan.latents > 0 ? train.freeze->views : 0,
                    .images = static_cast<std::int64_t>(images.size()),
                    .image_bytes = bytes_of_image(images),
                    .latent_bytes = plan.latents > 0 ? nn::latent_bytes(plan.format) : 0,
                    .error = history.frozen->error,
                    .ledger = {}};
  const std::vector<nn::LayerNumbers> layers = layer_numbers(trained);
  study.ledger = nn::freeze_ledger({.graph = trained.graph(),
                                    .cut = plan.cut,
                                    .layers = layers,
                                    .norm_numbers = norm_numbers(trained, plan.cut),
                                    .images = study.images,
                                    .image_bytes = study.image_bytes,
                                    .latent_bytes = study.latent_bytes,
                                    .views = study.views,
                                    .images_stay = train.distill || images.reconstructs,
                                    .batch = train.batch,
                                    .state_words = nn::state_words(train.optimizer),
                                    .epochs = study.epochs});
  return study;
}

Json freeze_json(const FreezeStudy& study) {
  const nn::FreezeLedger& ledger = study.ledger;
  return {{"layers", study.layers},
          {"of_layers", study.all_layers},
          {"last", study.last},
          {"epoch", study.epoch},
          {"epochs", study.epochs},
          {"latent", {study.latent.height, study.latent.width, study.latent.channels}},
          {"bits", study.bits},
          {"views", study.views},
          {"error", study.error},
          {"images", study.images},
          {"image_bytes", study.image_bytes},
          {"latent_bytes", study.latent_bytes},
          {"memory",
           {{"images_bytes", ledger.images_bytes},
            {"cache_bytes", ledger.cache_bytes},
            {"paid_bytes", ledger.paid_bytes},
            {"gain", ledger.cache_bytes > 0 ? Json(ledger.gain) : Json()},
            {"optimiser_bytes", ledger.optimiser_bytes},
            {"activation_bytes", ledger.activation_bytes},
            {"net_bytes", ledger.net_bytes}}},
          {"work",
           {{"forward_macs", ledger.forward_macs},
            {"backward_macs", ledger.backward_macs},
            {"network_forward_macs", ledger.network_forward_macs},
            {"network_backward_macs", ledger.network_backward_macs},
            {"epoch_macs", ledger.epoch_macs},
            {"fill_macs", ledger.fill_macs},
            {"saved_macs", ledger.saved_macs}}},
          {"traffic",
           {{"weight_bytes", ledger.weight_bytes},
            {"epoch_bytes", ledger.epoch_traffic_bytes},
            {"fill_bytes", ledger.fill_traffic_bytes}}},
          {"break_even_epoch",
           {{"work", or_null(epoch_of(study, ledger.break_even))},
            {"recompute", or_null(epoch_of(study, ledger.break_even_recompute))},
            {"traffic", or_null(epoch_of(study, ledger.break_even_traffic))}}}};
}

void add_freeze(Labelled& data, const FreezeStudy& study) {
  const nn::FreezeLedger& ledger = study.ledger;
  const auto add = [&](const char* name, double value, const char* unit, const char* long_name) {
    data.add({std::string("freeze_") + name, {}, std::vector<double>{value}, unit, long_name});
  };
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  const auto epoch = [&](const std::optional<int>& passed) {
    const std::optional<int> found = epoch_of(study, passed);
    return found ? double{1} * *found : std::numeric_limits<double>::quiet_NaN();
  };
  add("layers", study.layers, "1", "leading layers with weights that were frozen");
  add("epochs", study.epochs, "1", "epochs with frozen layers");
  add("image_bytes", number(study.image_bytes), "B", "bytes of a training image");
  add("latent_bytes", number(study.latent_bytes), "B", "bytes of a kept latent with its scale");
  add("latent_error", study.error, "1", "error of the kept latents over their root mean square");
  add("cache_bytes", number(ledger.cache_bytes), "B", "bytes of all kept latents");
  add("paid_bytes", number(ledger.paid_bytes), "B",
      "bytes of the latents less those of images that nobody needs any more");
  add("optimiser_bytes", number(ledger.optimiser_bytes), "B",
      "saved gradients and state of the optimiser");
  add("activation_bytes", number(ledger.activation_bytes), "B",
      "saved inputs of frozen layers, of one batch");
  add("net_bytes", number(ledger.net_bytes), "B", "bytes paid less bytes saved");
  add("forward_macs", number(ledger.forward_macs), "1", "products saved forward, per image");
  add("backward_macs", number(ledger.backward_macs), "1", "products saved backward, per image");
  add("fill_macs", number(ledger.fill_macs), "1", "products that the kept latents took");
  add("saved_macs", number(ledger.saved_macs), "1", "products saved by the whole training");
  add("weight_bytes", number(ledger.weight_bytes), "B",
      "traffic of weights and state saved by an epoch");
  add("epoch_bytes", number(ledger.epoch_traffic_bytes), "B", "traffic saved by an epoch");
  add("fill_bytes", number(ledger.fill_traffic_bytes), "B", "traffic that keeping latents took");
  add("break_even_epoch", epoch(ledger.break_even), "1",
      "epoch at whose end the latents have saved the products that they took");
  add("break_even_epoch_traffic", epoch(ledger.break_even_traffic), "1",
      "epoch at whose end the latents have saved the traffic that they took");
}

std::string freeze_text(const FreezeStudy& study) {
  const nn::FreezeLedger& ledger = study.ledger;
  std::string text = fmt::format("{} of {} layers (up to {}) frozen from epoch {} on\n",
                                 study.layers, study.all_layers, study.last, study.epoch) +
                     sign_text(study);
  if (study.views > 0 && study.bits < 32)
    text += fmt::format("{} bits change the latents by {:.2g} of their root mean square\n",
                        study.bits, study.error);
  TextTable table({"frozen layers", "saved", "of", "paid once"});
  table.row({"products forward, an image", macs_text(ledger.forward_macs),
             macs_text(ledger.network_forward_macs), ""});
  table.row({"products backward, an image", macs_text(ledger.backward_macs),
             macs_text(ledger.network_backward_macs), ""});
  table.row({"products, an epoch", macs_text(ledger.epoch_macs),
             macs_text(study.images * (ledger.network_forward_macs + ledger.network_backward_macs)),
             macs_text(ledger.fill_macs)});
  table.row({"traffic, an epoch", bytes_text(ledger.epoch_traffic_bytes), "",
             bytes_text(ledger.fill_traffic_bytes)});
  table.row({"  of weights and state", bytes_text(ledger.weight_bytes), "", ""});
  table.row({"gradients and state", bytes_text(ledger.optimiser_bytes), "", ""});
  table.row({"inputs of a batch", bytes_text(ledger.activation_bytes), "", ""});
  return text + table.text() +
         fmt::format("memory in all: {} {} ({} by latents, {} saved beside them)\n",
                     bytes_text(std::abs(ledger.net_bytes)), ledger.net_bytes > 0 ? "more" : "less",
                     bytes_text(ledger.paid_bytes),
                     bytes_text(ledger.optimiser_bytes + ledger.activation_bytes)) +
         even_text(study);
}

}  // namespace lightloom::experiments
