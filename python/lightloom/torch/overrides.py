"""Products of activations with activations, wherever a network makes them: matmul, bmm, einsum, attention."""

import math

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode


def attend(q, k, v, mask=None, dropout=0.0, scale=None):
    """(softmax(scale q k^T + mask) v, the softmax) of (..., tokens, width); scale: 1 / sqrt(width) if None."""
    scores = torch.matmul(q, k.transpose(-2, -1)) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    weights = torch.softmax(scores if mask is None else scores + mask, dim=-1)
    return torch.matmul(functional.dropout(weights, dropout) if dropout > 0 else weights, v), weights


def _scaled_dot_product(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    """What functional.scaled_dot_product_attention of PyTorch 2 computes, product by product."""
    if is_causal:
        attn_mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = torch.zeros(attn_mask.shape, dtype=q.dtype, device=q.device).masked_fill(~attn_mask, -math.inf)
    if enable_gqa:
        k, v = (x.repeat_interleave(q.shape[-3] // x.shape[-3], dim=-3) for x in (k, v))
    return attend(q, k, v, attn_mask, dropout_p, scale)[0]


class Decomposed(TorchFunctionMode):
    """Within it attention is made of its products, as files and chips have it."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is _FUSED:
            return _scaled_dot_product(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


class ThroughProducts(TorchFunctionMode):
    """Within it `product(left, right)` takes every product of two tensors that change, (..., m, k) (..., k, n), unless it
    returns None; `product.left_out()` is told of other products."""

    def __init__(self, product):
        super().__init__()
        self._product = product

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is _FUSED:
            with self:  # its products in turn
                return _scaled_dot_product(*args, **kwargs)
        made = _FORMS[func](self._product, *args, **kwargs) if func in _FORMS else None
        return func(*args, **kwargs) if made is None else made


def changing(left, right):
    """Whether these are batches of matrices that fit, and neither is a parameter."""
    tensors = all(isinstance(x, torch.Tensor) and x.ndim >= 3 and x.is_floating_point() and not isinstance(x, torch.nn.Parameter)
                  for x in (left, right))
    return tensors and left.shape[-1] == right.shape[-2]


def _matmul(product, left, right, out=None):
    return product(left, right) if out is None and changing(left, right) else product.left_out()


def _left_out(product, *_, **__):
    return product.left_out()


def _matmul_from_right(product, right, left):
    return _matmul(product, left, right)


def _baddbmm(product, added, left, right, *, beta=1, alpha=1, out=None):
    if out is not None or not changing(left, right):
        return product.left_out()
    made = product(left, right)
    return made if made is None else beta * added + alpha * made


def _einsum(product, equation, *operands):
    """A contraction of two tensors as one product of matrices; others are left out."""
    operands = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    if not isinstance(equation, str) or len(operands) != 2 or "." in equation or "->" not in equation:
        return product.left_out()
    given, _, wanted = equation.replace(" ", "").partition("->")
    names = given.split(",")
    if any(len(set(one)) != len(one) for one in (*names, wanted)) or set(wanted) - set(given):
        return product.left_out()
    left, right = names
    batch = [a for a in left if a in right and a in wanted]
    summed = [a for a in left if a in right and a not in wanted]
    rows, columns = [a for a in left if a not in right], [a for a in right if a not in left]
    if not batch or not summed or set(rows + columns) - set(wanted):
        return product.left_out()
    size = {**dict(zip(left, operands[0].shape)), **dict(zip(right, operands[1].shape))}
    sides = lambda axes: [size[a] for a in axes]
    as_left = operands[0].permute([left.index(a) for a in batch + rows + summed])
    as_right = operands[1].permute([right.index(a) for a in batch + summed + columns])
    as_left = as_left.reshape(*sides(batch), math.prod(sides(rows)), math.prod(sides(summed)))
    as_right = as_right.reshape(*sides(batch), math.prod(sides(summed)), math.prod(sides(columns)))
    if not changing(as_left, as_right) or any(isinstance(x, torch.nn.Parameter) for x in operands):
        return product.left_out()
    made = product(as_left, as_right)
    if made is None:
        return None
    made = made.reshape(sides(batch + rows + columns))
    return made.permute([(batch + rows + columns).index(a) for a in wanted])


_FUSED = getattr(functional, "scaled_dot_product_attention", None)
_FORMS = {torch.matmul: _matmul, torch.Tensor.matmul: _matmul, torch.Tensor.__matmul__: _matmul,
          torch.Tensor.__rmatmul__: _matmul_from_right, torch.bmm: _matmul, torch.Tensor.bmm: _matmul,
          torch.baddbmm: _baddbmm, torch.Tensor.baddbmm: _baddbmm, torch.functional.einsum: _einsum}
_FORMS.update(dict.fromkeys((functional.linear, functional.bilinear, torch.conv1d, torch.conv2d, torch.conv3d, torch.conv_transpose1d,
                             torch.conv_transpose2d, torch.conv_transpose3d), _left_out))
