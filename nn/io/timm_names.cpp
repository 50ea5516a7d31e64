#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "nn/io/torch_dialects.hpp"

namespace lightloom::nn {
namespace {

/// "blocks.3.1.conv_pw.weight": stage 3, block 1, "conv_pw.weight".
struct TimmBlock {
  int stage = 0, block = 0;
  std::string rest;
};

std::optional<TimmBlock> timm_block(std::string_view name) {
  constexpr std::string_view blocks = "blocks.";
  if (!name.starts_with(blocks)) return std::nullopt;
  TimmBlock found;
  const char* end = name.data() + name.size();
  const auto stage = std::from_chars(name.data() + blocks.size(), end, found.stage);
  if (stage.ec != std::errc{} || stage.ptr == end || *stage.ptr != '.') return std::nullopt;
  const auto block = std::from_chars(stage.ptr + 1, end, found.block);
  if (block.ec != std::errc{} || block.ptr == end || *block.ptr != '.') return std::nullopt;
  found.rest.assign(block.ptr + 1, end);
  return found;
}

/// What a file's blocks are made of, by its names.
class TimmFile {
 public:
  explicit TimmFile(const std::vector<std::string>& names) : names_(names.begin(), names.end()) {
    for (const std::string& name : names)
      if (const auto found = timm_block(name); found && found->stage < most_stages)
        sizes_[found->stage] = std::max(sizes_[found->stage], found->block + 1);
  }
  [[nodiscard]] bool has(const TimmBlock& block, std::string_view part) const {
    return names_.contains("blocks." + std::to_string(block.stage) + "." +
                           std::to_string(block.block) + "." + std::string(part));
  }
  /// Blocks before this one, over all stages.
  [[nodiscard]] int number(const TimmBlock& block) const {
    int number = block.block;
    for (int stage = 0; stage < std::min(block.stage, most_stages); ++stage)
      number += sizes_[stage];
    return number;
  }
  [[nodiscard]] int blocks() const {
    int all = 0;
    for (const int size : sizes_) all += size;
    return all;
  }

 private:
  static constexpr int most_stages = 16;
  std::set<std::string> names_;
  int sizes_[most_stages] = {};
};

/// Where a part of a block stands in torchvision's row of parts: its number, and "0" for the
/// product, "1" for its normalisation, "fc1" and "fc2" for the gate's.
struct Place {
  int part = 0;
  std::string inner;
  bool last = false;  // the projection
};

std::optional<Place> place_of(const TimmFile& file, const TimmBlock& block,
                              std::string_view module) {
  const bool expands = file.has(block, "conv_pwl.weight");
  const int gate = file.has(block, "se.conv_reduce.weight") ? 1 : 0;
  const int depth = expands ? 1 : 0, last = depth + 1 + gate;
  if (module == "conv_dw") return Place{depth, "0"};
  if (module == (expands ? "bn2" : "bn1")) return Place{depth, "1"};
  if (module == (expands ? "conv_pwl" : "conv_pw")) return Place{last, "0", true};
  if (module == (expands ? "bn3" : "bn2")) return Place{last, "1", true};
  if (expands && module == "conv_pw") return Place{0, "0"};
  if (expands && module == "bn1") return Place{0, "1"};
  if (module == "se.conv_reduce") return Place{depth + 1, "fc1"};
  if (module == "se.conv_expand") return Place{depth + 1, "fc2"};
  return std::nullopt;
}

enum class Family { mobilenetv2, mobilenetv3, efficientnet };

std::string block_name(const TimmFile& file, Family family, const TimmBlock& block,
                       const std::string& name) {
  const std::size_t point = block.rest.rfind('.');
  const std::string module = block.rest.substr(0, point);
  const std::string kind = point == std::string::npos ? "" : block.rest.substr(point);
  const std::string number = std::to_string(1 + file.number(block));
  if (module == "conv") return "features." + number + ".0" + kind;  // the last of MobileNetV3
  if (module == "bn1" && file.has(block, "conv.weight")) return "features." + number + ".1" + kind;
  const auto place = place_of(file, block, module);
  if (!place) return name;
  if (family == Family::efficientnet)
    return "features." + std::to_string(block.stage + 1) + "." + std::to_string(block.block) +
           ".block." + std::to_string(place->part) + "." + place->inner + kind;
  if (family == Family::mobilenetv3)
    return "features." + number + ".block." + std::to_string(place->part) + "." + place->inner +
           kind;
  // MobileNetV2: the projection and its normalisation are parts of their own.
  const std::string start = "features." + number + ".conv.";
  if (place->last)
    return start + std::to_string(place->part + (place->inner == "1" ? 1 : 0)) + kind;
  return start + std::to_string(place->part) + "." + place->inner + kind;
}

/// What comes before and behind the blocks.
std::string outer_name(const TimmFile& file, Family family, const std::string& name) {
  const std::size_t point = name.rfind('.');
  const std::string module = name.substr(0, point);
  const std::string kind = point == std::string::npos ? "" : name.substr(point);
  const std::string last = family == Family::efficientnet
                               ? "features.8"
                               : "features." + std::to_string(1 + file.blocks());
  const bool v3 = family == Family::mobilenetv3;
  if (module == "conv_stem") return "features.0.0" + kind;
  if (module == "bn1") return "features.0.1" + kind;
  if (module == "conv_head") return (v3 ? "classifier.0" : last + ".0") + kind;
  if (module == "bn2") return last + ".1" + kind;
  if (module == "classifier") return (v3 ? "classifier.3" : "classifier.1") + kind;
  return name;
}

}  // namespace

bool is_timm(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find("conv_stem.weight") != std::string::npos;
  });
}

std::vector<std::string> from_timm(const std::vector<std::string>& names,
                                   const std::set<std::string>& wanted) {
  if (!is_timm(names)) return names;
  const TimmFile file(names);
  const Family family = wanted.contains("features.1.0.block.0.0.weight") ? Family::efficientnet
                        : wanted.contains("classifier.3.weight")         ? Family::mobilenetv3
                                                                         : Family::mobilenetv2;
  std::vector<std::string> own;
  for (const std::string& name : names) {
    const auto block = timm_block(name);
    own.push_back(block ? block_name(file, family, *block, name) : outer_name(file, family, name));
  }
  return own;
}

}  // namespace lightloom::nn
