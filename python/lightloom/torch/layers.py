"""Layers whose weights come from a source, and how a network gets them."""

import torch
from torch.nn import functional

from .._arrays import count, items
from .._lightloom import Error
from .attention import split_attention
from .sources.sizes import Shape
from .sources.table import checked, source_of


class SourcedConv2d(torch.nn.Module):
    """A two-dimensional convolution whose weight its source gives."""

    def __init__(self, source, bias=None, stride=1, padding=0, dilation=1):
        super().__init__()
        self.source, self.bias = source, bias
        self.stride, self.padding, self.dilation = stride, padding, dilation

    def forward(self, x):
        return functional.conv2d(x, self.source(), self.bias, self.stride, self.padding, self.dilation,
                                 self.source.shape.groups)


class SourcedLinear(torch.nn.Module):
    """A linear layer whose weight its source gives."""

    def __init__(self, source, bias=None):
        super().__init__()
        self.source, self.bias = source, bias

    def forward(self, x):
        return functional.linear(x, self.source(), self.bias)


def shape_of(layer):
    """The shape of a Conv2d, a Linear or one of the layers above."""
    if isinstance(layer, (SourcedConv2d, SourcedLinear)):
        return layer.source.shape
    if isinstance(layer, torch.nn.Linear):
        return Shape(layer.out_features, layer.in_features, linear=True)
    height, width = layer.kernel_size
    return Shape(layer.out_channels, layer.in_channels, height, width, layer.groups)


def weight_layers(model):
    """(name, layer) of every layer with a weight, in order."""
    if not isinstance(model, torch.nn.Module):
        raise Error(f"a network is an nn.Module, not {type(model).__name__}")
    kinds = (torch.nn.Conv2d, torch.nn.Linear, SourcedConv2d, SourcedLinear)
    return [(name, module) for name, module in model.named_modules() if isinstance(module, kinds)]


def refuse_others(model):
    others = (torch.nn.Conv1d, torch.nn.Conv3d, torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d,
              torch.nn.ConvTranspose3d, torch.nn.Bilinear, torch.nn.RNNBase)
    for name, module in model.named_modules():
        if isinstance(module, others):
            raise ValueError(f"'{name}' is a {type(module).__name__}, whose weights no source takes; write it with "
                             "Conv2d or Linear layers, or give regenerate(only=...) the layers that are to change")
        if isinstance(module, torch.nn.Conv2d) and module.padding_mode != "zeros":
            raise ValueError(f"'{name}' pads by '{module.padding_mode}'; only zeros are taken: put the padding "
                             "before the convolution as a layer of its own")


def regenerate(model, weights, only=None, steps=0):
    """Gives every Conv2d and Linear of a network (in place) a source of its weights; returns the network.

    weights: a card's section, {"source": "multilevel", "intra": 2, "cross_share": 0.7,
    "bits": {"basis": 3, "intra": 6, "cross": 3}, "layers": [{"layer": "conv1", ...}]}: the first match
    wins, and layers that a source cannot take are stored dense. Sources are fitted to the present
    weights, two-level ones as the section's `projection` says, an SVD where it is silent, then by `steps` steps of
    RAdam on the distance. Layers that share a tensor or a stack do so in the order of the network's modules.
    only: names of the layers to change. A MultiheadAttention becomes an `Attention`, whose four projections are layers.
    """
    checked(weights)
    weight_layers(model)  # refuses what is no network
    if isinstance(only, str):
        raise Error(f"only is '{only}' but must be a list of layers' names")
    model = split_attention(model)
    names, steps = None if only is None else set(items(only, "only")), count(steps, "steps")
    if names is None:
        refuse_others(model)
    layers = [(name, layer) for name, layer in weight_layers(model) if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))
              and (names is None or name in names)]
    missing = (names or set()) - {name for name, _ in layers}
    if missing:
        raise ValueError(f"there is no Conv2d or Linear called '{sorted(missing)[0]}' (the network has "
                         f"{', '.join(name for name, _ in weight_layers(model))})")
    shared = {}
    sources = [source_of(weights, shape_of(layer), name, shared).to(layer.weight.device) for name, layer in layers]
    for (name, layer), source in zip(layers, sources):
        source.encode(layer.weight)
        if steps > 0 and hasattr(source, "improve"):
            source.improve(layer.weight, steps)
        _replace(model, name, _sourced(layer, source))
    return model


def _sourced(layer, source):
    if isinstance(layer, torch.nn.Linear):
        return SourcedLinear(source, layer.bias).train(layer.training)
    return SourcedConv2d(source, layer.bias, layer.stride, layer.padding, layer.dilation).train(layer.training)


def _replace(model, name, layer):
    parent, _, own = name.rpartition(".")
    if not own:
        raise ValueError("the network is a single layer: put it into a Sequential first")
    setattr(model.get_submodule(parent) if parent else model, own, layer)


def stored_bits(model, counted=True):
    """Bits of all sources: those that published memory ratios count, or all (scales too)."""
    return sum(layer.source.bits(counted) for _, layer in weight_layers(model) if hasattr(layer, "source"))


def penalty(model):
    """The sum of the sources' own regularisers (orthogonality), to be added to a loss."""
    return sum(layer.source.penalty() for _, layer in weight_layers(model) if hasattr(layer, "source"))
