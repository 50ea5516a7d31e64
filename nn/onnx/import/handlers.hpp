#pragma once

#include <map>
#include <string_view>

#include "nn/onnx/import/translation.hpp"
#include "nn/onnx/model/attributes.hpp"

namespace lightloom::nn::onnx {

/// Adds one operation of a model to the graph, or throws `Unsupported`.
using Handler = void (*)(Translation&, const Operation&);
using Handlers = std::map<std::string_view, Handler>;

/// Of the first input of `o` and a number.
void multiply_by(Translation& t, const Operation& o, float number);

/// GlobalAveragePool and GlobalMaxPool of any rank.
void pool_over_all(Translation& t, const Operation& o);

// Families of operators; each adds its own to the table.
void add_products(Handlers& handlers);
void add_elementwise(Handlers& handlers);
void add_shapes(Handlers& handlers);
void add_layout(Handlers& handlers);
void add_affine(Handlers& handlers);
void add_reductions(Handlers& handlers);
void add_quantisers(Handlers& handlers);

}  // namespace lightloom::nn::onnx
