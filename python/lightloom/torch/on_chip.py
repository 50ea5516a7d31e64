"""Layers and products whose numbers a chip computes, with the gradients that they have without one."""

import torch

from .._lightloom import Error
from .layers import SourcedConv2d, SourcedLinear


def through(digital, products):
    """The value of `products` with the gradients of `digital` (straight through)."""
    return digital + (products - digital).detach()


class OnChip(torch.nn.Module):
    """A layer whose products a chip computes; its bias is added digitally.

    Gradients are those of the layer without a chip (straight through), so that training sees the chip's errors
    in the forward pass. The weights are written anew whenever they have changed. Its number in the network is
    given when it first runs.
    """

    def __init__(self, layer, network, spatial=None):
        super().__init__()
        self.layer, self.number = layer, None
        self._order = None if spatial is None else _as_channels_last(spatial)
        self._network = [network]  # a list: the network is no part of its layer
        self._loaded = {}  # by size of the input map: [matrix on chip, weights on it, times written]

    def _weight(self):
        sourced = isinstance(self.layer, (SourcedConv2d, SourcedLinear))
        return self.layer.source() if sourced else self.layer.weight

    def _window(self):
        layer = self.layer
        if not hasattr(layer, "stride"):
            return {}
        groups = layer.source.shape.groups if isinstance(layer, SourcedConv2d) else layer.groups
        return {"stride": layer.stride, "padding": _numbers(layer), "dilation": layer.dilation, "groups": groups}

    def _matrix(self, weight, maps):
        """The layer on the chip for maps of that size, with the weights of now."""
        network, values = self._network[0], weight.detach().cpu().float()
        if self._order is not None:
            values = values[:, self._order]
        key = tuple(maps.shape[1:3]) if maps.ndim == 4 else ()
        if key and values.ndim == 2:
            values = values[:, :, None, None]  # a linear layer at every position
        if key not in self._loaded:
            if not network.calibrating:
                raise Error(f"the converters' ranges were set for other maps than of {' x '.join(map(str, key)) or 'one'} positions "
                            "(calibrate with inputs of the size that is to run)")
            if self.number is None:
                self.number = network.next_layer()
            wanted = {"chip": network.chip, "layer": self.number}
            array = values.numpy()
            made = (network.core.load(array, **wanted) if maps.ndim == 2
                    else network.core.load_convolution(array, key, **wanted, **self._window()))
            self._loaded[key] = [made, values.clone(), 0]
        found = self._loaded[key]
        if not torch.equal(found[1], values):
            found[1], found[2] = values.clone(), found[2] + 1
            found[0].write(values.numpy(), found[2])
        return found[0]

    def _read(self, weight, maps):
        """(images, ...) of the chip, of maps with their channels last."""
        network = self._network[0]
        matrix = self._matrix(weight, maps)
        if network.calibrating:
            return torch.from_numpy(matrix.measure_ranges(maps))
        each = len(maps) // network.images if len(maps) % network.images == 0 else 1
        return torch.from_numpy(matrix.multiply(maps, first=network.image * each))

    def _products(self, x, weight):
        """What the chip makes of x, in the order of PyTorch."""
        if not x.is_floating_point():
            raise Error(f"the layer that multiplies with {tuple(weight.shape)} weights got {x.dtype} (a chip takes real floating numbers)")
        values = x.detach().cpu().float()
        if weight.ndim == 4 and values.ndim not in (3, 4):
            raise Error(f"the convolution of {tuple(weight.shape)} weights got an input of {tuple(x.shape)} (it takes maps: images, channels, height, width)")
        if weight.ndim == 4:
            maps = values.permute(0, 2, 3, 1) if values.ndim == 4 else values.permute(1, 2, 0)[None]
            y = self._read(weight, maps.contiguous().numpy()).permute(0, 3, 1, 2)
            return (y if values.ndim == 4 else y[0]).to(x.device)
        maps, back = by_image(values, self._network[0].images)
        if self._order is not None:
            maps = maps[..., self._order]
        maps = maps[:, 0] if maps.shape[1] == 1 else maps[:, :, None]
        y = self._read(weight, maps.contiguous().numpy())
        return back(y.reshape(len(maps), -1, y.shape[-1])).to(x.device)

    def forward(self, x):
        with self._network[0].in_layer():
            weight, bias = self._weight(), self.layer.bias
            products = self._products(x, weight)
            if bias is not None:
                products = products + (bias if weight.ndim == 2 else bias[:, None, None])
            return through(self.layer(x), products) if torch.is_grad_enabled() else products

    def counts(self):
        """What went through its converters, as `MatrixOnChip.counts` says it, over all sizes of its maps."""
        found = [matrix.counts for matrix, _, _ in self._loaded.values()]
        return {key: sum(one[key] for one in found) for key in COUNTED}


