#include "nn/weights/source/no_bits.hpp"

namespace lightloom::nn {

std::function<void(Section&, SourceSettings&)> no_bits(const std::string& reason) {
  return [reason](Section& section, SourceSettings&) {
    if (section.raw("bits") != nullptr) section.problem("bits", "is of no use to " + reason);
  };
}

}  // namespace lightloom::nn
