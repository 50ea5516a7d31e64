"""Weights from short codes that are fitted anew to a trained dense weight: the computed trellis code (docs/models/weights/codes.md)."""

import torch

from .mixing import mix, unmix
from .rounding import straight_through
from .source import Source


class ProjectedSource(Source):
    """A source whose dense weight is trained, and projected onto its code whenever the layer evaluates after training moved it.

    `_fit(dense)` finds the code, `_decoded()` gives the weight of it, both flat.
    """

    def __init__(self, shape):
        super().__init__(shape)
        self.dense = torch.nn.Parameter(torch.zeros(shape.dense))

    def encode(self, dense):
        with torch.no_grad():
            self.dense.copy_(self._checked(dense))
        self._project()

    @torch.no_grad()
    def _project(self):
        self._fit(self.dense.reshape(-1))
        self.dense.copy_(self._decoded().reshape(self.shape.dense))

    @torch.no_grad()
    def _moved(self):
        """Whether the dense weight is another than that of the code, beyond rounding."""
        difference = (self.dense.reshape(-1) - self._decoded()).abs().max()
        return bool(difference > 1e-6 * self.dense.abs().max())

    def forward(self):
        if self.training:
            return self.dense
        self.settle()
        return straight_through(self._decoded().reshape(self.shape.dense), self.dense)

    def settle(self):
        if self._moved():
            self._project()

    def words(self):
        self.settle()
        return self._words()


_SPREAD, _SHARES, _SAMPLED = 147.80, (0.7, 0.8, 0.9, 1.0, 1.1, 1.2), 16


