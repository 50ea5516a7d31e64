#pragma once

#include <string>

namespace lightloom::nn {

/// What the products of a training and their gradients multiply. In bfloat16 (8 significant bits,
/// float32's range) both operands of a product are rounded to nearest, even on ties; sums,
/// parameters and everything else stay float32 (Micikevicius et al., ICLR 2018; Kalamkar et al.,
/// arXiv:1905.12322).
enum class Precision { float32, bfloat16 };

/// How the weight layers of a training multiply.
struct ProductPlan {
  Precision precision = Precision::float32;
  bool factored = false;  // a weight that is a product of two as two layers, where that takes fewer
                          // multiplications; then neither engines nor noise on weights
};

/// "float32" or "bfloat16".
const char* precision_name(Precision precision);

/// Whether this processor multiplies bfloat16 itself, with AVX-512 BF16 or AMX. The environment
/// variable ONEDNN_MAX_CPU_ISA may hide both.
bool multiplies_bfloat16();

/// bfloat16 where the processor multiplies it, else float32.
Precision quickest_precision();

/// Throws `Error` where this processor lacks the precision: products would be emulated at a
/// fraction of float32's speed. `where` is the key that asks for it, "train.precision".
void require_precision(Precision precision, const std::string& where);

}  // namespace lightloom::nn
