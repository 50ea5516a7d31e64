#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace lightloom::nn {

/// Names of a file's tensors by the names that a network of ours has for them.
using NamesInFile = std::map<std::string, std::string>;

/// What matching names found.
struct MatchedNames {
  NamesInFile names;
  std::size_t found = 0;      // of the names wanted
  bool newest_first = false;  // whether the file's network joins maps with the newest in front
};

/// Finds the names `wanted` among those of a file, which may have them in another tongue: with a
/// prefix (module., ema.module., any that half of them share), in torchvision's, timm's and
/// kuangliu's spellings of ResNets (downsample / shortcut, fc / linear), torchvision's old ones and
/// kuangliu's of DenseNet, timm's of MobileNetV2, MobileNetV3 and EfficientNet, those of other
/// collections (from_other_hubs); rows of linear layers in any numbering. The spelling under which
/// most are found wins.
MatchedNames match_names(const std::set<std::string>& wanted,
                         const std::vector<std::string>& in_file);

/// A name of torchvision's or timm's ResNets as ours has it (linear for fc, shortcut for
/// downsample); other names stay.
std::string our_resnet_name(const std::string& name);

/// The model whose names these are, of those that are easily taken for another; "" if of none.
std::string model_of(const std::vector<std::string>& names);

/// timm's names of MobileNetV2, MobileNetV3 and EfficientNet (conv_stem, blocks.1.0.conv_dw, ...)
/// in torchvision's spelling, which is ours; other names stay.
std::vector<std::string> from_timm(const std::vector<std::string>& names,
                                   const std::set<std::string>& wanted);

/// Names as Hugging Face's transformers and weiaicunzai have them in ResNets, timm in VGG, tonylins
/// and d-li14 in MobileNetV2, in our spelling: one list for each that these may be.
std::vector<std::vector<std::string>> from_other_hubs(const std::vector<std::string>& names);

/// Whether names are timm's of those networks.
bool is_timm(const std::vector<std::string>& names);

}  // namespace lightloom::nn
