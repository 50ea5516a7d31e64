"""Weights from stored seeds: random signs under a trained mask, coefficients of a random subspace (docs/models/weights/seeds-and-codes.md)."""

import math

import torch

from .rounding import best_clip, integers, straight_through
from .source import Source, offset_words

_ALL = 0xFFFFFFFF


def _with_byte(hashes, byte):
    hashes = (hashes + byte) & _ALL
    hashes = (hashes + (hashes << 10)) & _ALL
    return hashes ^ (hashes >> 6)


def _finished(hashes):
    hashes = (hashes + (hashes << 3)) & _ALL
    hashes = hashes ^ (hashes >> 11)
    return (hashes + (hashes << 15)) & _ALL


def seeded_words(seed, numbers):
    """32 random bits of a seed and each number (int64): Jenkins's one-at-a-time hash (Dr. Dobb's Journal, September 1997)."""
    numbers = torch.as_tensor(numbers, dtype=torch.int64)
    hashes = torch.full_like(numbers, int(seed))
    for byte in range(4):
        hashes = _with_byte(hashes, (numbers >> (8 * byte)) & 0xFF)
    return _finished(hashes)


def layer_seed(seed, name):
    """The seed of a layer: the same hash of the card's seed and the layer's name."""
    hashes = int(seeded_words(seed & _ALL, [seed >> 32])[0])
    for byte in name.encode():
        hashes = _with_byte(hashes, byte)
    return _finished(hashes)