COUNTED = ("inputs", "clipped_inputs", "conversions", "saturated_conversions")


class Products:
    """The products of activations of a network, by a chip whose core modulates both operands; others stay digital.

    Called as matmul; None for what is not its own. Numbers count on behind those of the layers.
    """

    def __init__(self, network):
        core = network.core
        self._network, self._chip = network, core.products(network.chip) if core.description["dynamic"] else None
        self._number = self.on_chip = self.digital = 0

    def start(self):
        """A pass through the network begins."""
        self._number = 0

    def __call__(self, left, right):
        network = self._network
        if network.busy:
            return None
        batch = torch.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        if self._chip is None:
            return self.left_out()
        images = network.images if batch[0] % network.images == 0 else batch[0]
        sides = (images, -1)
        x = left.detach().expand(*batch, *left.shape[-2:]).reshape(*sides, *left.shape[-2:])
        w = right.detach().expand(*batch, *right.shape[-2:]).reshape(*sides, *right.shape[-2:]).transpose(-2, -1)
        groups = x.shape[1]
        how = {"number": network.layers + self._number, "groups": groups}
        x, w = x.transpose(1, 2).flatten(2), w.flatten(1, 2)
        arrays = [array.cpu().float().contiguous().numpy() for array in (x, w)]
        y = self._chip.calibrate(*arrays, **how) if network.calibrating else self._chip.multiply(*arrays, first=network.image, **how)
        self._number += 1
        self.on_chip += 0 if network.calibrating else images
        y = torch.from_numpy(y).to(left.device).unflatten(2, (groups, -1)).transpose(1, 2).reshape(*batch, left.shape[-2], -1)
        return through(torch.matmul(left, right), y) if torch.is_grad_enabled() else y

    def left_out(self):
        """Counts a product that stays digital."""
        if not (self._network.busy or self._network.calibrating):
            self.digital += self._network.images

    def counts(self):
        """{"core_products", "digital_products"}, by images, and of the converters `COUNTED`."""
        found = dict.fromkeys(COUNTED, 0) if self._chip is None else self._chip.counts
        return {**found, "core_products": self.on_chip, "digital_products": self.digital}


def by_image(x, images):
    """x (..., channels) as (images, positions, channels), and the way back of as many positions."""
    sides = x.shape[:-1]
    axis = next((axis for axis, side in enumerate(sides) if side == images), 0)
    moved = x.movedim(axis, 0) if sides else x[None]
    fits = moved.shape[0] % images == 0
    back = lambda y: y.reshape(*moved.shape[:-1], y.shape[-1]).movedim(0, axis) if sides else y.reshape(-1)
    return moved.reshape(images if fits else 1, -1, x.shape[-1]), back


def _as_channels_last(spatial):
    """Which value of a flattened (channels, height, width) stands where in (height, width, channels)."""
    channels, height, width = spatial
    return torch.arange(channels * height * width).reshape(channels, height, width).permute(1, 2, 0).reshape(-1)


def _numbers(layer):
    """Padding as numbers; "same" is that of the window."""
    if not isinstance(layer.padding, str):
        return layer.padding
    if layer.padding == "valid":
        return 0
    spans = [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size)]
    if any(span % 2 for span in spans):
        raise ValueError("padding 'same' of an even window is not alike on both sides: pad before the convolution")
    return tuple(span // 2 for span in spans)
