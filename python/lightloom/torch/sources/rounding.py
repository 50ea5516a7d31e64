"""Quantisers of stored weights with the gradients of training (docs/models/weights/quantisers.md).

All round half to even. Each returns integer *levels* (float tensors that hold whole numbers) and the
scale that one level stands for, so that products of levels are exact while they stay below 2**24.
"""

import torch

_SATURATES = 9.02  # beyond it tanh is one in single precision


def _tanh(x):
    """tanh in single precision, correctly rounded but for rare last digits."""
    return torch.tanh(x.double().clamp(-_SATURATES, _SATURATES)).to(x.dtype)


class _Dorefa(torch.autograd.Function):
    """Symmetric DoReFa of a whole tensor: levels and their scale; Gu et al. (ICCV 2021)."""

    @staticmethod
    def forward(ctx, latent, bits):
        if bits == 1:
            scale = latent.abs().double().mean().to(latent.dtype)
            ctx.save_for_backward(scale)
            ctx.kind = "sign"
            return torch.sign(latent), scale
        squashed = _tanh(latent)
        largest = squashed.abs().max()
        if largest == 0:
            ctx.kind = "zero"
            ctx.save_for_backward()
            return torch.zeros_like(latent), torch.ones_like(largest)
        top = 2**bits - 1
        scale = (largest.double() / top).to(latent.dtype)
        ctx.kind = "levels"
        ctx.save_for_backward(squashed, largest, scale)
        half = top / (2 * largest.double())
        return (2 * torch.round(squashed.double() * half + top / 2) - top).to(latent.dtype), scale

    @staticmethod
    def backward(ctx, d_levels, _):
        if ctx.kind == "zero":
            return d_levels, None
        if ctx.kind == "sign":
            (scale,) = ctx.saved_tensors
            if scale == 0:
                return d_levels, None
            return d_levels.clamp(-1, 1) / scale, None  # d value = d levels / scale; span = scale
        squashed, largest, scale = ctx.saved_tensors
        span = 2 * largest
        slope = 1 - squashed * squashed
        return (span * (d_levels / scale)).clamp(-1, 1) / span * slope, None


def dorefa(latent, bits):
    """Levels and scale of a latent tensor.

    bits 1: sign and mean magnitude; 2 to 31: odd levels of tanh(latent), -(2**bits - 1) to
    2**bits - 1, scale max|tanh| / (2**bits - 1); 32: tanh(latent) / max|tanh| and 1. The gradient
    is clamp(2R g, -1, 1) / 2R * (1 - tanh**2), R held; at 32 bits it is exact.
    """
    if bits == 32:
        squashed = torch.tanh(latent)
        largest = squashed.abs().max()
        return (squashed / largest if largest > 0 else latent), torch.ones_like(largest)
    return _Dorefa.apply(latent, bits)


class _Straight(torch.autograd.Function):
    """A value in the forward pass, the gradient of another tensor in the backward pass."""

    @staticmethod
    def forward(ctx, value, latent):
        return value.clone()

    @staticmethod
    def backward(ctx, d_value):
        return None, d_value


def straight_through(value, latent):
    """`value` as it is; its gradient goes to `latent` unchanged."""
    return _Straight.apply(value.detach(), latent)


def to_latent(values, bits, gain=1.0):
    """The latent whose DoReFa value is `values / gain` (magnitudes below one where it rounds)."""
    values = values / gain
    return torch.atanh(values.clamp(-0.999, 0.999)) if bits > 1 else values


def integers(weight, bits, clip):
    """Symmetric integers of a tensor: (levels, scale); one scale, no gradient.

    scale = clip max|weight| / (2**(bits-1) - 1); one bit: sign and mean magnitude.
    """
    if bits == 1:
        return torch.sign(weight), weight.abs().double().mean().to(weight.dtype)
    top = 2 ** (bits - 1) - 1
    scale = clip * weight.abs().max() / top
    inverse = torch.where(scale > 0, 1 / scale, torch.zeros_like(scale))
    return torch.round(weight * inverse).clamp(-top, top), scale


def best_clip(weight, bits):
    """The share of the largest magnitude, in steps of 2 %, whose integers miss `weight` least."""
    if bits == 1 or weight.abs().max() == 0:
        return 1.0
    best, least = 1.0, float("inf")
    for step in range(100, 9, -2):
        clip = torch.tensor(step / 100, dtype=weight.dtype, device=weight.device)
        levels, scale = integers(weight, bits, clip)
        error = (levels * scale - weight).double().square().sum().item()
        if error < least:
            best, least = float(clip), error
    return best


def nearest_exponent(magnitude):
    """The exponent of the power of two next to a positive magnitude (1.5 x 2**n belongs to n)."""
    fraction, exponent = torch.frexp(magnitude)
    return torch.where(fraction > 0.75, exponent, exponent - 1)


def power_words(values, bits, top):
    """Sign and exponent in words of `bits`: 0 is zero, 1 the lowest of 2**(bits-1) - 1 exponents.

    `top` is the highest exponent; larger magnitudes take it, smaller ones than the lowest are 0.
    """
    lowest = top - (2 ** (bits - 1) - 2)
    exponent = nearest_exponent(values.abs()).clamp(max=top)
    live = (values != 0) & (exponent >= lowest)
    number = torch.where(live, exponent - lowest + 1, torch.zeros_like(exponent))
    return torch.where(live & (values < 0), number + 2 ** (bits - 1), number)


def power_values(words, bits, top):
    """The numbers that `power_words` stand for."""
    lowest = top - (2 ** (bits - 1) - 2)
    number = words & (2 ** (bits - 1) - 1)
    magnitude = torch.ldexp(torch.ones_like(number, dtype=torch.float32), lowest + number - 1)
    signed = torch.where(words >= 2 ** (bits - 1), -magnitude, magnitude)
    return torch.where(number == 0, torch.zeros_like(signed), signed)


def top_exponent(values):
    """The exponent of the largest magnitude; 0 where all are zero."""
    largest = values.abs().max()
    return int(nearest_exponent(largest)) if largest > 0 else 0
