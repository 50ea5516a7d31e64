"""Weight files of lightloom (HDF5), to and from networks whose layers have sources."""

import json
import math
import os
import tempfile
from collections.abc import Mapping

import numpy
import torch

from .._arrays import path as path_of
from .._lightloom import Error
from .layers import regenerate, weight_layers
from .sources.table import checked

_NORMS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)
_OTHER_NORMS = (torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.InstanceNorm2d)


def held(model):
    """Whether weight files hold all of a network's normalisations."""
    return not any(isinstance(module, _OTHER_NORMS) for module in model.modules())


def _h5py():
    try:
        import h5py
    except ImportError as problem:
        raise ImportError("weight files need h5py (Debian: python3-h5py)") from problem
    return h5py


def _spatial_order(values, spatial):
    """The columns of a linear layer behind a flattened map: torch has (c, h, w), lightloom (h, w, c)."""
    channels, height, width = spatial
    return values.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(values.shape)


def _torch_order(values, spatial):
    channels, height, width = spatial
    return values.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(values.shape)


def _check_flattened(name, source, flattened):
    if name not in flattened:
        return None
    spatial = flattened[name]
    if len(spatial) != 3 or math.prod(spatial) != source.shape.inputs:
        raise ValueError(f"flattened['{name}'] = {spatial}: must be (channels, height, width) of the map before it, "
                         f"{source.shape.inputs} values in all")
    if not isinstance(getattr(source, "weight", None), torch.nn.Parameter) or source.weight.shape != source.shape.dense:
        raise ValueError(f"'{name}': weights behind a flattened map of more than one pixel can only be stored one by "
                         "one (dense, integer, lsq, ternary): give that layer such a source")
    return spatial


def _arrays(model, flattened):
    """(name, numbers) of the whole state, as the C++ library names them."""
    found = {}
    for name, layer in weight_layers(model):
        if not hasattr(layer, "source"):
            raise ValueError(f"'{name}' has no source yet: call regenerate(model, weights) first "
                             "({'source': 'dense'} keeps weights as they are)")
        spatial = _check_flattened(name, layer.source, flattened)
        layer.source.settle()
        for own, value in layer.source.file_values():
            values = value.detach().cpu().numpy()
            found[f"{name}.{own}"] = _spatial_order(values, spatial) if spatial and own == "weight.weight" else values
        if layer.bias is not None:
            found[f"{name}.bias"] = layer.bias.detach().cpu().numpy()
    for name, norm in model.named_modules():
        if isinstance(norm, _NORMS):
            one = torch.ones(norm.num_features)
            scale, shift = (norm.weight, norm.bias) if norm.affine else (one, 0 * one)
            found.update({f"{name}.shift": shift.detach().cpu().numpy(), f"{name}.scale": scale.detach().cpu().numpy(),
                          f"{name}.mean": norm.running_mean.cpu().numpy(),
                          f"{name}.variance": norm.running_var.cpu().numpy()})
        elif isinstance(norm, _OTHER_NORMS):
            raise ValueError(f"'{name}' is a {type(norm).__name__}, which weight files of this package do not hold: "
                             "export the network as ONNX instead")
    return found


def save(model, path, card, flattened=None):
    """Writes the network's weights as `lightloom train` does, so that `lightloom run` takes them.

    card: {"model": name or {"name": ...}, "dataset": name or mapping, "weights": the section that
    `regenerate` was given}; layers and normalisations must have the names that lightloom's model of that
    name has (its ResNets: conv1, bn1, layer1.0.conv1, ...). flattened: {"fc1": (channels, height, width)}
    of linear layers behind a flattened map, whose columns the two order differently. The file is written
    whole or not at all.
    """
    h5py, path = _h5py(), path_of(path, "path")
    if not isinstance(card, Mapping) or not {"model", "dataset", "weights"} <= card.keys():
        raise Error(f"card is {card!r} but must be a dict of model, dataset and weights")
    section = lambda value: {"name": value} if isinstance(value, str) else dict(value)
    checked(card["weights"])
    weights = {key: value for key, value in card["weights"].items() if key != "file"}
    identity = {"model": section(card["model"]), "dataset": section(card["dataset"]), "weights": weights}
    arrays = _arrays(model, flattened or {})
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=os.path.basename(path) + ".")
    os.close(handle)
    try:
        with h5py.File(temporary, "w") as file:
            file.attrs.update({"kind": "weights", "schema_version": numpy.int64(1), "network": json.dumps(identity),
                               "model": identity["model"]["name"], "source": weights.get("source", "dense")})
            for name, values in arrays.items():
                _write(file, name, numpy.ascontiguousarray(values, dtype=numpy.float32).reshape(-1))
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(file, name, values):
    axis = f"elements_{len(values)}"
    if axis not in file:
        file[axis] = numpy.arange(len(values), dtype=numpy.int64)
        file[axis].make_scale(axis)
    file[name] = values
    file[name].dims[0].attach_scale(file[axis])


def read_card(path):
    """{"model", "dataset", "weights"} of a weight file; needs PyYAML for files that lightloom wrote."""
    with _h5py().File(path_of(path, "path"), "r") as file:
        text = file.attrs.get("network")
    if text is None:
        raise ValueError(f"'{path}' does not say which network its weights belong to (not a file of lightloom train)")
    text = text.decode() if isinstance(text, bytes) else str(text)
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        return yaml.safe_load(text)


def load(model, path, weights=None, flattened=None):
    """Puts a weight file into a network with the same layer names; gives it sources where it has none.

    weights: the card's section; default: the file's own. Returns the network.
    """
    flattened, path = flattened or {}, path_of(path, "path")
    if any(not hasattr(layer, "source") for _, layer in weight_layers(model)):
        regenerate(model, weights or read_card(path)["weights"])
    with _h5py().File(path, "r") as file:
        stored = {name: file[name][()] for name in file if not name.startswith("elements_")}
    for name, layer in weight_layers(model):
        spatial = _check_flattened(name, layer.source, flattened)
        for own, value in layer.source.file_values():
            _fill(value, stored, f"{name}.{own}", path, spatial if own == "weight.weight" else None)
        if f"{name}.bias" in stored and layer.bias is None:
            layer.bias = torch.nn.Parameter(torch.zeros(layer.source.shape.out))
        if layer.bias is not None:
            _fill(layer.bias, stored, f"{name}.bias", path)
    for name, norm in model.named_modules():
        if isinstance(norm, _NORMS):
            pairs = {"shift": norm.bias, "scale": norm.weight, "mean": norm.running_mean, "variance": norm.running_var}
            for own, value in pairs.items():
                if value is not None:
                    _fill(value, stored, f"{name}.{own}", path)
    return model


def _fill(value, stored, name, path, spatial=None):
    if name not in stored:
        raise ValueError(f"'{path}' lacks '{name}' (another model or weight source?)")
    numbers = stored[name]
    if numbers.size != value.numel():
        raise ValueError(f"'{path}': '{name}' has {numbers.size} values where the network needs {value.numel()} "
                         "(another model or weight source?)")
    if not numpy.isfinite(numbers).all():
        raise ValueError(f"'{path}': '{name}' holds infinities or values that are no numbers")
    numbers = numbers.reshape(tuple(value.shape))
    if spatial:
        numbers = _torch_order(numbers, spatial)
    with torch.no_grad():
        value.copy_(torch.from_numpy(numpy.ascontiguousarray(numbers)))
