#pragma once

#include "nn/onnx/evaluate/operator_call.hpp"

namespace lightloom::nn::onnx {

/// numpy's matmul: [..., rows, inner] x [..., inner, columns] with broadcast batches; a vector is
/// a row on the left and a column on the right. Sums in double. Throws `Error` for other shapes.
Array matrix_product(const Array& a, const Array& b);
/// The transposed matrix.
Array turned(const Array& matrix);

/// Throws `Error` beyond 2^32 multiplications: no file may keep a machine busy for long.
void require_work(std::int64_t products);

}  // namespace lightloom::nn::onnx
