"""Weights of shared signs: one tile repeated, bits expanded by exclusive ors, kernels of a few patterns (docs/models/weights/seeds-and-codes.md)."""

import itertools
import math

import torch

from .rounding import straight_through
from .seeded import layer_seed, seeded_words
from .source import Source


def _signs(values):
    """-1 or 1; zero is 1."""
    return torch.where(values < 0, -torch.ones_like(values), torch.ones_like(values))


class TiledSource(Source):
    """w_r = a_r b: one tile of signs b for p runs of a layer's outputs (tiled bits, arXiv 2407.12075)."""

    kind = "tiled"

    def __init__(self, shape, repeats=4, minimum=0, scale="magnitude"):
        super().__init__(shape)
        self.nearest = scale == "nearest"
        self.runs = 1 if shape.groups > 1 or shape.weights < minimum else math.gcd(repeats, shape.out)
        self.score = torch.nn.Parameter(torch.zeros(shape.weights))

    def encode(self, dense):
        with torch.no_grad():
            self.score.copy_(self._checked(dense).reshape(-1))

    def _tile(self):
        """(signs of the tile, magnitudes of the runs), with the gradients of training."""
        runs = self.score.reshape(self.runs, -1)
        total = torch.zeros_like(runs[0])
        for run in runs:  # in the program's order
            total = total + run
        signs = straight_through(_signs(total.detach()), total)
        if self.nearest:
            means = (signs.detach() * runs).double().mean(1).clamp(min=0)
        else:
            means = (runs * torch.where(torch.signbit(runs.detach()), -1.0, 1.0)).double().mean(1)
        return signs, means.to(runs.dtype)

    def forward(self):
        signs, scales = self._tile()
        return (scales[:, None] * signs).reshape(self.shape.dense)

    def words(self):
        signs, scales = self._tile()
        return {"tile": (signs > 0).long().detach(), "scale": scales.detach()}

    def stored(self):
        return [("tile", self.shape.weights // self.runs, 1, True), ("scale", self.runs, 32, False)]


class XorSource(Source):
    """Signs of blocks of N_out weights, each the product of a few of N_in stored signs (FleXOR, Lee et al., NeurIPS 2020)."""

    kind = "xor"

    def __init__(self, shape, inputs=8, outputs=10, taps=2, planes=1, sharpness=10.0, **_):
        super().__init__(shape)
        self.sharpness, self.planes, self.inputs, self.wide = sharpness, planes, inputs, outputs
        self.blocks = -(-shape.weights // outputs)
        self.register_buffer("taps", torch.tensor(wires(inputs, outputs, taps)), persistent=False)
        self.code = torch.nn.Parameter(torch.zeros(planes * self.blocks * inputs))
        self.scale = torch.nn.Parameter(torch.ones(planes * shape.out))

    def _bits(self, signs):
        """(planes, weights) of the signs (planes, blocks, inputs)."""
        return signs[..., self.taps].prod(-1).reshape(len(signs), -1)[:, :self.shape.weights]

    def encode(self, dense):
        rest = self._checked(dense).reshape(-1).to(self.code.device)
        codes = torch.arange(1 << self.inputs, device=rest.device)
        tried = (2 * (codes[:, None] >> torch.arange(self.inputs, device=rest.device) & 1) - 1).float()
        expanded = tried[:, self.taps].prod(-1)  # (codes, outputs)
        latents, scales = [], []
        for _ in range(self.planes):
            blocks = torch.nn.functional.pad(rest, (0, self.blocks * self.wide - len(rest))).reshape(self.blocks, -1)
            signs = tried[torch.argmax(blocks @ expanded.T, dim=1)]
            bits = self._bits(signs[None])[0]
            magnitude = (bits * rest).double().reshape(self.shape.out, -1).mean(1).clamp(min=0).float()
            latents.append(self._weighed(signs, rest))
            scales.append(magnitude)
            rest = rest - magnitude.repeat_interleave(self.shape.weights // self.shape.out) * bits
        with torch.no_grad():
            self.code.copy_(torch.stack(latents).reshape(-1))
            self.scale.copy_(torch.stack(scales).reshape(-1))

    def _weighed(self, signs, weights):
        """Signs with the mean of the weights that each decides, so that the doubtful turn first."""
        sums, counts = torch.zeros_like(signs, dtype=torch.float64), torch.zeros_like(signs, dtype=torch.float64)
        room = self.blocks * self.wide - len(weights)
        there = torch.nn.functional.pad(torch.ones_like(weights), (0, room)).reshape(self.blocks, -1)
        values = torch.nn.functional.pad(self._bits(signs[None])[0] * weights, (0, room)).reshape(self.blocks, -1)
        for tap in self.taps.T:
            sums.index_add_(1, tap, values.double())
            counts.index_add_(1, tap, there.double())
        return signs * (sums / counts.clamp(min=1)).clamp(min=1e-6).float()

    def forward(self):
        signs = _signs(self.code.detach())
        # d sign = sharpness (1 - tanh^2), and gradients of magnitudes are means instead of sums.
        slope = self.sharpness * (1 - torch.tanh(self.sharpness * self.code.detach().double()) ** 2)
        bits = self._bits(straight_through(signs, slope.to(signs.dtype) * self.code).reshape(self.planes, self.blocks, -1))
        each = self.shape.weights // self.shape.out
        scales = straight_through(self.scale, self.scale / each).reshape(self.planes, -1).repeat_interleave(each, 1)
        dense = torch.zeros_like(bits[0])
        for plane in range(self.planes):
            dense = dense + scales[plane] * bits[plane]
        return dense.reshape(self.shape.dense)

    def words(self):
        return {"code": (self.code.detach() >= 0).long(), "scale": self.scale.detach().clone()}

    def stored(self):
        return [("code", self.code.numel(), 1, True), ("scale", self.scale.numel(), 32, False)]


def wires(inputs, outputs, taps):
    """(outputs, taps): which stored signs each output taps, the same for all blocks and layers."""
    found, used, words = [], set(), seeded_words(0, torch.arange(outputs)).tolist()
    for output in range(outputs):
        first = output % inputs
        sets = [tuple(sorted((first, *others)))
                for others in itertools.combinations([i for i in range(inputs) if i != first], taps - 1)]
        start = words[output] % len(sets)
        chosen = next((one for one in (sets[(start + k) % len(sets)] for k in range(len(sets))) if one not in used),
                      sets[(start - 1) % len(sets)])
        used.add(chosen)
        found.append(chosen)
    return found


_PLACES, _BOUND, _THRESHOLD, _PERIOD = 9, 3.0, 1e-3, 25


class SubbitSource(Source):
    """Every 3 x 3 kernel one of a layer's 2^t sign patterns, under a magnitude of its output (Wang et al., ICCV 2021).

    Latent kernels learn straight through the choice; patterns move by `own_step`, after every step of the optimiser.
    """

    kind = "subbit"

    def __init__(self, shape, name, index_bits=5):
        super().__init__(shape)
        self.index_bits, self.number = index_bits, layer_seed(0, name)
        count = 1 << index_bits
        self.weight = torch.nn.Parameter(torch.zeros(shape.weights))
        signs = _patterns(torch.arange(count))
        self.register_buffer("pattern", (signs * _THRESHOLD).reshape(-1))
        self.register_buffer("pattern_sign", signs.reshape(-1).clone())
        self.register_buffer("pattern_steps", torch.zeros(2))
        self._gradient = None

    def encode(self, dense):
        with torch.no_grad():
            kernels = self._checked(dense).reshape(-1, _PLACES).to(self.weight.device)
            self.weight.copy_(kernels.reshape(-1))
            words = _words_of(kernels)
            counts = torch.bincount(words, minlength=512)
            order = torch.argsort(counts, descending=True, stable=True)[:1 << self.index_bits]
            sums = torch.zeros(512, _PLACES, dtype=torch.float64, device=kernels.device).index_add_(0, words, kernels.double())
            mean = float(kernels.double().abs().mean())
            signs = _patterns(order)
            values = signs * _THRESHOLD
            there = (counts[order] > 0) & (mean > 0)
            if mean > 0:
                fitted = (sums[order] / (counts[order].clamp(min=1)[:, None] * mean)).float().clamp(-_BOUND, _BOUND)
                values = torch.where(there[:, None], fitted, values)
            self.pattern.copy_(values.reshape(-1))
            self.pattern_sign.copy_(signs.reshape(-1))
            self.pattern_steps.zero_()

    def _chosen(self):
        """(index of every kernel, its signs, magnitudes of outputs)."""
        kernels, signs = self.weight.detach().reshape(-1, _PLACES), self.pattern_sign.reshape(-1, _PLACES)
        index = torch.argmax(kernels @ signs.T, dim=1)
        chosen = signs[index]
        scales = (chosen * kernels).double().reshape(self.shape.out, -1).mean(1).clamp(min=0).float()
        return index, chosen, scales

    def forward(self):
        _, chosen, scales = self._chosen()
        each = len(chosen) // self.shape.out
        dense = (scales.repeat_interleave(each)[:, None] * chosen).reshape(self.shape.dense)
        made = straight_through(dense, self.weight.reshape(self.shape.dense))
        if self.training and made.requires_grad:
            made.register_hook(self._keep)
        return made

    def _keep(self, gradient):
        self._gradient = gradient.detach()

    @torch.no_grad()
    def own_step(self, rate):
        """Moves the patterns by the gradient of the latest backward pass, every 25th time; returns how many changed."""
        changed = 0
        self.pattern_steps[0] += 1
        if self.pattern_steps[0] >= _PERIOD:
            before = _words_of(self.pattern_sign.reshape(-1, _PLACES))
            if self._gradient is not None:
                index, _, scales = self._chosen()
                each = len(index) // self.shape.out
                moved = scales.repeat_interleave(each)[:, None] * self._gradient.reshape(-1, _PLACES)
                self.pattern.sub_(rate * torch.zeros_like(self.pattern).reshape(-1, _PLACES).index_add_(0, index, moved).reshape(-1))
                self.pattern.clamp_(-_BOUND, _BOUND)
            sure = self.pattern.abs() >= _THRESHOLD
            self.pattern_sign.copy_(torch.where(sure, torch.sign(self.pattern), self.pattern_sign))
            self._replace_doubles()
            changed = int((before != _words_of(self.pattern_sign.reshape(-1, _PLACES))).sum())
            self.pattern_steps[0] = 0
            self.pattern_steps[1] += 1
        self._gradient = None
        return changed

    def _replace_doubles(self):
        """A pattern that came to equal an earlier one becomes one that is free, from a random one on."""
        words, used, doubles = _words_of(self.pattern_sign.reshape(-1, _PLACES)).tolist(), set(), []
        for place, word in enumerate(words):
            if word in used:
                doubles.append(place)
            used.add(word)
        for place in doubles:
            word = int(seeded_words(self.number, [int(self.pattern_steps[1]) * 512 + place])[0]) % 512
            while word in used:
                word = (word + 1) % 512
            used.add(word)
            signs = _patterns(torch.tensor([word], device=self.pattern.device))[0]
            self.pattern_sign.reshape(-1, _PLACES)[place] = signs
            self.pattern.reshape(-1, _PLACES)[place] = signs * _THRESHOLD

    def words(self):
        index, _, scales = self._chosen()
        return {"index": index, "pattern": _words_of(self.pattern_sign.reshape(-1, _PLACES)), "scale": scales}

    def stored(self):
        return [("index", self.shape.weights // _PLACES, self.index_bits, True), ("pattern", 1 << self.index_bits, _PLACES, True),
                ("scale", self.shape.out, 32, False)]


def _patterns(words):
    """Nine signs of a word each: a set bit is 1."""
    return (2 * (words[:, None] >> torch.arange(_PLACES, device=words.device) & 1) - 1).float()


def _words_of(kernels):
    """Words of the signs of kernels (n, 9); zero is 1."""
    return ((kernels >= 0).long() << torch.arange(_PLACES, device=kernels.device)).sum(1)
