"""What the operations of an ONNX file compute, as functions of tensors: those that `lightloom onnx save` and `export` write."""

import torch
from torch.nn import functional


def window(attributes):
    """Arguments of a pool or convolution: (kernel, stride, dilation, [top, left, bottom, right])."""
    kernel = attributes.get("kernel_shape")
    return (kernel, attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1]),
            list(attributes.get("pads", [0, 0, 0, 0])))


def _max_pool(attributes, x):
    kernel, stride, dilation, pads = window(attributes)
    return functional.max_pool2d(_padded(x, pads, float("-inf")), kernel, stride, 0, dilation, bool(attributes.get("ceil_mode", 0)))


def _average_pool(attributes, x):
    kernel, stride, dilation, pads = window(attributes)
    if dilation != [1, 1]:
        raise ValueError("an AveragePool with dilations has no counterpart in PyTorch")
    ceiling = bool(attributes.get("ceil_mode", 0))
    mean = functional.avg_pool2d(_padded(x, pads, 0.0), kernel, stride, 0, ceiling)
    if attributes.get("count_include_pad", 0) or not any(pads):
        return mean
    return mean / functional.avg_pool2d(_padded(torch.ones_like(x), pads, 0.0), kernel, stride, 0, ceiling)


def _padded(x, pads, fill):
    top, left, bottom, right = pads
    return functional.pad(x, (left, right, top, bottom), value=fill) if any(pads) else x


def _pad(attributes, x, pads, value=None):
    if attributes.get("mode", "constant") not in ("constant", b"constant"):
        raise ValueError("a Pad of another mode than constant is not taken")
    count = x.ndim
    pairs = [int(pads[axis + side * count]) for axis in range(count - 1, -1, -1) for side in (0, 1)]
    return functional.pad(x, pairs, value=0.0 if value is None else float(value))


def _slice(attributes, x, starts, ends, axes, steps):
    for start, end, axis, step in zip(*(values.tolist() for values in (starts, ends, axes, steps))):
        cut = [slice(None)] * x.ndim
        cut[axis] = slice(start, end, step)
        x = x[tuple(cut)]
    return x


def _reshape(attributes, x, shape):
    return x.reshape([x.shape[i] if side == 0 else side for i, side in enumerate(shape.tolist())])


def _gather(attributes, x, places):
    if places.ndim != 1:
        raise ValueError("a Gather by more than one axis of places is not taken")
    return torch.index_select(x, attributes.get("axis", 0), places)


def _flatten(attributes, x):
    axis = attributes.get("axis", 1)
    return x.reshape(x.shape[:axis].numel(), -1)


def _layer_norm(attributes, x, scale, shift=None):
    if attributes.get("axis", -1) != -1:
        raise ValueError("a LayerNormalization over more than the last axis is not taken")
    return functional.layer_norm(x, x.shape[-1:], scale, shift, attributes.get("epsilon", 1e-5))


def _instance_norm(attributes, x, scale, shift):
    return functional.instance_norm(x, weight=scale, bias=shift, eps=attributes.get("epsilon", 1e-5))


def _quantise(attributes, x, scale, zero):
    """The nearest integer that the zero's type holds, and gradients straight through where nothing is clipped."""
    low, high = (-128, 127) if zero.dtype == torch.int8 else (0, 255)
    exact = x / scale + zero.float()
    held = exact.clamp(low, high)
    return held + (held.detach().round() - held).detach()


def _mean(attributes, x, axes=None):
    axes = attributes.get("axes") if axes is None else axes.tolist()
    return x.mean(dim=tuple(range(x.ndim) if axes is None else axes), keepdim=bool(attributes.get("keepdims", 1)))


def _expand(attributes, x, shape):
    return x.expand([max(a, b) for a, b in zip(x.shape, shape.tolist())])


def _shape(attributes, x):
    return torch.tensor(list(x.shape)[attributes.get("start", 0):attributes.get("end")])


def _clip(attributes, x, low=None, high=None):
    return torch.clamp(x, None if low is None else float(low), None if high is None else float(high))


OPERATORS = {
    "Abs": lambda a, x: x.abs(), "Add": lambda a, x, y: x + y, "AveragePool": _average_pool, "Clip": _clip,
    "Concat": lambda a, *x: torch.cat(x, a["axis"]), "Cos": lambda a, x: x.cos(),
    "DequantizeLinear": lambda a, x, scale, zero: (x - zero.float()) * scale, "Div": lambda a, x, y: x / y,
    "Dropout": lambda a, x, *_: x, "Erf": lambda a, x: x.erf(), "Exp": lambda a, x: x.exp(), "Expand": _expand,
    "Flatten": _flatten, "Gather": _gather, "Gelu": lambda a, x: functional.gelu(x),
    "GlobalAveragePool": lambda a, x: x.mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": lambda a, x: (a.get("alpha", 0.2) * x + a.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": lambda a, x: functional.hardswish(x), "Identity": lambda a, x: x, "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm, "Log": lambda a, x: x.log(), "MatMul": lambda a, x, y: x @ y,
    "Max": lambda a, x, y: torch.maximum(x, y), "MaxPool": _max_pool, "Min": lambda a, x, y: torch.minimum(x, y),
    "Mul": lambda a, x, y: x * y, "Neg": lambda a, x: -x, "Pad": _pad, "Pow": lambda a, x, y: x**y,
    "QuantizeLinear": _quantise, "ReduceMean": _mean, "Relu": lambda a, x: x.relu(), "Reshape": _reshape, "Shape": _shape,
    "Sigmoid": lambda a, x: x.sigmoid(), "Sin": lambda a, x: x.sin(), "Slice": _slice,
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)), "Softplus": lambda a, x: functional.softplus(x),
    "Sqrt": lambda a, x: x.sqrt(), "Sub": lambda a, x, y: x - y, "Tanh": lambda a, x: x.tanh(),
    "Transpose": lambda a, x: x.permute(a["perm"]),
}
