"""Networks between PyTorch and lightloom: a folder with an ONNX file and a weight file, and back."""

import copy
import os
import pathlib

import torch

from .._arrays import path as path_of
from .._lightloom import Error
from .export import export
from .files import held, save
from .layers import regenerate, weight_layers
from .onnx_operators import OPERATORS, window


def from_torch(model, folder, image, dataset="mine", weights=None, flattened=None):
    """Takes a network to lightloom: writes `folder`/network.onnx and `folder`/weights.h5, and returns the sections of a card.

    model: an `nn.Module`, from `regenerate` or plain; image: (channels, height, width) of an input; dataset: its
    name, or the section of a card; weights: the section `weights` of a `regenerate`d network (None: plain weights, as
    they are);
    flattened: as in `save`, for layers whose flattened map is not found in the file. The result is {"model", "dataset", "weights"}, to be
    completed by core and memory; for plain networks with normalisations that weight files do not hold (LayerNorm, GroupNorm) also
    {"train": {"epochs": 0}}, and the weights are those of the network's file:
    `lightloom.run({**from_torch(net, "net", (1, 28, 28), {"name": "mnist"}), "core": ...})`.
    """
    sourced = any(hasattr(layer, "source") for _, layer in weight_layers(model))
    if sourced and weights is None:
        raise ValueError("the network's weights have sources: give the section of a card that `regenerate` was given")
    if weights is not None and not sourced:
        raise ValueError("the network's weights are plain: `regenerate` it with that section first, or leave `weights` out")
    place = pathlib.Path(path_of(folder, "folder"))
    if not isinstance(dataset, (str, dict)):
        raise Error(f"dataset is {dataset!r} but must be its name or the section of a card")
    place.mkdir(parents=True, exist_ok=True)
    network = os.fspath(place / "network.onnx")
    export(model, network, image)
    section = {"name": dataset} if isinstance(dataset, str) else dict(dataset)
    found = {"model": {"name": network}, "dataset": section}
    if not sourced and not held(model):
        return {**found, "weights": {"source": "dense", "fc_bits": 32}, "train": {"epochs": 0}}  # the file has its weights
    if not sourced:
        weights = {"source": "dense", "fc_bits": 32}
        model = regenerate(copy.deepcopy(model), weights)
    flattened = {**flattened_maps(network), **(flattened or {})}
    file = os.fspath(place / "weights.h5")
    save(model, file, {"model": network, "dataset": section, "weights": weights}, flattened=flattened)
    return {**found, "weights": {**weights, "file": file}}


