"""Two-level weights of which layers and heads are the positions (docs/models/weights/seeds-and-codes.md#stacked-layers-and-heads)."""

import dataclasses

import torch
from torch.nn.functional import pad

from .multilevel import FactorSource, svd_factors
from .sharing import group_key, join
from .sizes import in_level_order, slice_of_stack


class StackedSource(FactorSource):
    """A layer's slice W_l = gain_l V (U Wb_l) of a stack, whose first layer stores U and V; every layer has bases of its own.

    uses: the layers before this one of its stack, which joins them. Sums run in double precision.
    """

    kind = "stacked"

    def __init__(self, shape, sizes, bits, rounded, uses, peak=0.5):
        super().__init__(shape, sizes, bits, rounded)
        self.use, self._uses, self._given, self._peak = len(uses), uses, None, peak  # a list: no module within this one
        if self.use == 0:
            self._add_shared_factors()
        uses.append(self)

    def own_names(self):
        return self.names() if self.use == 0 else ["basis"]

    def latent(self, name):
        return getattr(self if name == "basis" else self._uses[0], name)

    def forward(self):
        return self._product({name: self.levels(name) for name in self.names()}, wide=True)

    def encode(self, dense):
        self._given = in_level_order(self.sizes, self._checked(dense))
        if all(use._given is not None for use in self._uses):
            self._uses[0]._fit()

    @torch.no_grad()
    def _fit(self):
        """The stack's truncated singular value decompositions; components that it has not are zero."""
        own, area = self.sizes, self.sizes.area * len(self._uses)
        fitted = dataclasses.replace(own, layout="plain", heads=1, area=area, intra=min(own.intra, area),
                                     cross=min(own.cross, own.channels * area) if own.cross_on else own.cross)
        basis, u, v, gain = svd_factors(torch.cat([use._given.to(self.basis.device) for use in self._uses], dim=2), fitted, self._peak)
        kernels, bases = own.cross - fitted.cross, own.intra - fitted.intra
        if own.intra:
            gain *= self.set_latent("intra", pad(u, (0, bases, 0, 0, 0, kernels)))
        if own.cross_on:
            gain *= self.set_latent("cross", pad(v, (0, kernels)))
        basis = pad(basis, (0, 0, 0, bases, 0, kernels))
        for use, values in zip(self._uses, basis.split(own.area, dim=2)):
            use.gain.fill_(gain * use.set_latent("basis", values))


def make_stacked(card, shape, name, bits, rounded, shared):
    """The slice of a layer, or None where nothing of it is generated; `shared`: what the layers of its network have in common."""
    own, share = card.get("stacked", {}), card.get("cross_share", 0)
    heads = own.get("heads", 1)
    slot = slice_of_stack(shape, 0, 0, heads)
    cross = int(share * slot.kernels + 0.5) if share > 0 else card.get("cross", 0)
    sizes = slice_of_stack(shape, card.get("intra", 0), cross, heads)
    if shape.groups > 1 or not sizes.generated:
        return None
    most = own.get("uses", 0)
    key = ("stacked", most, heads, sizes.intra, sizes.cross, *bits.values(), rounded, group_key(own.get("by", "name"), shape, name))
    return StackedSource(shape, sizes, bits, rounded, join(shared, key, most), card.get("projection", {}).get("peak", 0.5))
