#include "nn/onnx/evaluate/products.hpp"

#include "core/error.hpp"
#include "nn/onnx/evaluate/operator_call.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {

void require_work(std::int64_t products) {
  if (products > std::int64_t{1} << 32) throw TooLarge("more than 2^32 multiplications");
}

Array matrix_product(const Array& a, const Array& b) {
  Dims left = a.dims, right = b.dims;
  require(!left.empty() && !right.empty(), "a product with a single number");
  if (a.dims.size() == 1) left.insert(left.begin(), 1);
  if (b.dims.size() == 1) right.push_back(1);
  const std::int64_t rows = left[left.size() - 2], inner = left.back(), columns = right.back();
  require(inner == right[right.size() - 2], "matrices of {} columns and {} rows", inner,
          right[right.size() - 2]);
  Dims outer = broadcast({left.begin(), left.end() - 2}, {right.begin(), right.end() - 2});
  const auto stacked = [&](const Array& x, const Dims& dims, std::int64_t r, std::int64_t c) {
    Dims full = outer;
    full.insert(full.end(), {r, c});
    grown_size(x.size(), full);
    return broadcast_to(reshaped(x, dims), full);
  };
  const Array x = stacked(a, left, rows, inner), y = stacked(b, right, inner, columns);
  const std::int64_t batch = checked_size(outer);
  Dims dims = outer;
  dims.insert(dims.end(), {rows, columns});
  grown_size(a.size() + b.size(), dims);
  Array out = zeros(dims, a.type);
  require_work(checked_size({out.size()}) * std::max<std::int64_t>(1, inner));
  for (std::int64_t n = 0; n < batch * rows; ++n) {
    for (std::int64_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) {
        sum += value(x, n * inner + k) * value(y, (n / rows * inner + k) * columns + c);
      }
      const auto at = static_cast<std::size_t>(n * columns + c);
      if (out.integer()) {
        out.integers[at] = whole(sum, out.type);
      } else {
        out.floats[at] = rounded(sum, out.type);
      }
    }
  }
  if (a.dims.size() == 1) dims.erase(dims.end() - 2);
  if (b.dims.size() == 1) dims.pop_back();
  return reshaped(out, dims);
}

Array turned(const Array& matrix) {
  require(matrix.dims.size() == 2, "a transposition of something that is no matrix");
  const std::int64_t rows = matrix.dims[0], columns = matrix.dims[1];
  Dims from(static_cast<std::size_t>(matrix.size()));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    from[i] = at % rows * columns + at / rows;
  }
  return taken(matrix, {columns, rows}, from);
}

namespace {

std::vector<Array> matmul(const OperatorCall& call) {
  require(input(call, 0).type == input(call, 1).type, "a product of two types");
  return {matrix_product(input(call, 0), input(call, 1))};
}

std::vector<Array> gemm(const OperatorCall& call) {
  const Operation& o = call.operation;
  const Array a = integer(o, "transA", 0) != 0 ? turned(input(call, 0)) : input(call, 0);
  const Array b = integer(o, "transB", 0) != 0 ? turned(input(call, 1)) : input(call, 1);
  require(a.dims.size() == 2 && b.dims.size() == 2, "Gemm of something that is no matrix");
  Array out = matrix_product(a, b);
  const double alpha = real(o, "alpha", 1), beta = real(o, "beta", 1);
  const Array c = has(call, 2) ? broadcast_to(input(call, 2), out.dims) : zeros(out.dims, out.type);
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const double found = alpha * value(out, i) + beta * value(c, i);
    if (out.integer()) {
      out.integers[static_cast<std::size_t>(i)] = whole(found, out.type);
    } else {
      out.floats[static_cast<std::size_t>(i)] = rounded(found, out.type);
    }
  }
  return {out};
}

/// An operand as int32 less its zero point: one, or one per row of the left or column of the right.
Array factor_without_zero(const OperatorCall& call, std::size_t operand, std::size_t zero_point) {
  Array x = cast(integer_input(call, operand), ElementType::int32);
  if (!has(call, zero_point)) return x;
  Array zero = cast(integer_input(call, zero_point), ElementType::int32);
  if (zero.dims.size() == 1 && operand == 0 && zero.size() > 1) zero.dims = {zero.size(), 1};
  const Array spread = broadcast_to(zero, x.dims);
  for (std::size_t i = 0; i < x.integers.size(); ++i) x.integers[i] -= spread.integers[i];
  return x;
}

std::vector<Array> matmul_integer(const OperatorCall& call) {
  return {matrix_product(factor_without_zero(call, 0, 2), factor_without_zero(call, 1, 3))};
}

}  // namespace

void add_products(OperatorTable& table) {
  table["MatMul"] = matmul;
  table["Gemm"] = gemm;
  table["MatMulInteger"] = matmul_integer;
}

}  // namespace lightloom::nn::onnx
