"""A network of PyTorch on a chip: every Conv2d and Linear multiplies through a simulated core."""

import copy
import math

import numpy
import torch

from .layers import SourcedConv2d, SourcedLinear, refuse_others, regenerate, shape_of, weight_layers


class OnChip(torch.nn.Module):
    """A layer whose products a chip computes; its bias is added digitally.

    Gradients are those of the layer without a chip (straight through), so that training sees the chip's errors
    in the forward pass. The weights are written anew whenever they have changed.
    """

    def __init__(self, layer, network, number, spatial=None):
        super().__init__()
        self.layer, self.number = layer, number
        self._order = None if spatial is None else _as_channels_last(spatial)
        self._network = [network]  # a list: the network is no part of its layer
        self._loaded = {}  # by size of the input map: [matrix on chip, weights on it, times written]
        self.calibrating = False

    def _weight(self):
        sourced = isinstance(self.layer, (SourcedConv2d, SourcedLinear))
        return self.layer.source() if sourced else self.layer.weight

    def _window(self):
        layer = self.layer
        groups = layer.source.shape.groups if isinstance(layer, SourcedConv2d) else layer.groups
        return {"stride": layer.stride, "padding": _numbers(layer), "dilation": layer.dilation, "groups": groups}

    def _matrix(self, weight, maps):
        """The layer on the chip for maps of that size, with the weights of now."""
        network, values = self._network[0], weight.detach().cpu().float()
        if self._order is not None:
            values = values[:, self._order]
        key = tuple(maps.shape[1:3]) if maps.ndim == 4 else ()
        if key not in self._loaded:
            wanted = dict(chip=network.chip, layer=self.number)
            array = values.numpy()
            made = (network.core.load(array, **wanted) if maps.ndim == 2
                    else network.core.load_convolution(array, key, **wanted, **self._window()))
            self._loaded[key] = [made, values.clone(), 0]
        found = self._loaded[key]
        if not torch.equal(found[1], values):
            found[1], found[2] = values.clone(), found[2] + 1
            found[0].write(values.numpy(), found[2])
        return found[0]

    def _products(self, x, weight):
        """What the chip makes of x, in the order of PyTorch."""
        linear = weight.ndim == 2
        maps = x.detach().cpu().float()
        maps = maps.reshape(-1, maps.shape[-1]) if linear else maps.permute(0, 2, 3, 1)
        if self._order is not None:
            maps = maps[:, self._order]
        maps = numpy.ascontiguousarray(maps.numpy())
        matrix = self._matrix(weight, maps)
        if self.calibrating:
            y = matrix.measure_ranges(maps)
        else:
            each = max(1, len(maps) // max(1, len(x)))  # vectors of an image: tokens
            y = matrix.multiply(maps, first=self._network[0].image * each)
        y = torch.from_numpy(y).to(x.device)
        return y.reshape(*x.shape[:-1], -1) if linear else y.permute(0, 3, 1, 2)

    def forward(self, x):
        weight, bias = self._weight(), self.layer.bias
        products = self._products(x, weight)
        if bias is not None:
            products = products + (bias if weight.ndim == 2 else bias[:, None, None])
        if not torch.is_grad_enabled():
            return products
        digital = self.layer(x)
        return digital + (products - digital).detach()


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


class ChipNetwork(torch.nn.Module):
    """A network on one chip, from `convert`. Call it as the network; `calibrate` first.

    core: the `lightloom.photonic.Core`; chip: which; image: number of the next image, by which noise is drawn:
    it grows with every call outside of calibration; set it to 0 to meet the same noise again.
    """

    def __init__(self, model, core, chip, flattened):
        super().__init__()
        self.core, self.chip, self.image = core, chip, 0
        self.model = model
        for number, (name, layer) in enumerate(weight_layers(model)):
            parent, _, own = name.rpartition(".")
            on_chip = OnChip(layer, self, number, check_flattened(name, layer, flattened))
            setattr(model.get_submodule(parent) if parent else model, own, on_chip)
        self.calibrated = False
        self.training = model.training  # statistics of normalisations stay as they are where they did

    def chip_layers(self):
        """Every layer on the chip, in order."""
        return [module for module in self.model.modules() if isinstance(module, OnChip)]

    def without_chip(self):
        """A copy of the network as it was before `convert`, with the weights of now: what training on the chip has made."""
        copies = {id(module): copy.deepcopy(module.layer) for module in self.chip_layers()}
        return copy.deepcopy(self.model, copies)  # which takes each layer's copy in its place

    def calibrate(self, inputs):
        """Sets the ranges of all converters by a batch of inputs (or the first batch of a loader). Returns itself.

        As on the command line: layer by layer, on what the realised weights make of the batch, without noise.
        """
        if not isinstance(inputs, torch.Tensor):
            inputs = next(iter(inputs))
            inputs = inputs[0] if isinstance(inputs, (tuple, list)) else inputs
        was_training = self.training
        self.eval()
        for layer in self.chip_layers():
            layer.calibrating = True
        try:
            with torch.no_grad():
                self.model(inputs)
        finally:
            for layer in self.chip_layers():
                layer.calibrating = False
            self.train(was_training)
        self.calibrated = True
        return self

    def forward(self, x):
        if not self.calibrated:
            raise RuntimeError("the chip's converters have no ranges yet: call calibrate(inputs) with a batch of training images")
        y = self.model(x)
        self.image += len(x)
        return y


def check_flattened(name, layer, flattened):
    """(channels, height, width) of the map in front of a linear layer, or None where it is not told."""
    spatial = flattened.get(name)
    if spatial is not None and (len(spatial) != 3 or math.prod(spatial) != shape_of(layer).inputs):
        raise ValueError(f"flattened['{name}'] = {spatial}: must be (channels, height, width) of the map before it, "
                         f"{shape_of(layer).inputs} values in all")
    return spatial


def convert(model, core, chip=0, weights=None, seed=0, flattened=None):
    """The network on a chip: a `ChipNetwork` around a copy of `model`, whose parameters can be trained.

    core: a `lightloom.photonic.Core`, or a core's card (path, dict, Card), then with `seed`; chip: its number;
    weights: a card's section `weights`, fitted to the present weights first (see `regenerate`). Every Conv2d
    and Linear runs on the chip: DACs, realised weights, read-out noise, an ADC for each partial sum; everything
    else stays digital. Layers are numbered in the order of `named_modules`, which for networks that are written
    in the order in which they run is that of the command line, so seed and chip give the same chip there.
    flattened: {"fc1": (channels, height, width)} of linear layers behind a flattened map, whose columns the command
    line has in the order (height, width, channels); without it they lie on other devices of the chip than there.
    """
    from ..photonic import Core

    if not weight_layers(model):
        raise ValueError("the network has no Conv2d or Linear that a chip could compute")
    made = copy.deepcopy(model)
    names = [name for name, _ in weight_layers(made)]
    if "" in names:
        made = torch.nn.Sequential(made)
    if weights is not None:
        regenerate(made, weights)
    else:
        refuse_others(made)
    unknown = set(flattened or {}) - {name for name, _ in weight_layers(made)}
    if unknown:
        raise ValueError(f"flattened names '{sorted(unknown)[0]}', which is no layer of the network")
    return ChipNetwork(made, core if isinstance(core, Core) else Core(core, seed=seed), chip, flattened or {})
