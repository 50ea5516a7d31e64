#include "nn/io/arrays_by_name.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/cards/words.hpp"
#include "core/error.hpp"
#include "core/letters.hpp"

namespace lightloom::nn {
namespace {

using Shape = std::vector<std::int64_t>;

/// Without the sides of 1, which order no numbers: a 1x1 convolution is a linear layer.
Shape without_ones(const Shape& shape) {
  Shape sides;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(sides),
               [](std::int64_t side) { return side != 1; });
  return sides;
}

/// Whether a convolution whose kernel is as large as its map is the linear layer of this shape
/// (timm's VGG has them); both read channel by channel.
bool covers_map(const Shape& kernel, const Shape& linear) {
  return kernel.size() == 4 && linear.size() == 2 && kernel[0] == linear[0] &&
         kernel[1] * kernel[2] * kernel[3] == linear[1];
}

std::string shape_text(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

/// What to do about a matrix of the right size that lies the other way, and about a network for
/// another size of image.
std::string shape_advice(const Shape& given, const Shape& wanted) {
  Shape turned = wanted;
  std::reverse(turned.begin(), turned.end());
  if (given.size() == 2 && given == turned)
    return "transposed: PyTorch keeps (outputs, inputs); save the transposed array";
  if (given.size() == 4 && wanted.size() == 4 && given[0] == wanted[0] && given[1] == wanted[1])
    return "another size of kernel: weights for larger images need a card whose data set has them, "
           "as imagenet";
  if (!given.empty() && !wanted.empty() && given[0] != wanted[0] && given.size() == wanted.size())
    return "another number of classes or channels: choose the card's data set and model for it";
  return "another model or layout";
}

/// The name that a slip, or the longest common start and end, is nearest to; "" when there is none.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names) {
  std::string nearest = nearest_word(name, names);
  if (!nearest.empty()) return nearest;
  std::size_t most = 0;
  for (const std::string& other : names) {
    const auto start = static_cast<std::size_t>(
        std::mismatch(name.begin(), name.end(), other.begin(), other.end()).first - name.begin());
    const auto end = static_cast<std::size_t>(
        std::mismatch(name.rbegin(), name.rend(), other.rbegin(), other.rend()).first -
        name.rbegin());
    if (start + end > most) {
      most = start + end;
      nearest = other;
    }
  }
  return nearest;
}

/// What PyTorch counts its batches with.
bool is_counter(const NamedArray& array) {
  return array.name.ends_with("num_batches_tracked") ||
         (array.values.empty() && array.shape.size() <= 1 && array.type != "F8_E4M3" &&
          without_ones(array.shape).size() <= 1 && !array.name.ends_with(".weight") &&
          !array.name.ends_with(".bias") && array.name.find("running_") == std::string::npos);
}

/// Of a classifier beside the last that only training uses: aux1.conv.weight of GoogLeNet,
/// AuxLogits.fc.weight of Inception.
bool is_auxiliary(const std::string& name) { return small_letters(name).starts_with("aux"); }

}  // namespace

ArraysByName::ArraysByName(const std::vector<NamedArray>& arrays, std::string network,
                           std::set<std::string> wanted)
    : arrays_(arrays), network_(std::move(network)), wanted_(std::move(wanted)) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (is_counter(arrays[i])) continue;
    names.push_back(arrays[i].name);
    place_[arrays[i].name] = i;
  }
  matched_ = match_names(wanted_, names);
}

const std::vector<float>& ArraysByName::get(const std::string& name, const Shape& shape) {
  const auto own = matched_.names.find(name);
  if (own == matched_.names.end()) throw Error(missing(name));
  const NamedArray& found = arrays_[place_.at(own->second)];
  const auto count = static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  require(!found.values.empty() || count == 0,
          "'{}' holds elements of the type {} (floats of 16, 32 or 64 bits are read: save the "
          "model as floats, model.float())",
          found.name, found.type);
  require((without_ones(found.shape) == without_ones(shape) || covers_map(found.shape, shape)) &&
              found.values.size() == count,
          "'{}' has the shape {} where {} needs {} ({})", found.name, shape_text(found.shape),
          network_, shape_text(shape), shape_advice(found.shape, shape));
  for (std::size_t i = 0; i < found.values.size(); ++i)
    require(std::isfinite(found.values[i]),
            "'{}' holds {} at element {} (a training that diverged, or a damaged file: take "
            "another checkpoint)",
            found.name, found.values[i], i);
  used_.insert(own->second);
  return found.values;
}

void ArraysByName::require_all_used() const {
  for (const auto& [own, name] : matched_.names) {
    if (used_.contains(name) || (is_auxiliary(own) && !wants_auxiliary())) continue;
    const auto twin = used_twin(own);
    if (twin != matched_.names.end())
      throw Error(fmt::format(
          "the file holds '{}' of {} twice, as '{}' and as '{}' (a network and its average or "
          "teacher: save the state dict of one of them)",
          twin->first, network_, twin->second, name));
    throw Error(fmt::format(
        "{} has no place for '{}' of shape {} (another model, or one with further parts: "
        "docs/models/nn/networks.md lists the layers' names)",
        network_, name, shape_text(arrays_[place_.at(name)].shape)));
  }
}

bool ArraysByName::wants_auxiliary() const {
  return std::any_of(wanted_.begin(), wanted_.end(), is_auxiliary);
}

NamesInFile::const_iterator ArraysByName::used_twin(const std::string& name) const {
  for (std::size_t point = name.find('.'); point != std::string::npos;
       point = name.find('.', point + 1))
    if (const std::string own = name.substr(point + 1); wanted_.contains(own))
      return matched_.names.find(own);
  return matched_.names.end();
}

std::string ArraysByName::missing(const std::string& name) const {
  std::vector<std::string> names;  // that are not the network's
  for (const auto& [own, in_file] : matched_.names)
    if (!wanted_.contains(own)) names.push_back(own);
  const std::string nearest = nearest_name(name, names);
  std::string there = fmt::format("none of the {} tensors there is another", matched_.names.size());
  if (!nearest.empty())
    there = fmt::format("nearest of the others there: '{}'", matched_.names.at(nearest));
  const std::string model = model_of(names);
  if (!model.empty()) there = fmt::format("the model {} has these names", model);
  return fmt::format(
      "the file lacks '{}' of {} ({}; another model, or names that are not known: rename them as "
      "docs/models/nn/networks.md lists them)",
      name, network_, there);
}

}  // namespace lightloom::nn
