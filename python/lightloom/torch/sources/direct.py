"""Weights that are stored one by one: dense, integers, learned steps, trits, powers of two, circulant."""

import math

import torch

from .rounding import (best_clip, dorefa, integers, power_values, power_words, straight_through, to_latent,
                       top_exponent)
from .source import Source, odd_words, offset_words

MOST_INTEGER_BITS = 24  # wider integers are kept as floats


class FloatSource(Source):
    """The weight itself, in words of 32 bits."""

    kind = "dense"

    def __init__(self, shape):
        super().__init__(shape)
        self.weight = torch.nn.Parameter(torch.zeros(shape.dense))
        self.register_buffer("gain", torch.ones(1))  # stays one: files of the program have it

    def forward(self):
        return self.weight

    def encode(self, dense):
        with torch.no_grad():
            self.weight.copy_(self._checked(dense))

    def words(self):
        return {"weight": self.weight.detach().reshape(-1)}

    def stored(self):
        return [("weight", self.shape.weights, 32, True)]


class DenseSource(Source):
    """The weight through the symmetric DoReFa quantiser of 1 to 15 bits, times a fixed gain."""

    kind = "dense"

    def __init__(self, shape, bits):
        super().__init__(shape)
        self.width = bits
        self.weight = torch.nn.Parameter(torch.zeros(shape.dense))
        self.register_buffer("gain", torch.ones(1))

    def forward(self):
        levels, scale = dorefa(self.weight, self.width)
        return levels * (self.gain[0] * scale.detach())

    def encode(self, dense):
        dense = self._checked(dense)
        largest = float(dense.abs().max())
        gain = 1.0 if self.width == 1 or largest <= 0.95 else largest / 0.9
        with torch.no_grad():
            self.gain.fill_(gain)
            self.weight.copy_(to_latent(dense, self.width, gain))

    def words(self):
        levels, scale = dorefa(self.weight.detach(), self.width)
        return {"weight": odd_words(levels, self.width).reshape(-1), "scale": (self.gain * scale).reshape(1)}

    def stored(self):
        return [("weight", self.shape.weights, self.width, True), ("scale", 1, 32, False)]


class IntegerSource(Source):
    """Symmetric uniform integers, one scale per layer or per output channel ("filter")."""

    kind = "integer"

    def __init__(self, shape, bits, scales="layer", weight_clip=0.0):
        super().__init__(shape)
        self.width = bits if bits <= MOST_INTEGER_BITS else 32
        self.weight_clip = weight_clip
        self.groups = shape.out if scales == "filter" else 1
        self.weight = torch.nn.Parameter(torch.zeros(shape.dense))
        self.register_buffer("clip", torch.ones(self.groups))

    def encode(self, dense):
        with torch.no_grad():
            self.weight.copy_(self._checked(dense))
            for group, part in enumerate(self.weight.reshape(self.groups, -1)):
                self.clip[group] = best_clip(part, self.width) if self.width <= 4 else 1.0

    def _rounded(self):
        weight = self.weight.detach()
        parts = [integers(part, self.width, clip)
                 for part, clip in zip(weight.reshape(self.groups, -1), self.clip)]
        return torch.stack([levels for levels, _ in parts]), torch.stack([scale for _, scale in parts])

    def forward(self):
        if self.weight_clip > 0:
            with torch.no_grad():
                self.weight.clamp_(-self.weight_clip, self.weight_clip)
        if self.width == 32:
            return self.weight
        levels, scales = self._rounded()
        return straight_through((levels * scales[:, None]).reshape(self.shape.dense), self.weight)

    def words(self):
        if self.width == 32:
            return {"weight": self.weight.detach().reshape(-1)}
        levels, scales = self._rounded()
        return {"weight": offset_words(levels, self.width).reshape(-1), "scale": scales}

    def stored(self):
        streams = [("weight", self.shape.weights, self.width, True)]
        return streams + [("scale", self.groups, 32, False)] * (self.width < 32)


class TernarySource(IntegerSource):
    """Two-bit integers (-1, 0, 1), five to a byte."""

    kind = "ternary"

    def __init__(self, shape, scales="layer", weight_clip=0.0):
        super().__init__(shape, 2, scales, weight_clip)

    def words(self):
        levels, scales = self._rounded()
        digits = levels.reshape(-1).long() + 1
        digits = torch.nn.functional.pad(digits, (0, -len(digits) % 5), value=1)
        powers = torch.tensor([1, 3, 9, 27, 81], device=digits.device)
        return {"trits": (digits.reshape(-1, 5) * powers).sum(1), "scale": scales}

    def stored(self):
        return [("trits", math.ceil(self.shape.weights / 5), 8, True), ("scale", self.groups, 32, False)]


