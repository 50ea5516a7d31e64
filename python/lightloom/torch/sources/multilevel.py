"""Two-level generated weights W = g V (U Wb) and their relatives (Gu et al., ICCV 2021)."""

import math

import torch

from .rounding import dorefa, to_latent
from .sizes import in_dense_order, in_level_order
from .source import Source, odd_words

_EXACT = 2.0**24  # the largest integers single precision holds, and double
_EXACT_DOUBLE = 2.0**53


def svd_factors(target, sizes, peak=0.5):
    """(basis, u, v, gain) of a weight (kernels, channels, area): a truncated SVD, then one a kernel.

    Optimal per level, not jointly. Every component's magnitude is spread over its factors, whose
    largest is `peak`. Absent factors are None.
    """
    matrix = target.double().reshape(sizes.kernels, -1)
    left, right = _low_rank(matrix, sizes.cross) if sizes.cross_on else (None, matrix)
    scale = torch.ones(sizes.cross, dtype=torch.float64, device=matrix.device)
    if sizes.cross_on:
        left, scale = _normalised(left, 0)
    kernels = (scale[:, None] * right).reshape(sizes.cross, sizes.channels, sizes.area)
    inner, basis, size = _split_kernels(kernels, sizes.intra)
    largest = size.max()
    if largest == 0:
        zero = lambda shape: torch.zeros(shape, dtype=torch.float32, device=matrix.device)
        return (zero(sizes.basis), zero(sizes.u) if sizes.intra else None,
                zero(sizes.v) if sizes.cross_on else None, 1.0)
    own = size.max(dim=1).values
    of_v = (own / largest) ** (1 / 3 if sizes.intra else 0.5) if sizes.cross_on else torch.ones_like(own)
    rest = torch.where(of_v[:, None] > 0, size / (largest * of_v[:, None]), torch.zeros_like(size))
    each = rest.sqrt() if sizes.intra else rest
    basis = peak * each[:, :, None] * basis if sizes.intra else peak * each[:, :1, None] * basis
    u = peak * each[:, None, :] * inner if sizes.intra else None
    v = peak * of_v[None, :] * left if sizes.cross_on else None
    factors = 1 + (sizes.intra > 0) + sizes.cross_on
    real = lambda x: None if x is None else x.float()
    return real(basis), real(u), real(v), float(largest) / peak**factors


def _low_rank(matrix, rank):
    left, singular, right = torch.linalg.svd(matrix, full_matrices=False)
    return left[:, :rank] * singular[:rank], right[:rank]


def _normalised(x, dim):
    largest = x.abs().amax(dim=dim, keepdim=True)
    return torch.where(largest > 0, x / largest, x), largest.squeeze(dim)


def _split_kernels(kernels, intra):
    """(coefficients, bases, magnitudes) of every kernel, columns and rows of largest magnitude one."""
    if not intra:
        flat, size = _normalised(kernels.flatten(1), 1)
        return None, flat.reshape(kernels.shape), size[:, None]
    left, singular, right = torch.linalg.svd(kernels, full_matrices=False)
    left = left[:, :, :intra] * singular[:, None, :intra]
    left, of_left = _normalised(left, 1)
    right, of_right = _normalised(right[:, :intra], 2)
    return left, right, of_left * of_right


class FactorSource(Source):
    """W = gain V (U Wb) of factors that are rounded by the symmetric DoReFa quantiser, or not.

    bits: {"basis": b, "intra": b, "cross": b}; rounded=False: factors as they are. The weight is
    made from integer levels, exactly, and multiplied once by the product of the scales.
    """

    def __init__(self, shape, sizes, bits, rounded):
        super().__init__(shape)
        if not sizes.generated:
            raise ValueError("no level of the generator is on for this layer: it is stored dense")
        self.sizes, self.rounded = sizes, rounded
        self.factor_bits = dict(bits)
        self.basis = torch.nn.Parameter(torch.zeros(sizes.basis))
        self.register_buffer("gain", torch.ones(1))

    def _add_shared_factors(self):
        """U and V of a layer that stores its own."""
        if self.sizes.intra:
            self.intra = torch.nn.Parameter(torch.zeros(self.sizes.u))
        if self.sizes.cross_on:
            self.cross = torch.nn.Parameter(torch.zeros(self.sizes.v))

    def names(self):
        """The factors that are on, in stored order."""
        return ["basis"] + ["intra"] * (self.sizes.intra > 0) + ["cross"] * self.sizes.cross_on

    def own_names(self):
        """Those that this layer stores."""
        return self.names()

    def latent(self, name):
        """What a factor is rounded from."""
        return getattr(self, name)

    def levels(self, name):
        """(integer levels, their scale) of a factor; without rounding itself and one."""
        latent = self.latent(name)
        return dorefa(latent, self.factor_bits[name]) if self.rounded else (latent, torch.ones((), device=latent.device))

    def set_latent(self, name, values):
        """Sets a factor to fitted values; returns what the gain must make good for it."""
        width, largest = self.factor_bits[name], values.abs().max()
        with torch.no_grad():
            self.latent(name).copy_(to_latent(values, width) if self.rounded else values)
        return float(largest) if self.rounded and width == 32 and largest > 0 else 1.0  # the quantiser stretches to one

    def _product(self, levels, wide):
        """The weight of the factors' (levels, scale) by name; wide: sums in double precision."""
        real = (lambda x: x.double()) if wide else (lambda x: x)
        scale = self.gain[0].double()
        for _, one in levels.values():
            scale = scale * one.detach().double()
        kernels = real(levels["basis"][0])
        if self.sizes.intra:
            kernels = torch.matmul(real(levels["intra"][0]), kernels)
        ordered = kernels.reshape(self.sizes.cross, -1)
        if self.sizes.cross_on:
            ordered = torch.matmul(real(levels["cross"][0]), ordered)
        dense = in_dense_order(self.sizes, ordered.reshape(self.sizes.kernels, self.sizes.channels, -1))
        return (dense.to(self.basis.dtype) * scale.to(self.basis.dtype)).reshape(self.shape.dense)

    def words(self):
        found, scale = {}, self.gain[0].double()
        for name in self.names():
            levels, one = self.levels(name)
            width = self.factor_bits[name]
            if name in self.own_names():
                found[name] = odd_words(levels, width) if self.rounded and width < 32 else levels.detach()
            scale = scale * one.double()
        found["scale"] = scale.detach().float().reshape(1)
        return found

    def stored(self):
        streams = [(name, self.latent(name).numel(), self.factor_bits[name] if self.rounded else 32, True)
                   for name in self.own_names()]
        return streams + [("scale", 1, 32, False)]


