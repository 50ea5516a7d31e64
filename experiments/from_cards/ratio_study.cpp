#include "experiments/from_cards/ratio_study.hpp"

#include "core/cards/card.hpp"
#include "core/error.hpp"
#include "nn/models/models.hpp"

namespace lightloom::experiments {
namespace {

std::string name_in(const Tree& card, const char* key) {
  const Tree* given = card.find(key);
  if (given == nullptr) return "";
  const Tree section = section_of(*given);
  if (section.kind == Tree::Kind::scalar) return section.scalar;
  const Tree* name = section.find("name");
  return name == nullptr ? "" : name->scalar;
}

/// The section `dataset`, or the data set that is named in its place.
nn::DatasetShape ratio_shape(const Tree& card, const RatioNames& names, const std::string& name) {
  const Tree* given = card.find("dataset");
  const Tree section = given == nullptr ? Tree() : section_of(*given);
  if (section.kind != Tree::Kind::mapping || !names.dataset.empty()) return nn::dataset_shape(name);
  return nn::shape_of(read_card<nn::DatasetCard>(section));
}

}  // namespace

RatioStudy read_ratio(const Tree& card, const RatioNames& names) {
  Tree weights = Tree::mapping();
  for (const char* key : {"weights", "baselines"})
    if (const Tree* found = card.find(key)) weights.at_or_add(key) = *found;
  const auto chosen = [&](const std::string& named, const char* key) {
    return named.empty() ? name_in(card, key) : named;
  };
  RatioStudy study{.model = chosen(names.model, "model"),
                   .dataset = chosen(names.dataset, "dataset"),
                   .shape = {}};
  require(!study.model.empty(), "lightloom ratio needs a network (--model resnet18, or a card)");
  require(!study.dataset.empty(),
          "lightloom ratio needs a data set for the sizes (--dataset cifar10, or a card)");
  study.shape = ratio_shape(card, names, study.dataset);
  read_tree(weights, [&](Section& section) {
    section.section("weights", [&](Section& inner) {
      inner.raw("file");  // trained weights do not change the count
      describe(inner, study.weights);
    });
    study.baselines = read_baselines(section);
  });
  drop_own(study.weights, study.baselines);
  return study;
}

RatiosFound ratios_of(const RatioStudy& study) {
  const NetworkCard network{.weights = study.weights, .baselines = study.baselines};
  const nn::NetworkShape shape = nn::network_shape(study.model, study.shape);
  RatiosFound found{.labels = source_labels(network), .ratios = {}};
  for (const nn::SourceCard& weights : sources(network))
    found.ratios.push_back(nn::ratio_of(shape, weights));
  return found;
}

}  // namespace lightloom::experiments