def flattened_maps(path):
    """{layer: (channels, height, width)} of the linear layers of an ONNX file that read a flattened map of several pixels."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(onnx.load(os.fspath(path))).graph
    shapes = {one.name: [side.dim_value for side in one.type.tensor_type.shape.dim] for one in (*graph.value_info, *graph.input)}
    makers = {output: node for node in graph.node for output in node.output}
    found = {}
    for node in graph.node:
        if node.op_type != "Gemm":
            continue
        maker = makers.get(node.input[0])
        while maker is not None and maker.op_type in _PASSED:
            maker = makers.get(maker.input[0])
        if maker is not None and maker.op_type in ("Flatten", "Reshape"):
            shape = shapes.get(maker.input[0], [])
            if len(shape) == 4 and shape[2] * shape[3] > 1:
                found[node.name] = tuple(shape[1:])
    return found


_PASSED = ("Relu", "Dropout", "Identity", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "Elu", "HardSwish")


def to_torch(path):
    """The network of an ONNX file, as `lightloom onnx save` writes it, as an `nn.Module`.

    Convolutions, linear layers and batch normalisations become Conv2d, Linear and BatchNorm2d with the names of the
    file's nodes, so that they train, `regenerate` and `convert`; everything else is computed as the file says. Maps
    are (images, channels, height, width). Needs python3-onnx. Raises ValueError naming the operation for what
    PyTorch cannot do.
    """
    try:
        import onnx
    except ImportError as problem:
        raise ImportError("to_torch needs the onnx package (Debian: python3-onnx)") from problem
    return OnnxNetwork(onnx.load(path_of(path, "path")).graph)


class OnnxNetwork(torch.nn.Module):
    """The operations of an ONNX graph in their order."""

    def __init__(self, graph):
        super().__init__()
        from onnx import helper, numpy_helper

        constants = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
        self._input = [one.name for one in graph.input if one.name not in constants][0]
        self._output = graph.output[0].name
        self._steps = []  # (module's name or operator, attributes, inputs, output, name)
        for node in graph.node:
            attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            made = _LAYERS.get(node.op_type, lambda *_: None)(node, attributes, constants)
            if made is not None:
                self._add(node.name, made)
                self._steps.append((None, node.name, [node.input[0]], node.output[0]))
            elif node.op_type in OPERATORS:
                self._steps.append((node.op_type, attributes, list(node.input), node.output[0]))
            else:
                raise ValueError(f"'{node.name}' is a {node.op_type}, which to_torch does not take (it takes "
                                 f"{', '.join(sorted({*OPERATORS, *_LAYERS}))})")
        used = {name for kind, _, inputs, _ in self._steps for name in inputs}
        self._constants = [name for name in constants if name in used]
        for place, name in enumerate(self._constants):
            self._keep(f"constant{place}", name, constants[name])

    def _keep(self, name, source, value):
        """What trains in lightloom trains here; tables of resizing and numbers of functions do not."""
        if value.is_floating_point() and source.endswith((".weight", ".bias", ".values")):
            self.register_parameter(name, torch.nn.Parameter(value))
        else:
            self.register_buffer(name, value)

    def _add(self, name, module):
        """A module at a dotted name."""
        *folders, last = name.split(".")
        parent = self
        for folder in folders:
            if not hasattr(parent, folder):
                parent.add_module(folder, torch.nn.Module())
            parent = getattr(parent, folder)
        parent.add_module(last, module)

    def forward(self, x):
        values = {name: getattr(self, f"constant{place}") for place, name in enumerate(self._constants)}
        values[self._input] = x
        for kind, how, inputs, output in self._steps:
            given = [values[name] if name else None for name in inputs]
            values[output] = self.get_submodule(how)(*given) if kind is None else OPERATORS[kind](how, *given)
        return values[self._output]


def _convolution(node, attributes, constants):
    weight = constants.get(node.input[1])
    _, stride, dilation, pads = window(attributes)
    if weight is None or pads[:2] != pads[2:]:
        raise ValueError(f"'{node.name}' is a Conv with {'changing weights' if weight is None else 'unequal padding'}, which to_torch does not take")
    groups = attributes.get("group", 1)
    made = torch.nn.Conv2d(weight.shape[1] * groups, weight.shape[0], tuple(weight.shape[2:]), tuple(stride), tuple(pads[:2]),
                           tuple(dilation), groups, len(node.input) > 2)
    return _filled(made, weight, constants[node.input[2]] if len(node.input) > 2 else None)


def _linear(node, attributes, constants):
    weight = constants.get(node.input[1])
    if weight is None or attributes.get("alpha", 1) != 1 or attributes.get("beta", 1) != 1 or attributes.get("transA", 0):
        raise ValueError(f"'{node.name}' is a Gemm that is no linear layer, which to_torch does not take")
    weight = weight if attributes.get("transB", 0) else weight.T.contiguous()
    made = torch.nn.Linear(weight.shape[1], weight.shape[0], len(node.input) > 2)
    return _filled(made, weight, constants[node.input[2]] if len(node.input) > 2 else None)


def _batch_norm(node, attributes, constants):
    scale, shift, mean, variance = (constants[name] for name in node.input[1:5])
    made = _BatchNorm(len(scale), attributes.get("epsilon", 1e-5))
    made.running_mean.copy_(mean)
    made.running_var.copy_(variance)
    return _filled(made, scale, shift)


class _BatchNorm(torch.nn.BatchNorm2d):
    """Of maps or of rows."""

    def _check_input_dim(self, input):
        pass


def _filled(layer, weight, bias):
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias.reshape(-1))
    return layer.eval()


_LAYERS = {"Conv": _convolution, "Gemm": _linear, "BatchNormalization": _batch_norm}
