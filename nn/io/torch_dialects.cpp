#include "nn/io/torch_dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

namespace lightloom::nn {
namespace {

using Names = std::vector<std::string>;

constexpr int largest_layer = 9999;  // of a block, by its number in a name

std::string replaced(std::string name, std::string_view from, std::string_view to) {
  const std::size_t at = name.find(from);
  return at == std::string::npos ? name : name.replace(at, from.size(), to);
}

/// With `from` at the front.
std::string front_replaced(std::string name, std::string_view from, std::string_view to) {
  return name.starts_with(from) ? name.replace(0, from.size(), to) : name;
}

/// DenseNet in the first files of torchvision: denselayer1.norm.1 for denselayer1.norm1.
std::string old_densenet(const std::string& name) {
  std::string own = name;
  for (const std::string_view part : {"norm", "conv"})
    for (const std::string_view number : {"1", "2"})
      own = replaced(own, "." + std::string(part) + "." + std::string(number) + ".",
                     "." + std::string(part) + std::string(number) + ".");
  return own;
}

/// kuangliu's DenseNet: dense1.0.bn1 for features.denseblock1.denselayer1.norm1, trans1.bn, bn.
std::string kuangliu_densenet(const std::string& name) {
  std::string own = front_replaced(name, "trans", "features.transition");
  own = replaced(own, ".bn", ".norm");
  own = front_replaced(own, "conv1.", "features.conv0.");
  own = front_replaced(own, "bn.", "features.norm5.");
  own = front_replaced(own, "linear.", "classifier.");
  constexpr std::string_view block = "dense";
  const std::size_t point = own.find('.');
  const std::size_t second = own.find('.', point + 1);
  if (!own.starts_with(block) || second == std::string::npos) return own;
  int layer = 0;
  const char* const end = own.data() + second;
  const auto [stop, problem] = std::from_chars(own.data() + point + 1, end, layer);
  if (problem != std::errc{} || stop != end || layer < 0 || layer > largest_layer) return own;
  return "features.denseblock" + own.substr(block.size(), point - block.size()) + ".denselayer" +
         std::to_string(layer + 1) + own.substr(second);
}

/// The last layer under the names that it goes by.
std::string other_head(const std::string& name, std::string_view head) {
  for (const std::string_view known : {"fc.", "linear.", "classifier.", "head."})
    if (name.starts_with(known) && name.find('.', known.size()) == std::string::npos)
      return std::string(head) + name.substr(known.size());
  return name;
}

/// The name of the last layer that ends the names wanted ("linear.", "classifier.1.").
std::string head_of(const std::set<std::string>& wanted) {
  for (const char* known : {"linear.", "classifier.", "fc.", "head."})
    if (wanted.contains(std::string(known) + "weight")) return known;
  return "linear.";
}

/// The parts up to one of the first points that at least half of the names share (module.,
/// ema.module., ...: a head may stand beside them), shorter ones first.
std::set<std::string> shared_prefixes(const Names& names) {
  constexpr int most_points = 4;
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : names) {
    std::size_t point = name.find('.');
    for (int i = 0; i < most_points && point != std::string::npos; ++i) {
      ++counts[name.substr(0, point + 1)];
      point = name.find('.', point + 1);
    }
  }
  std::set<std::string> shared;
  for (const auto& [prefix, count] : counts)
    if (2 * count >= names.size()) shared.insert(prefix);
  return shared;
}

Names without_prefix(const Names& names, const std::string& prefix) {
  Names shorter;
  for (const std::string& name : names)
    shorter.push_back(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
  return shorter;
}

/// Without the names of wrappers (DataParallel, Lightning, compiled modules), each where it stands.
Names without_wrappers(const Names& names) {
  static constexpr std::array<std::string_view, 8> wrappers{
      "module.", "model.", "net.", "network.", "backbone.", "_orig_mod.", "encoder.", "student."};
  Names shorter;
  for (std::string name : names) {
    for (bool again = true; again;) {
      const auto found =
          std::find_if(wrappers.begin(), wrappers.end(),
                       [&](std::string_view wrapper) { return name.starts_with(wrapper); });
      again = found != wrappers.end();
      if (again) name.erase(0, found->size());
    }
    shorter.push_back(std::move(name));
  }
  return shorter;
}

Names each(const Names& names, const std::function<std::string(const std::string&)>& change) {
  Names changed;
  for (const std::string& name : names) changed.push_back(change(name));
  return changed;
}

/// The last whole number in a layer's name ("linear2" 2, "net.3" 3); -1 without.
int last_number(std::string_view layer) {
  const std::size_t end = layer.find_last_of("0123456789");
  if (end == std::string_view::npos || end + 1 != layer.size()) return -1;
  const std::size_t other = layer.find_last_not_of("0123456789");
  const std::size_t begin = other == std::string_view::npos ? 0 : other + 1;
  int number = -1;
  std::from_chars(layer.data() + begin, layer.data() + layer.size(), number);
  return number;
}

/// Rows of linear layers in any numbering (linear1, linear2; 0, 3, 6 of a torch Sequential) as fc1,
/// fc2, ... in that order, where `wanted` is such a row of as many; else as they are.
Names from_numbered(const Names& names, const std::set<std::string>& wanted) {
  std::map<int, std::string> layers;
  for (const std::string& name : names) {
    const std::size_t point = name.rfind('.');
    if (point == std::string::npos) return names;
    const std::string layer = name.substr(0, point);
    const int number = last_number(layer);
    if (number < 0 || layers.try_emplace(number, layer).first->second != layer) return names;
  }
  const auto is_row = [&](const std::string& name) { return name.starts_with("fc"); };
  if (wanted.size() != names.size() || !std::all_of(wanted.begin(), wanted.end(), is_row))
    return names;
  std::map<std::string, std::string> ours;
  int place = 0;
  for (const auto& [number, layer] : layers) ours[layer] = fmt::format("fc{}", ++place);
  return each(names, [&](const std::string& name) {
    const std::size_t point = name.rfind('.');
    return ours.at(name.substr(0, point)) + name.substr(point);
  });
}

MatchedNames matched(const std::set<std::string>& wanted, const Names& translated,
                     const Names& in_file) {
  MatchedNames result;
  for (std::size_t i = 0; i < translated.size(); ++i) {
    const bool first = result.names.emplace(translated[i], in_file[i]).second;
    if (first && wanted.contains(translated[i])) ++result.found;
  }
  return result;
}

/// Names of a file as one of the known tongues would have them in ours.
struct Spelling {
  Names names;
  bool newest_first = false;  // of joined maps
};

std::vector<Spelling> spellings_of(const Names& names, const std::set<std::string>& wanted,
                                   const std::string& head) {
  std::vector<Spelling> spellings{
      {names},
      {each(names, our_resnet_name)},
      {each(names, old_densenet)},
      {each(names, kuangliu_densenet), true},
      {from_timm(names, wanted)},
      {from_numbered(names, wanted)},
      {each(names, [&](const std::string& name) { return other_head(name, head); })}};
  for (Names& hub : from_other_hubs(names)) spellings.push_back({std::move(hub)});
  return spellings;
}

}  // namespace

std::string our_resnet_name(const std::string& name) {
  std::string own = front_replaced(name, "fc.", "linear.");
  own = front_replaced(own, "classifier.", "linear.");
  own = front_replaced(own, "head.fc.", "linear.");
  return replaced(own, ".downsample.", ".shortcut.");
}

MatchedNames match_names(const std::set<std::string>& wanted, const Names& in_file) {
  std::vector<Names> bare{in_file};
  bare.push_back(without_wrappers(in_file));
  for (const std::string& prefix : shared_prefixes(in_file))
    bare.push_back(without_prefix(in_file, prefix));
  const std::string head = head_of(wanted);
  MatchedNames best;
  for (const Names& names : bare) {
    for (const Spelling& spelling : spellings_of(names, wanted, head)) {
      MatchedNames one = matched(wanted, spelling.names, in_file);
      one.newest_first = spelling.newest_first;
      if (best.names.empty() || one.found > best.found) best = std::move(one);
    }
  }
  return best;
}

std::string model_of(const std::vector<std::string>& names) {
  // The parts of kuangliu's blocks, the more telling first.
  static constexpr std::array<std::array<std::string_view, 2>, 3> marks{
      {{"layers.0.conv3.weight", "mobilenetv2-cifar"},
       {"layers.0.conv2.weight", "mobilenet"},
       {"dense1.0.conv1.weight", "densenet121 or densenet-cifar"}}};
  for (const auto& [mark, model] : marks)
    if (std::any_of(names.begin(), names.end(),
                    [&, end = mark](const std::string& name) { return name.ends_with(end); }))
      return std::string(model);
  return "";
}

}  // namespace lightloom::nn
