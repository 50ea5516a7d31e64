"""Blocks of weights made of the numbers behind a seed: SeedLM (docs/models/weights/codes.md)."""

import functools

import torch

from .codes import ProjectedSource
from .source import offset_words

_PERIOD, _LOW, _HIGH, _MOST_CONDITION = 65535, -8, 7, 100
_SEEDS_TOGETHER, _BLOCKS_TOGETHER = 4096, 64


@functools.lru_cache(maxsize=None)
def register_cycle():
    """(states in their order, place of every state) of the shift register with taps 16, 15, 13, 4."""
    state, states = 1, []
    for _ in range(_PERIOD):
        states.append(state)
        bit = (state >> 15 ^ state >> 14 ^ state >> 12 ^ state >> 3) & 1
        state = (state << 1 | bit) & 0xFFFF
    states = torch.tensor(states)
    places = torch.zeros(_PERIOD + 1, dtype=torch.int64)
    places[states] = torch.arange(_PERIOD)
    return states, places


def seed_matrices(seeds, block, count, stride):
    """The numbers behind seeds, whole and signed: (seeds, block, count), row by row; a seed of zero stays there."""
    states, places = register_cycle()
    steps = stride * torch.arange(1, block * count + 1)
    numbers = states[(places[seeds][:, None] + steps) % _PERIOD]
    return (torch.where(seeds[:, None] == 0, 0, numbers) - 32768).reshape(-1, block, count)


@functools.lru_cache(maxsize=1)
def _seed_table(block, count, stride):
    """(seeds, Q^T, R, its inverse) of all seeds whose matrix has a condition of at most 100."""
    seeds = torch.arange(1, _PERIOD + 1)
    q, r = torch.linalg.qr(seed_matrices(seeds, block, count, stride).double() / 32767)
    singular = torch.linalg.svdvals(r)
    good = singular[:, 0] <= _MOST_CONDITION * singular[:, -1]
    q, r = q[good], r[good]
    eye = torch.eye(count, dtype=r.dtype).expand(len(r), count, count)
    inverse = torch.linalg.solve_triangular(r, eye, upper=True)
    return seeds[good], q.float(), r.float(), inverse.float()


def _exponents(largest):
    """floor(log2 of magnitudes) - 2 within what is stored; the lowest for zero."""
    return ((largest.view(torch.int32) >> 23) - 129).clamp(_LOW, _HIGH)


def _power(exponents):
    return ((exponents + 127) << 23).view(torch.float32)


def _rounded(values, inverse):
    return torch.round((values * inverse).clamp(_LOW, _HIGH))


def _fitted(weights, q, inverse):
    """(Q^T w, R^-1 Q^T w) of blocks (b, block) under seeds (s, ...): lists by coefficient of (b, s)."""
    count = q.shape[2]
    z = [weights @ q[:, :, p].T for p in range(count)]
    t = [sum(inverse[:, p, j] * z[j] for j in range(p, count)) for p in range(count)]
    return z, t


def _errors(weights, q, r, inverse):
    """Squared errors of blocks (b, block) under seeds, less the blocks' own squares: (b, s)."""
    z, t = _fitted(weights, q, inverse)
    error = -sum(one * one for one in z)
    exponents = _exponents(functools.reduce(torch.maximum, (one.abs() for one in t)))
    scale, down = _power(exponents), _power(-exponents)
    missed = [one - scale * _rounded(one, down) for one in t]
    for p in range(len(t)):
        error += sum(r[:, p, j] * missed[j] for j in range(p, len(t))) ** 2
    return error


@torch.no_grad()
def search_seeds(weights, count, stride):
    """(seeds, exponents, coefficients) of blocks (n, block): the seed of least error after rounding, the lowest of equals."""
    seeds, q, r, inverse = _seed_table(weights.shape[1], count, stride)
    best, chosen = torch.full((len(weights),), torch.inf), torch.zeros(len(weights), dtype=torch.int64)
    for first in range(0, len(seeds), _SEEDS_TOGETHER):
        some = slice(first, first + _SEEDS_TOGETHER)
        for at in range(0, len(weights), _BLOCKS_TOGETHER):
            own = slice(at, at + _BLOCKS_TOGETHER)
            error, place = _errors(weights[own], q[some], r[some], inverse[some]).min(1)
            better = error < best[own]
            best[own] = torch.where(better, error, best[own])
            chosen[own] = torch.where(better, first + place, chosen[own])
    z = torch.einsum("bc,bcp->bp", weights, q[chosen])
    t = torch.einsum("bpj,bj->bp", inverse[chosen], z)
    exponents = _exponents(t.abs().max(1).values)
    return seeds[chosen], exponents.long(), _rounded(t, _power(-exponents)[:, None]).long()


class SeedSource(ProjectedSource):
    """w = s U t 2^e: a seed gives U, 3 or 4 coefficients of 4 bits and an exponent a block (Shafipour et al., SeedLM, ICLR 2025)."""

    kind = "seedlm"

    def __init__(self, shape, bits, stride=1):
        super().__init__(shape)
        self.block, self.count, self.stride = (8, 3, stride) if bits == 4 else (12, 4, stride)
        blocks = -(-shape.weights // self.block)
        self.register_buffer("seed", torch.ones(blocks))
        self.register_buffer("exponent", torch.zeros(blocks))
        self.register_buffer("coefficient", torch.zeros(blocks * self.count))
        self.register_buffer("scale", torch.zeros(1))

    def _fit(self, dense):
        scale = dense.double().square().mean().sqrt().float()
        values = dense / scale if scale > 0 else torch.zeros_like(dense)
        filled = torch.nn.functional.pad(values, (0, len(self.seed) * self.block - len(dense))).cpu()
        seed, exponent, coefficient = search_seeds(filled.reshape(-1, self.block), self.count, self.stride)
        self.seed.copy_(seed)
        self.exponent.copy_(exponent)
        self.coefficient.copy_(coefficient.reshape(-1))
        self.scale.fill_(scale)

    def _decoded(self):
        matrices = seed_matrices(self.seed.long().cpu(), self.block, self.count, self.stride).to(self.scale.device)
        sums = (matrices * self.coefficient.long().reshape(-1, 1, self.count)).sum(2).float()
        factor = self.scale * _power(self.exponent.int()) / 32767
        return (factor[:, None] * sums).reshape(-1)[:self.shape.weights]

    def _words(self):
        return {"seed": self.seed.long(), "exponent": offset_words(self.exponent, 4), "coefficient": offset_words(self.coefficient, 4),
                "scale": self.scale.clone()}

    def stored(self):
        blocks = len(self.seed)
        return [("seed", blocks, 16, True), ("exponent", blocks, 4, True), ("coefficient", blocks * self.count, 4, True),
                ("scale", 1, 32, False)]