def seeded_signs(seed, count, first_word=0):
    """Signs -1 or 1 of a seed: sign i is bit i mod 32 of word first_word + i / 32, float32."""
    words = seeded_words(seed, torch.arange(first_word, first_word + -(-count // 32)))
    bits = (words[:, None] >> torch.arange(32)) & 1
    return (2 * bits - 1).reshape(-1)[:count].float()


def seeded_permutation(seed, n):
    """A permutation of 0 to n - 1: Fisher and Yates's, from the back, by word i of the seed modulo i."""
    order, words = list(range(n)), seeded_words(seed, torch.arange(n + 1)).tolist()
    for i in range(n, 1, -1):
        j = words[i] % i
        order[i - 1], order[j] = order[j], order[i - 1]
    return torch.tensor(order)


def seed_halves(seed):
    """The high and low half of a seed, which single precision holds."""
    return torch.tensor([seed >> 16, seed & 0xFFFF], dtype=torch.float32)


def seed_of_halves(halves):
    """The seed as the stored word."""
    return int(halves[0]) << 16 | int(halves[1])


class SeededSource(Source):
    """A source with a seed among what it stores."""

    def __init__(self, shape, seed):
        super().__init__(shape)
        self.register_buffer("seed", seed_halves(seed))

    def seed_word(self):
        """The seed as the stored word."""
        return seed_of_halves(self.seed)


class SupermaskSource(SeededSource):
    """w = c m r: seeded signs r that are never trained under a mask m of the largest scores (Ramanujan et al., CVPR 2020)."""

    kind = "supermask"

    def __init__(self, shape, name, kept=0.5, scale="fitted", seed=0):
        super().__init__(shape, layer_seed(seed, name))
        self.fitted, self.kept = scale == "fitted", min(max(math.floor(kept * shape.weights + 0.5), 1), shape.weights)
        self.score = torch.nn.Parameter(torch.zeros(shape.weights))
        self.register_buffer("scale", torch.tensor([math.sqrt(2 / (shape.weights / shape.out * kept))]))

    def _signs(self):
        return seeded_signs(self.seed_word(), self.shape.weights).to(self.score.device)

    def _mask(self):
        """1 for exactly `kept` scores of largest magnitude, the first among equals."""
        order = torch.argsort(self.score.detach().abs(), descending=True, stable=True)
        return torch.zeros_like(self.score).index_fill_(0, order[:self.kept], 1.0)

    def encode(self, dense):
        dense, signs = self._checked(dense).reshape(-1).to(self.score.device), self._signs()
        with torch.no_grad():
            self.score.copy_(signs * dense)
            self.score.sub_(self.score.min())
            if self.fitted:
                total = float((self._mask() * signs).double() @ dense.double())
                if total > 0:
                    self.scale.fill_(total / self.kept)

    def forward(self):
        signs = self._signs()
        slope = torch.where(torch.signbit(self.score.detach()), -self.scale, self.scale) * signs  # straight through the choice
        made = straight_through(self.scale * self._mask() * signs, slope * self.score)
        return made.reshape(self.shape.dense)

    def words(self):
        return {"mask": self._mask().long(), "seed": torch.tensor([self.seed_word()]), "scale": self.scale.clone()}

    def stored(self):
        return [("mask", self.shape.weights, 1, True), ("seed", 1, 32, True), ("scale", 1, 32, False)]


class SubspaceSource(SeededSource):
    """w of a block = a seeded orthonormal basis times k integers: Q = S H S P H S / n, nothing of it stored."""

    kind = "subspace"

    def __init__(self, shape, name, bits, card):
        super().__init__(shape, layer_seed(card.get("seed", 0), name))
        self.width, self.block, self.inputs = bits, card.get("block", 256), card.get("inputs", 16)
        self.blocks = -(-shape.weights // self.block)
        self.coefficient = torch.nn.Parameter(torch.zeros(self.blocks * self.inputs))
        self.register_buffer("clip", torch.ones(1))
        self.register_buffer("order", seeded_permutation(self.block, self.block), persistent=False)

    def _signs(self):
        """(of outputs, of inputs, of every block), which follow one another among the words of the seed."""
        words, seed, device = -(-self.block // 32), self.seed_word(), self.coefficient.device
        family = lambda number: seeded_signs(seed, self.block, number * words).to(device)
        return family(0), family(1)[:self.inputs], torch.stack([family(2 + block) for block in range(self.blocks)])

    def _expanded(self, x):
        """n Q x of every block: (blocks, inputs) to (blocks, block)."""
        outputs, inputs, own = self._signs()
        before = walsh_hadamard(torch.nn.functional.pad(x * inputs, (0, self.block - self.inputs)))
        moved = torch.zeros_like(before).index_copy(1, self.order, before)
        return walsh_hadamard(moved * own) * outputs

    def encode(self, dense):
        dense = self._checked(dense).reshape(-1).to(self.coefficient.device)
        blocks = torch.nn.functional.pad(dense, (0, self.blocks * self.block - len(dense))).reshape(self.blocks, -1)
        outputs, inputs, own = self._signs()
        after = walsh_hadamard(blocks * outputs) * own
        found = walsh_hadamard(after[:, self.order])[:, :self.inputs] * inputs / self.block
        with torch.no_grad():
            self.coefficient.copy_(found.reshape(-1))
            self.clip.fill_(best_clip(self.coefficient, self.width) if self.width <= 4 else 1.0)

    def _levels(self):
        levels, scale = integers(self.coefficient.detach(), self.width, self.clip[0])
        return levels, scale / self.block

    def forward(self):
        levels, scale = self._levels()
        # The gradient of a coefficient is the projection n Q^T of the weights' over n: through scale 1 / n.
        exact = scale * self._expanded(levels.reshape(self.blocks, -1))
        smooth = self._expanded(self.coefficient.reshape(self.blocks, -1)) / self.block
        return straight_through(exact, smooth).reshape(-1)[:self.shape.weights].reshape(self.shape.dense)

    def words(self):
        levels, scale = self._levels()
        return {"coefficient": offset_words(levels, self.width), "seed": torch.tensor([self.seed_word()]), "scale": scale.reshape(1)}

    def stored(self):
        return [("coefficient", self.coefficient.numel(), self.width, True), ("seed", 1, 32, True), ("scale", 1, 32, False)]


def walsh_hadamard(x):
    """The transform of every row in natural order, not normalised; rows of a power of two."""
    rows, half = x.shape[0], 1
    while half < x.shape[1]:
        pairs = x.reshape(rows, -1, 2, half)
        x = torch.stack((pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]), 2).reshape(rows, -1)
        half *= 2
    return x
