"""The second reader of each kind of file: lists of (name, shape, numbers as float64), or an exception for a file that it refuses."""
import json
import os
import pickle
import signal
import warnings

import numpy as np

warnings.simplefilter("ignore")


def numbers_of(array):
    return np.ascontiguousarray(array).astype(np.float64).reshape(-1)


def one(name, array):
    return name, list(np.shape(array)), numbers_of(array)


def numpy_array(path):
    return [one("", np.load(path, allow_pickle=False))]


def numpy_archive(path):
    with np.load(path, allow_pickle=False) as archive:
        return [one(name, archive[name]) for name in archive.files]


SAFETENSORS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def safetensors(path):
    """By the page of the format: 8 bytes of length, a header in JSON, numbers that lie side by side."""
    with open(path, "rb") as file:
        data = file.read()
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + length].decode("utf-8")), data[8 + length:]
    arrays = []
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        start, end = tensor["data_offsets"]
        kind = SAFETENSORS.get(tensor["dtype"])
        if kind is None:
            arrays.append((name, tensor["shape"], np.zeros(0)))
            continue
        array = np.frombuffer(body[start:end], kind)
        if tensor["dtype"] == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        arrays.append(one(name, array.astype(np.float32).reshape(tensor["shape"])))
    return arrays


def torch_archive(path):
    import torch
    held = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model", "net"):
        if key in held and isinstance(held[key], dict):
            held = held[key]
    return [one(name, tensor.detach().to(torch.float32).numpy()) if tensor.is_floating_point() else (name, list(tensor.shape), np.zeros(0))
            for name, tensor in held.items()]


def picture(path):
    from PIL import Image
    with Image.open(path) as image:
        if image.mode in ("I", "I;16", "I;16B"):  # 16 bits a sample, rounded to 8
            deep = np.asarray(image).astype(np.float64)
            return [one("", np.floor(deep / 257 + 0.5)[:, :, None])]
        grey = image.mode in ("1", "L", "LA")
        array = np.asarray(image.convert("L" if grey else "RGB"))
    return [one("", array[:, :, None] if grey else array)]


def onnx_tensor(path):
    import onnx
    from onnx import numpy_helper
    return [one("", numpy_helper.to_array(onnx.load_tensor(path)))]


def onnx_constants(path):
    import onnx
    from onnx import numpy_helper
    return [one(tensor.name, numpy_helper.to_array(tensor)) for tensor in onnx.load(path).graph.initializer]


def as_matrix(array):
    array = np.asarray(array)
    return [one("real", array.real), one("imaginary", array.imag)]


def matrix_in(arrays):
    """The matrix among named arrays, as docs/use/calibration.md chooses it."""
    whole = {name: array for name, array in arrays.items() if np.ndim(array) == 2}
    if "matrix" in whole:
        return as_matrix(whole["matrix"])
    if "real" in whole:
        return as_matrix(np.asarray(whole["real"]) + 1j * np.asarray(whole["imag" if "imag" in whole else "imaginary"]))
    (only,) = whole.values()
    return as_matrix(only)


def numpy_matrix(path):
    return as_matrix(np.load(path, allow_pickle=False))


def archived_matrix(path):
    with np.load(path, allow_pickle=False) as archive:
        return matrix_in({name: archive[name] for name in archive.files})


def hdf5_matrix(path):
    import h5py
    with h5py.File(path, "r") as file:
        return matrix_in({name: entry[()] for name, entry in file.items() if isinstance(entry, h5py.Dataset)})


def matlab_matrix(path):
    from scipy import io, sparse
    held = {name: array for name, array in io.loadmat(path).items() if not name.startswith("__")}
    return matrix_in({name: array.toarray() if sparse.issparse(array) else array for name, array in held.items()})


def text_matrix(path):
    return as_matrix(np.loadtxt(path, delimiter=",", ndmin=2))


class Refused(Exception):
    pass


def in_a_child(reader, path):
    """`reader(path)` of a process of its own, which a damaged file may end."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        signal.alarm(20)
        try:
            answer = ("read", reader(path))
        except BaseException as problem:  # noqa: BLE001 whatever a second reader makes of a damaged file
            answer = ("refused", f"{type(problem).__name__}: {problem}")
        with os.fdopen(into, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    kind, answer = pickle.loads(told) if told else ("refused", "the second reader crashed")
    if kind == "refused":
        raise Refused(answer)
    return answer