class MultilevelSource(FactorSource):
    """The factors of one layer. projection: the card's section, how `encode` fits them ("svd", "l2", "random")."""

    kind = "multilevel"

    def __init__(self, shape, sizes, bits, rounded=True, quant_ratio=1.0, orthogonality=None, projection=None):
        super().__init__(shape, sizes, bits, rounded)
        self._add_shared_factors()
        self.quant_ratio, self.orthogonality, self.projection = quant_ratio, orthogonality or {}, projection or {}
        self._wide = _EXACT <= self.integer_bound() < _EXACT_DOUBLE

    def integer_bound(self):
        """Largest magnitude of an integer of the generated weight; 0 when a factor is not rounded."""
        bound = 1.0
        for name in self.names():
            width = self.factor_bits[name]
            bound *= 2.0**width - 1 if self.rounded and width < 32 else 0.0
        return bound * (self.sizes.intra or 1) * (self.sizes.cross if self.sizes.cross_on else 1)

    def _noisy_levels(self, name):
        levels, scale = self.levels(name)
        if self.rounded and self.training and self.quant_ratio < 1:
            latent = self.latent(name)
            smooth = (torch.tanh(latent) if self.factor_bits[name] > 1 else latent) / scale
            kept = torch.rand_like(latent) >= self.quant_ratio
            levels = smooth + (torch.where(kept, smooth, levels) - smooth).detach()
        return levels, scale

    def forward(self):
        return self._product({name: self._noisy_levels(name) for name in self.names()}, self._wide)

    def encode(self, dense):
        dense, method = self._checked(dense), self.projection.get("method", "svd")
        if method == "random":
            self._draw()
            return
        target = in_level_order(self.sizes, dense)
        fitted = dict(zip(("basis", "intra", "cross", "gain"), svd_factors(target, self.sizes, self.projection.get("peak", 0.5))))
        gain = fitted["gain"]
        for name in self.names():
            gain *= self.set_latent(name, fitted[name])
        self.gain.fill_(gain)
        if method == "l2":
            self.improve(dense, int(self.projection.get("steps", 300)), self.projection.get("rate", 0.02))

    @torch.no_grad()
    def _draw(self):
        """The normal start of the authors' code, of PyTorch's numbers: another draw than the program's."""
        sizes = self.sizes
        variances = {"basis": 2 / (sizes.kernels * sizes.area), "intra": 2 / (sizes.cross * max(1, sizes.intra)),
                     "cross": 2 / sizes.kernels}
        for name in self.names():
            self.latent(name).normal_(std=math.sqrt(variances[name]))
        self.gain.fill_(1)

    def improve(self, dense, steps=3000, rate=0.02):
        """RAdam on ||W - target||^2 / ||target||^2, the rate falling as a cosine; keeps the best step."""
        target = self._checked(dense).to(self.basis.device)
        norm = target.square().sum()
        if norm == 0:
            return 0.0
        optimiser = torch.optim.RAdam(self.parameters(), lr=rate)
        best, least = None, math.inf
        for step in range(steps + 1):
            optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / max(1, steps)))
            optimiser.zero_grad()
            error = (self() - target).square().sum() / norm
            if float(error) < least:
                least, best = float(error), [p.detach().clone() for p in self.parameters()]
            error.backward()
            optimiser.step()
        with torch.no_grad():
            for parameter, value in zip(self.parameters(), best):
                parameter.copy_(value)
        return least

    def penalty(self):
        """lambda times what the factors miss of orthonormal rows and orthogonal columns (form sum, mean)."""
        weight = self.orthogonality.get("lambda", 0)
        if not weight:
            return 0.0
        mean, sizes = self.orthogonality.get("form", "mean") == "mean", self.sizes
        total = 0.0
        if sizes.intra and (sizes.intra > 1 or not mean):
            share = 1 / (sizes.cross * sizes.intra**2) if mean else 1.0
            total = total + share * (_rows(self.basis) + _columns(self.intra))
        if sizes.cross_on:
            share = 1 / sizes.cross**2 if mean else 1.0
            if not sizes.intra and mean:
                total = total + share * _rows(self.basis.reshape(1, sizes.cross, -1))
            total = total + share * _columns(self.cross[None])
        return weight * total


def _gap(gram):
    return (gram - torch.eye(gram.shape[-1], device=gram.device)).square().sum()


def _rows(x):
    return _gap(x @ x.transpose(1, 2))


def _columns(x):
    unit = x / (x.detach().norm(dim=1, keepdim=True) + 1e-8)  # norms count as constants
    return _gap(unit.transpose(1, 2) @ unit)