class TrellisSource(ProjectedSource):
    """`bits` bits a weight whose last `state_bits` bits are hashed to a level (Tseng et al., QTIP, NeurIPS 2024), in rings.

    Words are found by Viterbi over all states, many rings at once. transform "hadamard": of weights that are mixed before, and after.
    """

    kind = "trellis"
    file_names = {"path": "words"}

    def __init__(self, shape, bits, state_bits=12, transform="none"):
        super().__init__(shape)
        if not 1 <= bits <= 4 or state_bits not in (8, 12, 16):
            raise ValueError(f"a trellis code has 1 to 4 bits and 8, 12 or 16 state bits, not {bits} and {state_bits}")
        self.width, self.state_bits, self.mixed = bits, state_bits, transform == "hadamard"
        rings = max(shape.weights // 256, 1)
        self._bounds = [shape.weights * ring // rings for ring in range(rings + 1)]
        self.register_buffer("path", torch.zeros(shape.weights))
        self.register_buffer("scale", torch.zeros(1))

    def _rings(self, values, chosen):
        """The chosen rings by length: [(numbers, (rings, length))]."""
        found = {}
        for ring in chosen:
            found.setdefault(self._bounds[ring + 1] - self._bounds[ring], []).append(ring)
        return [(rings, torch.stack([values[self._bounds[r]:self._bounds[r + 1]] for r in rings])) for rings in found.values()]

    def _levels(self, words):
        """Levels of rings of words (rings, length)."""
        before = -(-self.state_bits // self.width)
        # The state behind each word: the words up to it, read around the ring.
        state, length = torch.zeros_like(words), words.shape[1]
        for back in range(before - 1, -1, -1):
            state = state << self.width | words.roll(back % length, 1)
        return level_of(state & (1 << self.state_bits) - 1)

    def _coded(self, values, scale, chosen):
        """({ring: words}, sum of squared levels, sum of levels times weights) at a scale of the levels."""
        words, square, mixed = {}, 0.0, 0.0
        for rings, part in self._rings(values, chosen):
            targets = part / scale if scale > 0 else torch.zeros_like(part)
            made = trellis_words(targets, self.width, self.state_bits)
            levels = self._levels(made).double()
            square, mixed = square + float((levels**2).sum()), mixed + float((levels * part.double()).sum())
            words.update(zip(rings, made))
        return words, square, mixed

    def _fit(self, dense):
        dense = mix(dense.reshape(self.shape.out, -1)).reshape(-1) if self.mixed else dense
        rings = len(self._bounds) - 1
        some = [rings * i // min(rings, _SAMPLED) for i in range(min(rings, _SAMPLED))]
        spread, best, most = float(dense.double().square().mean().sqrt()), 0.0, -1.0
        for share in _SHARES:
            scale = spread / (_SPREAD * share)
            _, square, mixed = self._coded(dense, scale, some)
            explained = mixed**2 / square if square > 0 else 0.0
            if explained > most:
                best, most = scale, explained
        words, square, mixed = self._coded(dense, best, range(rings))
        self.path.copy_(torch.cat([words[ring] for ring in range(rings)]).float())
        self.scale.fill_(mixed / square if square > 0 else 0.0)

    def _decoded(self):
        words = self.path.long()
        levels = torch.empty_like(self.path)
        for rings, part in self._rings(words, range(len(self._bounds) - 1)):
            for ring, made in zip(rings, self._levels(part)):
                levels[self._bounds[ring]:self._bounds[ring + 1]] = made
        values = levels * self.scale
        return unmix(values.reshape(self.shape.out, -1)).reshape(-1) if self.mixed else values

    def _words(self):
        return {"path": self.path.long(), "scale": self.scale.clone()}

    def stored(self):
        return [("path", self.shape.weights, self.width, True), ("scale", 1, 32, False)]


def level_of(states):
    """The levels of states (int64): the sum of the bytes of a hash, less 510, float32."""
    mixed = (34038481 * states + 76625530) & 0xFFFFFFFF
    return ((mixed & 255) + (mixed >> 8 & 255) + (mixed >> 16 & 255) + (mixed >> 24) - 510).float()


def trellis_words(targets, bits, state_bits):
    """Words (rings, length) whose levels are nearest to targets (rings, length), ring by ring."""
    if targets.shape[1] * bits < state_bits:
        return _searched(targets, bits, state_bits)
    states, half = level_of(torch.arange(1 << state_bits, device=targets.device)), targets.shape[1] // 2
    turned = _cheapest(targets.roll(-half, 1), states, bits)
    joint = turned[:, targets.shape[1] - half - 1] & (1 << state_bits - bits) - 1
    return _cheapest(targets, states, bits, joint) & (1 << bits) - 1


def _cheapest(targets, states, bits, joint=None):
    """States (rings, length) of the cheapest path (Viterbi); `joint`: the bits at which each ring closes."""
    rings, length = targets.shape
    tops, high = len(states) >> bits, 1 << bits
    least, sources = torch.zeros(rings, tops, device=targets.device), []
    if joint is not None:
        least = torch.full_like(least, torch.inf).scatter_(1, joint[:, None], 0.0)
    for step in range(length):
        if step > 0:
            least, source = costs.reshape(rings, high, tops).min(1)
            sources.append(source.to(torch.uint8))
        costs = least.repeat_interleave(high, 1) + (targets[:, step, None] - states) ** 2
    if joint is not None:
        outside = (torch.arange(len(states), device=targets.device) & tops - 1) != joint[:, None]
        costs = costs.masked_fill(outside, torch.inf)
    state, path = costs.argmin(1), []
    top_bits = (tops - 1).bit_length()
    for step in range(length - 1, -1, -1):
        path.append(state)
        if step > 0:
            top = state >> bits
            state = top | sources[step - 1].gather(1, top[:, None])[:, 0].long() << top_bits
    return torch.stack(path[::-1], 1)


def _searched(targets, bits, state_bits):
    """The best of all words of rings that are too short for a state."""
    length = targets.shape[1]
    rings = torch.arange(1 << length * bits, device=targets.device)
    words = rings[:, None] >> bits * torch.arange(length, device=targets.device) & (1 << bits) - 1
    state = torch.zeros_like(words)
    for back in range(-(-state_bits // bits) - 1, -1, -1):
        state = state << bits | words.roll(back % length, 1)
    levels = level_of(state & (1 << state_bits) - 1)
    errors = (targets[:, None] - levels[None]).square().sum(-1)
    return words[errors.argmin(1)]
