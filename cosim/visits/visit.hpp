#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>

#include "cosim/layers/cost_report.hpp"
#include "cosim/layers/time_parts.hpp"
#include "cosim/mapping.hpp"
#include "cosim/schedule/tile_schedule.hpp"
#include "cosim/visits/layer_setup.hpp"

namespace lightloom::cosim {

/// Which tile, in tiles along each axis of the mapping.
struct TilePlace {
  int group = 0, row = 0, column = 0;
};

/// One visit of a tile: the tile is programmed and sees `vectors` input vectors.
struct Visit {
  TilePlace tile;
  TileView view;
  double used_share = 0;  // of the layer's weights that lie in the tile
  double vectors = 0;
  int replica = 0;  // above 0: a copy, whose weights the first one brought
  bool first_block = true;
  bool forms_kernels = false;  // the kernels of level 1 have to be formed for this visit (else they
                               // wait in the tile buffer)
};

/// Energy of a visit, component by component in the order in which it is spent. A term stays a
/// product until it is added to a sum, so that the sum is rounded once where the processor has
/// fused multiply-adds.
class EnergyTerms {
 public:
  struct Term {
    Component component = Component::count;
    double amount = 0;
    double each_pJ = 0;
  };

  void spend(Component component, double amount, double each_pJ) {
    assert(count_ < terms_.size());
    terms_[count_++] = {component, amount, each_pJ};
  }
  void spend(Component component, double energy_pJ) { spend(component, energy_pJ, 1); }
  [[nodiscard]] std::span<const Term> terms() const { return std::span(terms_).first(count_); }

 private:
  std::array<Term, 9> terms_;
  std::size_t count_ = 0;
};

/// Time of a visit, stage by stage and part by part.
class TimeTerms {
 public:
  struct Need {
    TimePart part = TimePart::core;
    double ns = 0;
  };
  struct Term {
    Stage stage = Stage::compute;
    Need need;
    bool binds = true;  // else it works beside a slower one
  };

  void take(Stage stage, Need need) { put({stage, need, true}); }
  /// A core's own time and that of the buffer which all cores stream from: the schedule finds out
  /// which of the two ends the computation.
  void take_both(Need core, Need stream) {
    put({Stage::compute, core, true});
    put({Stage::compute, stream, true});
  }
  /// Two that work at once: the slower one gives the stage its time, the first among equals.
  void take(Stage stage, Need one, Need other) {
    put({stage, one, one.ns >= other.ns});
    put({stage, other, one.ns < other.ns});
  }
  [[nodiscard]] std::span<const Term> terms() const { return std::span(terms_).first(count_); }
  /// Service time of a stage, in ns.
  [[nodiscard]] double of(Stage stage) const {
    double sum = 0;
    for (const Term& term : terms())
      if (term.binds && term.stage == stage) sum += term.need.ns;
    return sum;
  }

 private:
  void put(const Term& term) {
    assert(count_ < terms_.size());
    terms_[count_++] = term;
  }

  std::array<Term, 4> terms_;
  std::size_t count_ = 0;
};

/// What (a part of) a visit costs: time on the units, and energy.
struct VisitCost {
  TimeTerms time;
  EnergyTerms energy;
};

Visit visit_of(const LayerSetup& setup, TilePlace tile, std::int64_t block, int replica);

/// The share of the layer's level-1 kernels that the visit forms.
double kernel_share(const LayerSetup& setup, const Visit& visit);

}  // namespace lightloom::cosim
