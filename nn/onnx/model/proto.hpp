#pragma once

// What only the files that read protobuf messages include: nothing without libonnx-dev.
#ifdef LIGHTLOOM_HAS_ONNX
#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

#include <string>

#include "nn/onnx/model/model.hpp"

namespace lightloom::nn::onnx {

/// The values of a tensor in the file `path`, or in the file beside it that the tensor names.
/// Throws `Error` for impossible shapes, a wrong number of values, and what `external_bytes`
/// refuses.
Array array_of(const ::onnx::TensorProto& tensor, const std::string& path);

/// A tensor of which only some elements are written, with zeros for the others. Throws `Error` for
/// indices outside of it.
Array array_of(const ::onnx::SparseTensorProto& tensor, const std::string& path);

/// The data that a tensor of the model file `path` keeps in another file. Only in or below the
/// model's folder: a place with "..", an absolute one, or a link that leads out is refused, so that
/// no model can read what its folder does not hold; so is anything that is no regular file, and
/// parts that reach past its end. Throws `Error`.
std::string external_bytes(const ::onnx::TensorProto& tensor, const std::string& path);

}  // namespace lightloom::nn::onnx
#endif
