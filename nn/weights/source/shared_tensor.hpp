#pragma once

#include <deque>
#include <functional>
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
  /// What a use adds to its multiple of the levels is fitted to what those leave of its weight, in
  /// the tensor's order: `fit` is called whenever that may have changed, once every use was given
  /// its weight.
  using FitRest = std::function<void(std::span<const float> rest)>;
  void on_rest(int use, FitRest fit) { fit_rest_[static_cast<std::size_t>(use)] = std::move(fit); }

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
  void fit_rests();

  StoredStream stream_;
  Parameter latent_, clip_;
  std::deque<Parameter> scales_;           // by use; uses keep their address
  std::vector<FitRest> fit_rest_;          // by use; empty: none
  std::vector<std::vector<float>> given_;  // to the uses; empty: nothing yet
  std::vector<float> levels_, taken_;
  float step_ = 0;
};

/// The stream of its levels.
StoredStream shared_stream(std::int64_t size, int bits);

/// What the layers of one network share, in order of execution: groups by key.
class SharedParts {
 public:
  /// A place in the group of the key: the first use of a group makes its part. After `most` uses a
  /// new group begins; 0: never. Groups are numbered from 1 in the order in which they begin.
  template <class Part>
  struct PlaceIn {
    std::shared_ptr<Part> part;
    int use = 0;
    int group = 0;
  };
  /// `make()` gives a new part, which has a verb `join()` for the number of a new use.
  template <class Part, class Make>
  PlaceIn<Part> join(const std::string& key, int most, Make make) {
    Latest& latest = latest_[key];
    if (!latest.part || (most > 0 && latest.use + 1 >= most))
      latest = {std::make_shared<Part>(make()), 0, ++groups_};
    const auto part = std::static_pointer_cast<Part>(latest.part);
    latest.use = part->join();
    return {part, latest.use, latest.group};
  }

  struct Place {
    std::shared_ptr<SharedTensor> tensor;
    int use = 0;
    int group = 0;
  };
  Place join(const std::string& key, int most, std::int64_t size, int bits);

 private:
  struct Latest {
    std::shared_ptr<void> part;
    int use = 0;
    int group = 0;
  };
  std::map<std::string, Latest> latest_;
  int groups_ = 0;
};

}  // namespace lightloom::nn
