"""Which factors of the two-level generator a layer has (docs/models/weights/multilevel.md)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A layer's dense weight: (out, inputs / groups, height, width); 1 x 1 for linear layers."""

    out: int
    inputs: int
    height: int = 1
    width: int = 1
    groups: int = 1
    linear: bool = False

    @property
    def area(self):
        return self.height * self.width

    @property
    def dense(self):
        """The dense weight as torch has it."""
        if self.linear:
            return (self.out, self.inputs)
        return (self.out, self.inputs // self.groups, self.height, self.width)

    @property
    def weights(self):
        return self.out * (self.inputs // self.groups) * self.area


@dataclass(frozen=True)
class Sizes:
    """A weight seen as `kernels` kernels of `channels` x `area`, made from `cross` generated ones.

    intra: bases of a kernel, 0: level 1 is off; layout: "plain", "grouped" (kernel j of every group
    side by side along the channels), "by_input" (a kernel per input channel) or "heads" (kernel j of every
    head, a run of outputs, side by side among the positions).
    """

    kernels: int
    channels: int
    area: int
    groups: int = 1
    layout: str = "plain"
    intra: int = 0
    cross: int = 0
    cross_on: bool = False
    heads: int = 1

    @property
    def generated(self):
        return self.intra > 0 or self.cross_on

    @property
    def columns(self):
        return self.channels * self.area

    @property
    def basis(self):
        rows = self.intra if self.intra else self.channels
        return (self.cross, rows, self.area)

    @property
    def u(self):
        return (self.cross, self.channels, self.intra)

    @property
    def v(self):
        return (self.kernels, self.cross)


def _plain(shape):
    kernels = shape.out // shape.groups
    layout = "grouped" if shape.groups > 1 and kernels > 1 else "plain"
    return Sizes(kernels, shape.inputs, shape.area, shape.groups, layout, cross=kernels)


def two_level(shape, intra, cross, expansion="allowed"):
    """Level 2 is on iff 0 < cross < min(kernels, columns), level 1 iff 0 < intra < min(channels, area).

    expansion "refused": a level that stores more than it replaces is left off.
    """
    plain = _plain(shape)
    refuse = expansion == "refused"
    on = 0 < intra < min(plain.channels, plain.area)
    if on and refuse:
        on = intra * (plain.channels + plain.area) < plain.columns
    intra = intra if on else 0
    kernel = intra * (plain.channels + plain.area) if intra else plain.columns
    cross_on = 0 < cross < min(plain.kernels, plain.columns)
    if cross_on and refuse:
        cross_on = cross * (plain.kernels + kernel) < plain.kernels * kernel
    return Sizes(plain.kernels, plain.channels, plain.area, plain.groups, plain.layout, intra,
                 cross if cross_on else plain.kernels, cross_on)


def _spatial(shape):
    return shape.area > 1 and shape.groups == 1


def blueprint(shape):
    """BSConv (Haase and Amthor, CVPR 2020): a blueprint a kernel, a weight a channel."""
    return two_level(shape, 1 if _spatial(shape) else 0, 0)


def separable(shape):
    """Depthwise-separable (Chollet, CVPR 2017): a filter per input channel, then 1 x 1."""
    if not _spatial(shape) or shape.out == 1:
        return _plain(shape)
    return Sizes(shape.inputs, shape.out, shape.area, layout="by_input", intra=1, cross=shape.inputs)


def shared_kernels(shape, kernels):
    """PENNI (Li et al., ICML 2020), unpruned: `kernels` kernels for the whole layer."""
    plain = _plain(shape)
    filters = plain.kernels * plain.channels
    if not _spatial(shape) or kernels >= min(plain.area, filters):
        return plain
    return Sizes(1, filters, plain.area, intra=kernels, cross=1)


def slice_of_stack(shape, intra, cross, heads):
    """A layer's slice of a stack of layers whose `heads` runs of outputs are stacked as well (as many as they have in common).

    Level 1 is on iff 0 < intra < inputs, level 2 iff 0 < cross < outputs of a head.
    """
    heads = math.gcd(heads, shape.out)
    kernels = shape.out // heads
    cross_on = 0 < cross < kernels
    return Sizes(kernels, shape.inputs, shape.area * heads, layout="plain" if heads == 1 else "heads",
                 intra=intra if 0 < intra < shape.inputs else 0, cross=cross if cross_on else kernels, cross_on=cross_on, heads=heads)


def in_level_order(sizes, dense):
    """The dense weight as (kernels, channels, area)."""
    if sizes.layout == "heads":
        parts = dense.reshape(sizes.heads, sizes.kernels, sizes.channels, -1)
        return parts.permute(1, 2, 0, 3).reshape(sizes.kernels, sizes.channels, sizes.area)
    if sizes.layout == "by_input":
        return dense.reshape(sizes.channels, sizes.kernels, sizes.area).transpose(0, 1)
    if sizes.layout == "grouped":
        per_group = sizes.channels // sizes.groups
        parts = dense.reshape(sizes.groups, sizes.kernels, per_group, sizes.area)
        return parts.transpose(0, 1).reshape(sizes.kernels, sizes.channels, sizes.area)
    return dense.reshape(sizes.kernels, sizes.channels, sizes.area)


def in_dense_order(sizes, ordered):
    """The inverse of `in_level_order`, as a flat tensor."""
    if sizes.layout == "heads":
        parts = ordered.reshape(sizes.kernels, sizes.channels, sizes.heads, -1)
        return parts.permute(2, 0, 1, 3).reshape(-1)
    if sizes.layout == "by_input":
        return ordered.transpose(0, 1).reshape(-1)
    if sizes.layout == "grouped":
        per_group = sizes.channels // sizes.groups
        parts = ordered.reshape(sizes.kernels, sizes.groups, per_group, sizes.area)
        return parts.transpose(0, 1).reshape(-1)
    return ordered.reshape(-1)
