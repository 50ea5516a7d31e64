"""SmartExchange: sparse powers of two times small 8-bit bases (Zhao et al., ISCA 2020), and its training as SmartDeal."""

import itertools

import torch

from .rounding import nearest_exponent, power_values, power_words, top_exponent
from .source import Source, offset_words

COEFFICIENT_BITS, BASIS_BITS = 4, 8
_MOST_ROWS = 192  # 64 input channels of three kernel rows
_LARGEST_POWER = 32.0  # the reference implementation's clip


def exchangeable(shape):
    """Whether a layer has blocks: 3 x 3 kernels, or vectors of more than 6 channels; ungrouped."""
    square = shape.height == 3 and shape.width == 3
    return shape.groups == 1 and (square or (shape.area == 1 and shape.inputs > 6))


def _kernel_block(rows):
    presets = {1638: 171, 8364: 204}  # published
    if rows in presets:
        return presets[rows]
    primes, rest, prime = [], rows, 2
    while rest > 1:
        while rest % prime == 0:
            primes.append(prime)
            rest //= prime
        prime += 1
    product = 1
    for prime in reversed(primes):
        if product * prime > _MOST_ROWS:
            break
        product *= prime
    return product if product > 1 else _equal_parts(rows)


def _equal_parts(rows):
    parts = -(-rows // _MOST_ROWS)
    return -(-rows // parts)


def block_rows(shape):
    """Rows of three coefficients in each block of one output channel."""
    rows = -(-shape.inputs * shape.area // 3)
    vector = shape.area == 1
    size = _equal_parts(rows) if vector else _kernel_block(rows)
    return [size if vector else min(size, rows - at) for at in range(0, rows, size)]


def _rounded(values):
    magnitude = values.abs().clamp(max=_LARGEST_POWER).float()
    power = torch.ldexp(torch.ones_like(magnitude), nearest_exponent(magnitude)).double()
    return torch.where(values != 0, torch.copysign(power, values), torch.zeros_like(values))


def _best_basis(block, coefficients):
    gram = coefficients.transpose(-1, -2) @ coefficients
    return torch.linalg.pinv(gram, hermitian=True) @ (coefficients.transpose(-1, -2) @ block)


def fit_blocks(blocks, theta=4e-3, row_theta=0.0, iterations=30, tolerance=1e-10):
    """(coefficients, bases) of blocks (n, rows, 3) by alternating least squares, in double precision."""
    blocks = blocks.double()
    coefficients, before = blocks.clone(), torch.zeros_like(blocks)
    going = torch.ones(len(blocks), dtype=torch.bool, device=blocks.device)
    for _ in range(1, iterations):
        power = _rounded(coefficients)
        going &= (power - before).flatten(1).norm(dim=1) > tolerance
        if not going.any():
            break
        before = torch.where(going[:, None, None], power, before)
        basis = _best_basis(blocks, power)
        gram = basis @ basis.transpose(-1, -2)
        new = blocks @ basis.transpose(-1, -2) @ torch.linalg.pinv(gram, hermitian=True)
        new = torch.where(new.abs().sum(-1, keepdim=True) < row_theta, torch.zeros_like(new), new)
        new = torch.where(new.abs() < theta, torch.zeros_like(new), new)
        coefficients = torch.where(going[:, None, None], new, coefficients)
    return coefficients, _best_basis(blocks, _rounded(coefficients))


class ExchangeSource(Source):
    """Blocks of three columns: powers of two (4 bits) times a basis of 3 x 3 integers of 8 bits."""

    kind = "smart_exchange"

    def __init__(self, shape, theta=4e-3, row_theta=0.0, iterations=30, tolerance=1e-10):
        super().__init__(shape)
        if not exchangeable(shape):
            raise ValueError("SmartExchange takes ungrouped 3 x 3 convolutions, and 1 x 1 ones and linear layers "
                             "of more than 6 inputs")
        self.settings = {"theta": theta, "row_theta": row_theta, "iterations": iterations,
                         "tolerance": tolerance}
        self.rows = block_rows(shape)
        total, blocks = shape.out * sum(self.rows), shape.out * len(self.rows)
        self.coefficients = torch.nn.Parameter(torch.zeros(total, 3))
        self.basis = torch.nn.Parameter(torch.zeros(blocks, 3, 3))
        self.register_buffer("mask", torch.zeros(total, 3))
        self.register_buffer("top", torch.zeros(1))
        place = torch.repeat_interleave(torch.arange(blocks), torch.tensor(self.rows * shape.out))
        self.register_buffer("place", place, persistent=False)

    def _padded(self, dense):
        """(rows, 3) of all output channels, zeros behind the last word of each."""
        flat = dense.reshape(self.shape.out, -1)
        return torch.nn.functional.pad(flat, (0, 3 * sum(self.rows) - flat.shape[1])).reshape(-1, 3)

    def encode(self, dense):
        rows = self._padded(self._checked(dense)).double()
        coefficients, basis = torch.zeros_like(rows), torch.zeros_like(self.basis, dtype=torch.float64)
        for size in sorted(set(self.rows)):  # blocks of one size together
            which = [b for b in range(len(self.basis)) if self.rows[b % len(self.rows)] == size]
            at = torch.cat([(self.place == b).nonzero()[:, 0] for b in which])
            fitted, _ = fit_blocks(rows[at].reshape(len(which), size, 3), **self.settings)
            coefficients[at] = fitted.reshape(-1, 3)
        with torch.no_grad():
            self.coefficients.copy_(coefficients)
            self.top.fill_(top_exponent(self.coefficients))
            self.mask.copy_(self.coefficients != 0)
            powers = self._powers()[0].double()
            for b in range(len(self.basis)):  # the window may have dropped coefficients
                own = self.place == b
                basis[b] = _best_basis(rows[own], powers[own])
            self.basis.copy_(basis)

    def _powers(self):
        kept = (self.mask != 0) & (self.coefficients.abs() >= self.settings["theta"] - 1e-5)  # the release's margin
        words = power_words(self.coefficients.detach(), COEFFICIENT_BITS, int(self.top))
        words = torch.where(kept, words, torch.zeros_like(words))
        return power_values(words, COEFFICIENT_BITS, int(self.top)), words

    def _bases(self):
        largest = self.basis.detach().abs().amax(dim=(1, 2))
        scale = largest / (2 ** (BASIS_BITS - 1) - 1)
        inverse = torch.where(scale > 0, 1 / scale, torch.zeros_like(scale))
        top = 2 ** (BASIS_BITS - 1) - 1
        return torch.round(self.basis.detach() * inverse[:, None, None]).clamp(-top, top), scale

    def forward(self):
        powers, _ = self._powers()
        codes, scale = self._bases()
        c = powers + self.mask * (self.coefficients - self.coefficients.detach())
        own = codes[self.place]
        # The gradient of a basis is that of its value: codes stand for it in the forward pass.
        value = (self.basis - self.basis.detach())[self.place]
        rows = (torch.einsum("rk,rkj->rj", c, own) * scale[self.place][:, None]
                + torch.einsum("rk,rkj->rj", powers, value))
        words = self.shape.weights // self.shape.out
        return rows.reshape(self.shape.out, -1)[:, :words].reshape(self.shape.dense)

    def words(self):
        _, words = self._powers()
        live = (words != 0).any(dim=1)
        codes, scale = self._bases()
        return {"coefficients": words[live].reshape(-1).long(), "basis": offset_words(codes, BASIS_BITS).reshape(-1),
                "index": live.long(), "scale": scale, "top": self.top.clone()}

    def stored(self):
        live = int((self._powers()[1] != 0).any(dim=1).sum())
        blocks = len(self.basis)
        return [("coefficients", 3 * live, COEFFICIENT_BITS, True), ("basis", 9 * blocks, BASIS_BITS, True),
                ("index", len(self.coefficients), 1, True), ("scale", blocks, 32, False), ("top", 1, 32, False)]


class SmartDealSource(ExchangeSource):
    """SmartExchange whose powers of two move by whole exponents when a counter of gradient signs fills (SmartDeal, arXiv 2101.01163).

    The optimiser trains the bases; `own_step`, after every step of it, moves the coefficients by the gradients of the backward
    passes since the last. Counters and averaged gradients begin anew with every epoch (`begin_epoch`).
    """

    kind = "smart_deal"

    def __init__(self, shape, options, **decomposition):
        super().__init__(shape, **decomposition)
        self.options = {"momentum": 0.9, "weight_decay": 0.0, "dead_zone": 0.0, "switch_bar": 1, **options}
        coefficients = self.coefficients.detach()
        del self.coefficients
        self.register_buffer("coefficients", coefficients)
        theta = self.settings["theta"]
        self.smallest = next(2.0**exponent for exponent in itertools.count(-10) if 2.0**exponent >= theta)
        self.epoch, self._gradient = None, None
        self._forget()

    def _forget(self):
        self._average, self._counters = 0.0, torch.zeros_like(self.coefficients, dtype=torch.int64)

    def _to_powers(self, values):
        return power_values(power_words(values, COEFFICIENT_BITS, int(self.top)), COEFFICIENT_BITS, int(self.top))

    def encode(self, dense):
        super().encode(dense)
        self.coefficients.copy_(self._to_powers(self.coefficients))
        self._forget()

    def begin_epoch(self, epoch):
        """Counters and averages begin anew where the epoch is another one."""
        if epoch != self.epoch:
            self._forget()
        self.epoch = epoch

    def forward(self):
        made = super().forward()
        if self.training and made.requires_grad:
            made.register_hook(self._keep)
        return made

    def _keep(self, d_dense):
        """Adds the gradient of the coefficients to those of earlier backward passes."""
        codes, scale = self._bases()
        d_rows = self._padded(d_dense.detach())
        d = torch.einsum("rj,rkj->rk", d_rows, (codes * scale[:, None, None])[self.place])
        self._gradient = d if self._gradient is None else self._gradient + d

    def _moved(self, values, up):
        """One exponent up or down: zeros grow to the smallest power, below theta lies zero, the window's top holds."""
        sign = torch.where(up, 1.0, -1.0)
        following = torch.where((values > 0) == up, 2 * values, 0.5 * values)
        kept = torch.where(following.abs() < self.settings["theta"], torch.zeros_like(values), self._to_powers(following))
        return torch.where(values == 0, sign * self.smallest, kept)

    @torch.no_grad()
    def own_step(self, rate):
        """Moves coefficients by the gradients since the last step; returns how many changed."""
        gradient = torch.zeros_like(self.coefficients) if self._gradient is None else self._gradient
        self._average = self.options["momentum"] * self._average + (gradient + self.options["weight_decay"] * self.coefficients)
        self._gradient = None
        proposed = -rate * self._average
        counted = (self.mask != 0) & (proposed.abs() > self.options["dead_zone"])
        self._counters = self._counters.to(proposed.device) + counted * torch.sign(proposed).long()
        full = counted & (self._counters.abs() >= self.options["switch_bar"])
        before = self.coefficients.clone()
        self.coefficients.copy_(torch.where(full, self._moved(before, self._counters > 0), before))
        self._counters[full] = 0
        return int((self.coefficients != before).sum())
