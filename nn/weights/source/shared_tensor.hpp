#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/weights/source/stored_words.hpp"
#include "nn/weights/source/weight_source.hpp"

namespace lightloom::nn {

/// One tensor of integers of which several layers of a network are made, each with a magnitude of
/// its own: weight u = scale_u * level, up to the order of its elements. The first use stores the
/// levels; every use stores step * scale_u. A use is numbered from 0 as it joins.
class SharedTensor {
 public:
  /// `bits` 2 to 16 (1: signs).
  SharedTensor(std::int64_t size, int bits);

  /// The number of a new use.
  int join();

  /// Fits tensor and scales to what its uses were last given, in the tensor's order: the tensor is
  /// the mean of them, each divided by its root mean square, times the mean of those; the scales
  /// are the least squared error.
  void encode(int use, std::span<const float> dense);
  /// Levels and step of the latent tensor.
  void round();
  /// Takes stored levels, as a memory gives them, for the uses that are decoded next.
  void take(const CodedStream& levels);
  /// Throws `Error` where nothing was taken yet.
  [[nodiscard]] std::span<const float> taken() const;

  [[nodiscard]] const StoredStream& stream() const { return stream_; }
  [[nodiscard]] CodedStream coded() const;  // of the latest round
  [[nodiscard]] std::span<const float> levels() const { return levels_; }
  [[nodiscard]] float step() const { return step_; }
  [[nodiscard]] Parameter& latent() { return latent_; }
  [[nodiscard]] Parameter& clip() { return clip_; }
  [[nodiscard]] Parameter& scale(int use) { return scales_[static_cast<std::size_t>(use)]; }

 private:
  void fit_mean();
  void fit_scales();

  StoredStream stream_;
  Parameter latent_, clip_;
  std::deque<Parameter> scales_;           // by use; uses keep their address
  std::vector<std::vector<float>> given_;  // to the uses; empty: nothing yet
  std::vector<float> levels_, taken_;
  float step_ = 0;
};

/// The stream of its levels.
StoredStream shared_stream(std::int64_t size, int bits);

/// What the layers of one network share, in order of execution: groups by key.
class SharedParts {
 public:
  /// A place in the group of the key: the first use of a group makes its tensor. After `most` uses
  /// a new group begins; 0: never.
  struct Place {
    std::shared_ptr<SharedTensor> tensor;
    int use = 0;
  };
  Place join(const std::string& key, int most, std::int64_t size, int bits);

 private:
  std::map<std::string, Place> latest_;
};

}  // namespace lightloom::nn
