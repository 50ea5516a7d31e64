#pragma once

#include <functional>
#include <map>
#include <string_view>

#include "nn/onnx/import/maps.hpp"
#include "nn/onnx/model/attributes.hpp"
#include "nn/onnx/translation/translation.hpp"

namespace lightloom::nn::onnx {

/// Adds one operation of a model to the graph, or throws `Unsupported`.
using Handler = void (*)(Translation&, const Operation&);
using Handlers = std::map<std::string_view, Handler>;

// Families of operators; each adds its own to the table.
void add_products(Handlers& handlers);
void add_functions(Handlers& handlers);
void add_operands(Handlers& handlers);
void add_moves(Handlers& handlers);
void add_rows(Handlers& handlers);
void add_reductions(Handlers& handlers);
void add_norms(Handlers& handlers);
void add_shapes(Handlers& handlers);
void add_resizing(Handlers& handlers);
void add_einsum(Handlers& handlers);
void add_quantisers(Handlers& handlers);

/// An operation that only moves elements of its first input, as a view of the same node.
void move(Translation& t, const Operation& o);
/// The same of a value that no operation names.
Changing moved(const Translation& t, const Operation& o, const Changing& x);

/// The axes of x in another order.
Changing turned(const Translation& t, const Operation& o, const Changing& x,
                std::vector<std::int64_t> order);
/// An axis from the end if negative. Throws `Unsupported` where there is none.
std::size_t axis_in(const Operation& o, std::int64_t axis, std::size_t rank);

/// A value as positions with its last axis as their channels, the function done; the node alone.
int as_rows(Translation& t, const Changing& x);
/// The same for the product of the last `axes` axes.
int as_rows(Translation& t, Changing x, std::size_t axes);
/// x after an operation on its rows, the last `axes` axes together, that keeps their length: `make`
/// adds it to the node of the rows. Images may be scattered over the rows.
Changing by_rows(Translation& t, const Changing& x, std::size_t axes,
                 const std::function<int(int)>& make);
/// x weight^T + bias along the last axis; `weight` is [out, in], row by row. An empty bias is none.
Changing linear_rows(Translation& t, const Operation& o, const Changing& x, LayerValues values);

/// The dimensions of two operands together. Throws `Unsupported` where they do not fit.
std::vector<std::int64_t> joint_dims(const Operation& o, const std::vector<std::int64_t>& a,
                                     const std::vector<std::int64_t>& b);
/// The same view of another node.
Changing on(Changing x, int node);
/// x repeated along its axes of one element, as numpy broadcasts. Throws `Unsupported` where images
/// would get another place.
Changing expanded(const Translation& t, const Operation& o, const Changing& x,
                  const std::vector<std::int64_t>& dims);

/// x scaled and shifted by constants of its shape or one that broadcasts to it: in the layer or
/// normalisation before it where that is possible.
Changing scaled(Translation& t, const Operation& o, const Changing& x, const Array& by);
Changing shifted(Translation& t, const Operation& o, const Changing& x, const Array& by);

/// Whether a layer or normalisation makes the value that can take constants into its own numbers:
/// nobody else reads it.
bool takes_constants(Translation& t, const Changing& x);

/// Whether the operation is one on a value and a number, or on two functions of one value: then a
/// function of that value is its result.
bool is_function(Translation& t, const Operation& o);

/// Whether the operation, a quotient, ends a layer normalisation spelt out, which is then its
/// result.
bool is_spelt_layer_norm(Translation& t, const Operation& o);

}  // namespace lightloom::nn::onnx