class LearnedStepSource(Source):
    """w = s clip(round(v / s), -Q, Q) with a trained step (Esser et al., ICLR 2020)."""

    kind = "lsq"

    def __init__(self, shape, bits):
        super().__init__(shape)
        if not 2 <= bits <= 16:
            raise ValueError(f"a learned step has 2 to 16 bits, not {bits}")
        self.width = bits
        self.weight = torch.nn.Parameter(torch.zeros(shape.dense))
        self.step = torch.nn.Parameter(torch.ones(1))

    @property
    def top(self):
        return 2 ** (self.width - 1) - 1

    def encode(self, dense):
        dense = self._checked(dense)
        mean = float(dense.double().abs().mean())
        with torch.no_grad():
            self.weight.copy_(dense)
            self.step.fill_(2 * mean / math.sqrt(self.top) if mean > 0 else 1.0)

    def _levels(self):
        with torch.no_grad():
            self.step.clamp_(min=1e-8)  # below zero it would turn the weights over
        ratio = self.weight.detach() * (1 / self.step.detach())
        return torch.round(ratio).clamp(-self.top, self.top), ratio

    def forward(self):
        levels, ratio = self._levels()
        inside = (ratio.abs() < self.top).to(ratio.dtype)
        share = 1 / math.sqrt(levels.numel() * self.top)
        slope = share * torch.where(inside > 0, levels - ratio, levels)
        surrogate = inside * self.weight + slope * self.step
        return straight_through(levels * self.step.detach(), surrogate)

    def words(self):
        levels, _ = self._levels()
        return {"weight": offset_words(levels, self.width).reshape(-1), "scale": self.step.detach().clone()}

    def stored(self):
        return [("weight", self.shape.weights, self.width, True), ("scale", 1, 32, False)]


class PowerSource(Source):
    """Signed powers of two below a top exponent that `encode` fixes, or zero."""

    kind = "power_of_two"

    def __init__(self, shape, bits):
        super().__init__(shape)
        if not 2 <= bits <= 8:
            raise ValueError(f"powers of two have 2 to 8 bits, not {bits}")
        self.width = bits
        self.weight = torch.nn.Parameter(torch.zeros(shape.dense))
        self.register_buffer("top", torch.zeros(1))

    def encode(self, dense):
        dense = self._checked(dense)
        with torch.no_grad():
            self.weight.copy_(dense)
            self.top.fill_(top_exponent(dense))

    def _words(self):
        return power_words(self.weight.detach(), self.width, int(self.top))

    def forward(self):
        return straight_through(power_values(self._words(), self.width, int(self.top)), self.weight)

    def words(self):
        return {"weight": self._words().reshape(-1).long(), "top": self.top.clone()}

    def stored(self):
        return [("weight", self.shape.weights, self.width, True), ("top", 1, 32, False)]


class CirculantSource(Source):
    """Blocks whose diagonals are one value each (Ding et al., MICRO 2017)."""

    kind = "circulant"

    def __init__(self, shape, block, bits):
        super().__init__(shape)
        self.width = bits if bits < 16 else 32
        blocks_in = math.ceil(shape.inputs / block)
        blocks_out = math.ceil(shape.out / block)
        out, inside = torch.meshgrid(torch.arange(shape.out), torch.arange(shape.inputs), indexing="ij")
        piece = (out // block) * blocks_in + inside // block
        diagonal = (out % block - inside % block) % block
        index = (piece * block + diagonal)[:, :, None] * shape.area + torch.arange(shape.area)
        self.register_buffer("index", index.reshape(-1), persistent=False)
        self.weight = torch.nn.Parameter(torch.zeros(blocks_in * blocks_out * block * shape.area))
        self.register_buffer("gain", torch.ones(1))

    def encode(self, dense):
        dense = self._checked(dense).reshape(-1).double()
        sums = torch.zeros(self.weight.shape, dtype=torch.float64).index_add_(0, self.index.cpu(), dense.cpu())
        counts = torch.bincount(self.index.cpu(), minlength=len(sums)).clamp(min=1)
        mean = (sums / counts).float().to(self.weight.device)
        gain = 1.0
        if self.width < 32:
            largest = float(mean.abs().max())
            gain = 1.0 if self.width == 1 or largest <= 0.95 else largest / 0.9
            mean = to_latent(mean, self.width, gain)
        with torch.no_grad():
            self.weight.copy_(mean)
            self.gain.fill_(gain)

    def _levels(self):
        if self.width == 32:
            return self.weight, torch.ones((), device=self.weight.device)
        return dorefa(self.weight, self.width)

    def forward(self):
        levels, scale = self._levels()
        return ((self.gain[0] * scale.detach()) * levels[self.index]).reshape(self.shape.dense)

    def words(self):
        levels, scale = self._levels()
        if self.width == 32:
            return {"weight": levels.detach()}
        return {"weight": odd_words(levels.detach(), self.width), "scale": (self.gain * scale).detach().reshape(1)}

    def stored(self):
        streams = [("weight", self.weight.numel(), self.width, True)]
        return streams + [("scale", 1, 32, False)] * (self.width < 32)
