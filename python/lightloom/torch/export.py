"""A network of one's own as an ONNX file whose layers carry the names of its modules."""

import copy
import inspect
import io
import os

import torch

from .._arrays import count, items
from .._arrays import path as path_of
from .attention import split_attention
from .layers import SourcedConv2d, SourcedLinear, weight_layers
from .overrides import Decomposed


def plain(model):
    """A copy whose layers are Conv2d and Linear with the weights that their sources give."""
    made = split_attention(copy.deepcopy(model))
    for name, layer in weight_layers(made):
        if not isinstance(layer, (SourcedConv2d, SourcedLinear)):
            continue
        parent, _, own = name.rpartition(".")
        setattr(made.get_submodule(parent) if parent else made, own, _plain_layer(layer))
    return made


def _plain_layer(layer):
    shape, bias = layer.source.shape, layer.bias is not None
    if isinstance(layer, SourcedLinear):
        made = torch.nn.Linear(shape.inputs, shape.out, bias)
    else:
        made = torch.nn.Conv2d(shape.inputs, shape.out, (shape.height, shape.width), layer.stride, layer.padding,
                               layer.dilation, shape.groups, bias)
    with torch.no_grad():
        made.weight.copy_(layer.source())
        if bias:
            made.bias.copy_(layer.bias)
    return made.to(layer.source().device).train(layer.training)


def export(model, path, image):
    """Writes the network as ONNX (opset 13) for a card's `model: {name: path}`.

    image: (channels, height, width) of one input, or (features,). Normalisations stay layers of their own, and
    every layer is called as its module, so that `save(model, weights, {"model": path, ...})` fits it. Needs
    python3-onnx. Returns `path`.
    """
    try:
        import onnx
    except ImportError as problem:
        raise ImportError("export needs the onnx package (Debian: python3-onnx)") from problem
    weight_layers(model)  # refuses what is no network
    dense, file_name = plain(model).cpu().eval(), path_of(path, "path")
    example = torch.zeros(1, *(count(side, "a side of image", 1, 2**20) for side in items(image, "image")))
    try:
        with torch.no_grad():
            dense(example)
    except RuntimeError as problem:
        raise ValueError(f"the network does not take an input of {tuple(image)}: {problem}") from problem
    out = io.BytesIO()
    legacy = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    with Decomposed():
        torch.onnx.export(dense, example, out, opset_version=13, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.PRESERVE, input_names=["image"], output_names=["scores"],
                          dynamic_axes={"image": {0: "images"}, "scores": {0: "images"}}, **legacy)
    found = onnx.load_from_string(out.getvalue())
    _name_nodes(found.graph, {name for name, _ in dense.named_modules() if name})
    temporary = f"{file_name}.{os.getpid()}.part"
    with open(temporary, "xb") as file:
        file.write(found.SerializeToString())
    os.replace(temporary, file_name)
    return path


def _name_nodes(graph, modules):
    """A node that reads the weight of a module gets the module's name; the first one where there are several."""
    taken = set()
    passed_on = {node.output[0]: node.input[0] for node in graph.node if node.op_type in ("Identity", "Transpose")}
    for node in graph.node:
        # Weights of equal values are one constant, which an Identity gives the names of the others.
        for value in [name for one in node.input for name in (one, passed_on.get(one, one))]:
            module = value.rpartition(".")[0]
            if node.op_type in ("Conv", "Gemm", "MatMul", "BatchNormalization") and module in modules and module not in taken:
                node.name = module
                taken.add(module)
