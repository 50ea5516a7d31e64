#include "cosim/corrections/corrector_choice.hpp"

#include <fmt/format.h>

namespace lightloom::cosim {

std::string name_of(const CorrectorChoice& choice) {
  switch (choice.kind) {
    case CorrectorKind::gain:
      return "gain";
    case CorrectorKind::interleave:
      return fmt::format("interleave_{}", choice.period);
    case CorrectorKind::low_rank_output:
      return fmt::format("low_rank_output_{}", choice.rank);
    case CorrectorKind::low_rank_input:
      return fmt::format("low_rank_input_{}", choice.rank);
    case CorrectorKind::pointwise:
      return "pointwise";
    case CorrectorKind::shared:
      return "shared";
  }
  return "";
}

}  // namespace lightloom::cosim
