#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nn/io/safetensors.hpp"
#include "nn/io/torch_dialects.hpp"

namespace lightloom::nn {

/// The arrays of a file under the names `wanted` that a network has for them. They must outlive it.
class ArraysByName {
 public:
  ArraysByName(const std::vector<NamedArray>& arrays, std::string network,
               std::set<std::string> wanted);

  /// Whether the file's network joins maps with the newest in front.
  [[nodiscard]] bool newest_first() const { return matched_.newest_first; }
  [[nodiscard]] bool has(const std::string& name) const { return matched_.names.contains(name); }
  /// How many of the names wanted are there.
  [[nodiscard]] std::size_t found() const { return matched_.found; }

  /// The numbers of the array `name`. Throws `Error` when it is missing, of another shape (sides of
  /// 1 do not count) or type, or holds NaN or infinities.
  const std::vector<float>& get(const std::string& name, const std::vector<std::int64_t>& shape);
  /// Throws `Error` naming an array that nobody got. Those of auxiliary classifiers may be left
  /// over where the network has none.
  void require_all_used() const;

 private:
  /// The name of the network's that stands behind a prefix in `name`; the end if none does.
  [[nodiscard]] NamesInFile::const_iterator used_twin(const std::string& name) const;
  [[nodiscard]] bool wants_auxiliary() const;
  [[nodiscard]] std::string missing(const std::string& name) const;

  const std::vector<NamedArray>& arrays_;
  std::string network_;
  std::set<std::string> wanted_;              // the network's names
  std::map<std::string, std::size_t> place_;  // of a file's name
  MatchedNames matched_;                      // the file's names by ours
  std::set<std::string> used_;
};

}  // namespace lightloom::nn
