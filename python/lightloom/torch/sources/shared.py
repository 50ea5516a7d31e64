"""Layers of one shape that are made of one tensor of integers (docs/models/weights/seeds-and-codes.md)."""

import functools

import torch

from .rounding import best_clip, integers, straight_through
from .seeded import layer_seed, seed_halves, seed_of_halves, seeded_permutation, seeded_words
from .source import Source, offset_words


class SharedDepthSource(Source):
    """A layer's use of a tensor of integers that the first layer of its shape stores: w = scale times level.

    uses: the uses before this one, which joins them. Tensor and scales learn by the gradients of all layers they are in; a scale's
    gradient is divided by its weights, so that it moves as they do. A new weight of one use fits the tensor and all scales anew.
    """

    kind = "shared_depth"

    def __init__(self, shape, bits, uses):
        super().__init__(shape)
        self.width, self.use, self._uses, self._given = bits, len(uses), uses, None  # a list: no module within this one
        if self.use == 0:
            self.shared = torch.nn.Parameter(torch.zeros(shape.weights))
            self.register_buffer("clip", torch.ones(1))
        self.scale = torch.nn.Parameter(torch.ones(1))
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

    def _levels(self):
        """(levels of the whole tensor, their step)."""
        first = self._uses[0]
        return integers(first.shared.detach(), self.width, first.clip[0])

    def forward(self):
        levels, step = self._levels()
        own = self._in_order(levels)
        exact = (self.scale.detach() * step) * own
        smooth = self.scale.detach() * self._in_order(self._uses[0].shared) + self.scale * (step * own) / len(own)
        return straight_through(exact, smooth).reshape(self.shape.dense)

    def words(self):
        levels, step = self._levels()
        first = {"shared": offset_words(levels, self.width)} if self.use == 0 else {}
        return {**first, "scale": (self.scale * step).detach()}

    def stored(self):
        first = [("shared", self.shape.weights, self.width, True)] if self.use == 0 else []
        return first + [("scale", 1, 32, False)]


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
    options = {"seed": layer_seed(own.get("seed", 0), name), "transpose": own.get("transpose", True)} if kind == "blend" else {}
    most = own.get("uses", 0)
    key = (kind, options.get("transpose"), most, bits, shape)
    uses = shared.get(key)
    if uses is None or len(uses) == most > 0:
        uses = shared[key] = []
    return (BlendSource if kind == "blend" else SharedDepthSource)(shape, bits, uses, **options)
