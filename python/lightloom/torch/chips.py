"""A network of PyTorch on a chip: every Conv2d and Linear multiplies through a simulated core."""

import contextlib
import copy
import math
from collections.abc import Mapping

import torch

from .._arrays import count, items
from .._lightloom import Error
from .attention import split_attention
from .layers import refuse_others, regenerate, shape_of, weight_layers
from .on_chip import COUNTED, OnChip, Products
from .overrides import ThroughProducts

_IMAGES = 64  # that set the ranges of converters, as on the command line (calibration_images)


class ChipNetwork(torch.nn.Module):
    """A network on one chip, from `convert`. Call it as the network; `calibrate` first.

    core: the `lightloom.photonic.Core`; chip: which; image: number of the next image, by which noise is drawn:
    it grows with every call outside of calibration; set it to 0 to meet the same noise again.
    """

    def __init__(self, model, core, chip, flattened):
        super().__init__()
        self.core, self.chip, self.image = core, chip, 0
        self.images, self.calibrating, self.busy = 1, False, False  # of the pass that runs
        self.model = model
        named = weight_layers(model)
        self.layers, self._given = len(named), 0
        for name, layer in named:
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent) if parent else model, own, OnChip(layer, self, check_flattened(name, layer, flattened)))
        self._products = [Products(self)]  # a list: what a copy of the network shares
        self.calibrated = False
        self.training = model.training  # statistics of normalisations stay as they are where they did

    def chip_layers(self):
        """Every layer on the chip, in the order of `named_modules`."""
        return [module for module in self.model.modules() if isinstance(module, OnChip)]

    def next_layer(self):
        """The number of a layer that runs for the first time."""
        self._given += 1
        return self._given - 1

    @contextlib.contextmanager
    def in_layer(self):
        """Within it products belong to a layer."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before

    def without_chip(self):
        """A copy of the network as it was before `convert`, with the weights of now: what training on the chip has made."""
        memo = {}  # one: layers may share a source's tensor
        copies = {id(module): copy.deepcopy(module.layer, memo) for module in self.chip_layers()}
        return copy.deepcopy(self.model, copies)  # which takes each layer's copy in its place

    def calibrate(self, inputs, images=_IMAGES):
        """Sets the ranges of all converters by a batch of inputs, or by the first `images` of a loader. Returns itself.

        inputs: a tensor, taken whole; or a loader (any iterable) of tensors or of tuples that begin with one. As on the
        command line: layer by layer, on what the realised weights make of the inputs, without noise.
        """
        inputs = inputs if isinstance(inputs, torch.Tensor) else _first_of(inputs, images)
        if inputs.shape[:1] == (0,):
            raise Error("converters find no ranges in a batch of no inputs")
        was_training = self.training
        self.eval()
        self.calibrating = True
        try:
            with torch.no_grad():
                self._run(inputs)
        finally:
            self.calibrating = False
            self.train(was_training)
        self.calibrated = True
        return self

    def _run(self, x):
        if x.ndim == 0:
            raise Error("a network on a chip takes a batch of inputs, not a single number")
        self.images, products = len(x), self._products[0]
        products.start()
        with ThroughProducts(products):
            return self.model(x)

    def forward(self, x):
        if not isinstance(x, torch.Tensor):
            raise Error(f"a network on a chip takes a tensor of images, not {type(x).__name__}")
        if not self.calibrated:
            raise RuntimeError("the chip's converters have no ranges yet: call calibrate(inputs) with a batch of training images")
        if x.shape[:1] == (0,):
            return self.model(x)
        y = self._run(x)
        self.image += len(x)
        return y

    def counts(self):
        """What went through the converters so far: inputs, clipped_inputs, conversions, saturated_conversions; and by images
        core_products and digital_products, of activations with activations or with parameters outside of layers."""
        found = self._products[0].counts()
        for layer in self.chip_layers():
            for key, value in layer.counts().items():
                found[key] += value
        return {key: found[key] for key in (*COUNTED, "core_products", "digital_products")}


def _first_of(loader, images):
    """The first `images` inputs of a loader as one batch."""
    found = []
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        raise Error(f"inputs are a tensor or a loader of tensors, not {type(loader).__name__}")
    for batch in loader:
        batch = batch[0] if isinstance(batch, (tuple, list)) else batch
        if not isinstance(batch, torch.Tensor):
            raise Error(f"a loader gives tensors, or tuples that begin with one, not {type(batch).__name__}")
        found.append(batch[:images])
        images -= len(found[-1])
        if images <= 0:
            break
    if not found:
        raise Error("the loader gives no batch")
    return torch.cat(found)


def check_flattened(name, layer, flattened):
    """(channels, height, width) of the map in front of a linear layer, or None where it is not told."""
    spatial = flattened.get(name)
    if spatial is not None and (len(items(spatial, f"flattened['{name}']")) != 3 or math.prod(spatial) != shape_of(layer).inputs):
        raise Error(f"flattened['{name}'] = {spatial}: must be (channels, height, width) of the map before it, "
                         f"{shape_of(layer).inputs} values in all")
    return spatial


def convert(model, core, chip=0, weights=None, seed=0, flattened=None):
    """The network on a chip: a `ChipNetwork` around a copy of `model`, whose parameters can be trained.

    core: a `lightloom.photonic.Core`, or a core's card (path, dict, Card), then with `seed`; chip: its number;
    weights: a card's section `weights`, fitted to the present weights first (see `regenerate`). Every Conv2d
    and Linear runs on the chip: DACs, realised weights, read-out noise, an ADC for each partial sum; so do products of
    activations with activations (matmul, bmm, einsum, attention) where the core modulates both operands, as
    data/devices/dynamic-product.yaml does; everything else stays digital. A MultiheadAttention becomes an `Attention`
    of four Linear layers. Layers are numbered in the order in which they first run, which is that of the command line,
    so seed and chip give the same chip there.
    flattened: {"fc1": (channels, height, width)} of linear layers behind a flattened map, whose columns the command
    line has in the order (height, width, channels); without it they lie on other devices of the chip than there.
    """
    from ..photonic import Core

    if not isinstance(model, torch.nn.Module):
        raise Error(f"a network is an nn.Module, not {type(model).__name__}")
    made = split_attention(copy.deepcopy(model))
    names = [name for name, _ in weight_layers(made)]
    if not names:
        raise Error("the network has no Conv2d or Linear that a chip could compute")
    if "" in names:
        made = torch.nn.Sequential(made)
    if weights is not None:
        regenerate(made, weights)
    else:
        refuse_others(made)
    if flattened is not None and not isinstance(flattened, Mapping):
        raise Error(f"flattened is {flattened!r} but must be a dict of layers, each with (channels, height, width)")
    unknown = set(flattened or {}) - {name for name, _ in weight_layers(made)}
    if unknown:
        raise Error(f"flattened names '{sorted(unknown)[0]}', which is no layer of the network")
    made_core = core if isinstance(core, Core) else Core(core, seed=seed)
    return ChipNetwork(made, made_core, count(chip, "chip", 0, 2**32 - 1), flattened or {})
