#include "nn/ops/precision.hpp"

#include "core/error.hpp"
#include "nn/ops/onednn.hpp"

namespace lightloom::nn {

const char* precision_name(Precision precision) {
  return precision == Precision::bfloat16 ? "bfloat16" : "float32";
}

bool multiplies_bfloat16() { return onednn::has(dnnl::cpu_isa::avx512_core_bf16); }

Precision quickest_precision() {
  return multiplies_bfloat16() ? Precision::bfloat16 : Precision::float32;
}

void require_precision(Precision precision, const std::string& where) {
  require(precision == Precision::float32 || multiplies_bfloat16(),
          "{} is bfloat16, but this processor has neither AVX-512 BF16 nor AMX and would emulate "
          "it at a fraction of float32's speed (use float32, or auto)",
          where);
}

}  // namespace lightloom::nn
