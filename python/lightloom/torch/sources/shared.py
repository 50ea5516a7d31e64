"""Layers of one shape that are made of one tensor of integers (docs/models/weights/seeds-and-codes.md)."""

import functools

import torch

from .rounding import best_clip, integers, straight_through
from .seeded import layer_seed, seed_halves, seed_of_halves, seeded_permutation, seeded_words
from .sharing import group_key, join
from .source import Source, offset_words


class SharedDepthSource(Source):
    """A layer's use of a tensor of integers that the first layer of its group stores: w = scale times level.

    uses: the uses before this one, which joins them; rank: of the matrix that this one adds, of two factors of `factor_bits` bits.
    Tensor and scales learn by the gradients of all layers they are in; a scale's gradient is divided by its weights, so that it moves
    as they do. A new weight of one use fits the tensor and all scales anew.
    """

    kind = "shared_depth"

    def __init__(self, shape, bits, uses, rank=0, factor_bits=8):
        super().__init__(shape)
        self.width, self.use, self._uses, self._given = bits, len(uses), uses, None  # a list: no module within this one
        if self.use == 0:
            self.shared = torch.nn.Parameter(torch.zeros(shape.weights))
            self.register_buffer("clip", torch.ones(1))
        self.scale = torch.nn.Parameter(torch.ones(1))
        columns = shape.weights // shape.out
        self.rank, self.factor_bits = min(rank, shape.out, columns), factor_bits
        if self.rank:
            self.left = torch.nn.Parameter(torch.zeros(shape.out, self.rank))
            self.right = torch.nn.Parameter(torch.zeros(self.rank, columns))
        uses.append(self)

    def _order(self):
        """Which element of the tensor each weight is; None: as they stand."""
        return None

    def _in_order(self, elements):
        order = self._order()
        return elements if order is None else elements[order]

    def encode(self, dense):
        dense, order = self._checked(dense).reshape(-1).to(self.scale.device), self._order()
        self._given = dense.clone() if order is None else torch.empty_like(dense).index_copy_(0, order, dense)
        self._uses[0]._fit()

    @torch.no_grad()
    def _fit(self):
        """Tensor and scales to what all uses were last given: the mean of them at one size, times their mean size."""
        there = [use for use in self._uses if use._given is not None]
        sized = [(use._given.double(), use._given.double().square().mean().sqrt()) for use in there if use._given.any()]
        if sized:
            mean = sum(given / size for given, size in sized) / len(sized)
            self.shared.copy_(mean * sum(size for _, size in sized) / len(sized))
        else:
            self.shared.zero_()
        self.clip.fill_(best_clip(self.shared, self.width) if self.width <= 4 else 1.0)
        levels, step = self._levels()
        levels, step = levels.double(), step.double()
        square = step**2 * levels.square().sum()
        for use in there if square > 0 else []:
            use.scale.fill_(float(step * (use._given.double() @ levels) / square))
        if len(there) == len(self._uses):
            for use in there:
                use._fit_rest(use._given - (use.scale * step).float() * levels.float())

    def _fit_rest(self, rest):
        """The nearest of its rank to what the tensor leaves, each component's size halved between the factors."""
        if not self.rank:
            return
        left, singular, right = torch.linalg.svd(rest.double().reshape(self.shape.out, -1), full_matrices=False)
        root = singular[:self.rank].sqrt()
        self.left.copy_(left[:, :self.rank] * root)
        self.right.copy_(root[:, None] * right[:self.rank])

    def _factors(self):
        """[(name, integers, their step)] of what the layer adds."""
        return [(name, *integers(getattr(self, name).detach(), self.factor_bits, 1.0)) for name in ("left", "right")] if self.rank else []

    def _added(self, weight):
        """With the layer's own matrix; its factors learn straight through their rounding."""
        if not self.rank:
            return weight
        (_, left, of_left), (_, right, of_right) = self._factors()
        smooth = straight_through(of_left * left, self.left) @ straight_through(of_right * right, self.right)
        return weight + straight_through(of_left * of_right * (left @ right), smooth).reshape(-1)

    def _levels(self):
        """(levels of the whole tensor, their step)."""
        first = self._uses[0]
        return integers(first.shared.detach(), self.width, first.clip[0])

    def forward(self):
        levels, step = self._levels()
        own = self._in_order(levels)
        exact = (self.scale.detach() * step) * own
        smooth = self.scale.detach() * self._in_order(self._uses[0].shared) + self.scale * (step * own) / len(own)
        return self._added(straight_through(exact, smooth)).reshape(self.shape.dense)

    def words(self):
        levels, step = self._levels()
        found = {"shared": offset_words(levels, self.width)} if self.use == 0 else {}
        found["scale"] = (self.scale * step).detach()
        for name, own, unit in self._factors():
            found.update({name: offset_words(own, self.factor_bits), f"{name}_scale": unit.reshape(1)})
        return found

    def stored(self):
        found = [("shared", self.shape.weights, self.width, True)] if self.use == 0 else []
        found.append(("scale", 1, 32, False))
        for name, _, _ in self._factors():
            found += [(name, getattr(self, name).numel(), self.factor_bits, True), (f"{name}_scale", 1, 32, False)]
        return found


class BlendSource(SharedDepthSource):
    """The same with outputs and inputs each in an order of the layer's seed, and every second use of square layers transposed."""

    kind = "blend"

    def __init__(self, shape, bits, uses, seed, transpose=True):
        super().__init__(shape, bits, uses)
        inputs = shape.inputs // shape.groups
        self.transposed = transpose and self.use % 2 == 1 and shape.out == inputs
        self.register_buffer("seed", seed_halves(seed))

    def _order(self):
        shape = self.shape
        sides = (shape.out, shape.inputs // shape.groups, shape.area)
        return blended_order(sides, self.transposed, seed_of_halves(self.seed)).to(self.scale.device)

    def words(self):
        return {"seed": torch.tensor([seed_of_halves(self.seed)]), **super().words()}

    def stored(self):
        return [("seed", 1, 32, True), *super().stored()]


@functools.lru_cache(maxsize=256)
def blended_order(sides, transposed, seed):
    """Of weights (out, inputs, area): the element of the tensor that each is."""
    out, inputs, area = sides
    rows, columns = (seeded_permutation(int(word), n) for word, n in zip(seeded_words(seed, [0, 1]), (out, inputs)))
    place = columns * inputs + rows[:, None] if transposed else rows[:, None] * inputs + columns
    return (place[:, :, None] * area + torch.arange(area)).reshape(-1)


def make_shared(card, shape, name, bits, shared):
    """The source of a layer; `shared`: what the layers of its network have in common, a dict that grows."""
    kind = card["source"]
    own = card.get(kind, {})
    most = own.get("uses", 0)
    if kind == "blend":
        transpose = own.get("transpose", True)
        uses = join(shared, (kind, transpose, most, bits, group_key("shape", shape, name)), most)
        return BlendSource(shape, bits, uses, layer_seed(own.get("seed", 0), name), transpose)
    uses = join(shared, (kind, most, bits, group_key(own.get("by", "shape"), shape, name)), most)
    return SharedDepthSource(shape, bits, uses, own.get("rank", 0), own.get("factor_bits", 8))
