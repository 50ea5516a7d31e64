"""Sound files of each kind, made at random by the programs that usually write them."""
import io
import json
import struct
import zipfile

import numpy as np

REAL = ["<f8", "<f4", "<f2", ">f8", ">f4", ">f2", "<i8", "<i4", "<i2", "i1", ">i8", ">i4", ">i2", "u1", "<u2", "<u4", "<u8", ">u4", "?"]


def numbers(random, kind, shape):
    dtype = np.dtype(kind)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)
    values = random.standard_normal(shape) * 10.0 ** random.integers(-3, 4)
    odd = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 6e-8])
    values = np.where(random.random(shape) < 0.1, random.choice(odd, shape), values)
    if dtype.kind == "c":
        return (values + 1j * random.standard_normal(shape)).astype(dtype)
    return values.astype(dtype)


def sides(random, most=4, least=0):
    return tuple(int(side) for side in random.integers(1, 5, random.integers(least, most + 1)))


def finite(array):
    return np.where(np.isfinite(array), array, 1).astype(array.dtype)


def npy(random, array):
    file = io.BytesIO()
    if random.random() < 0.3:
        array = np.asfortranarray(array)
    np.lib.format.write_array(file, array, version=[(1, 0), (2, 0), (3, 0)][random.integers(3)])
    return file.getvalue()


def numpy_array(random):
    return npy(random, numbers(random, random.choice(REAL), sides(random)))


def numpy_matrix(random):
    return npy(random, finite(numbers(random, random.choice(REAL + ["<c8", "<c16", ">c16"]), sides(random, 2, 2))))


def archive(random, arrays):
    """An archive as NumPy writes it; the checksums are right whatever `arrays` hold."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][random.integers(2)]) as out:
        for name, data in arrays.items():
            out.writestr(name + ".npy", data)
    return file.getvalue()


def archived_matrix(random):
    if random.random() < 0.5:
        return archive(random, {"w": changed(random, numpy_matrix(random), 0.5)})
    shape = sides(random, 2, 2)
    return archive(random, {part: npy(random, finite(numbers(random, "<f8", shape))) for part in ("real", "imag")})


def numpy_archive(random):
    return archive(random, {f"w{k}": changed(random, numpy_array(random), 0.3) for k in range(random.integers(1, 4))})


def safetensors(random):
    header, body = {}, b""
    if random.random() < 0.3:
        header["__metadata__"] = {"format": "pt"}
    for k in range(random.integers(1, 4)):
        kind = random.choice(["F64", "F32", "F16", "BF16", "I64"])
        width = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8}[kind]
        shape = sides(random)
        data = random.bytes(int(np.prod(shape, dtype=int)) * width)
        header[f"w{k}"] = {"dtype": str(kind), "shape": list(shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def torch_archive(random):
    import torch
    kinds = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64]
    held = {}
    for k in range(random.integers(1, 4)):
        tensor = torch.from_numpy(np.array(numbers(random, "<f8", sides(random, least=1)))).to(kinds[random.integers(len(kinds))])
        if tensor.dim() > 1 and random.random() < 0.3:
            tensor = tensor.transpose(0, 1)
        if random.random() < 0.3:
            tensor = tensor[1:] if len(tensor) > 1 else tensor
        held[f"w{k}"] = tensor
    if random.random() < 0.3:
        held = {"state_dict": held, "epoch": 3}
    file = io.BytesIO()
    torch.save(held, file, _use_new_zipfile_serialization=bool(random.random() < 0.6))
    return file.getvalue()


def picture(random):
    from PIL import Image
    height, width = (int(side) for side in random.integers(1, 24, 2))
    mode = str(random.choice(["L", "RGB", "P", "1", "LA", "RGBA", "I;16"]))
    depth = {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode)
    samples = random.integers(0, 256, (height, width) + ((depth,) if depth else ()), dtype=np.uint8)
    file = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(random.integers(0, 65536, (height, width), dtype=np.uint16)).save(file, "PNG")
        return file.getvalue()
    if mode in ("P", "1"):
        image = Image.fromarray(samples, "L").convert("P" if mode == "P" else "1")
        if mode == "P":
            image.putpalette(random.bytes(768))
    else:
        image = Image.fromarray(samples, mode)
    formats = ["PNG"] + (["JPEG", "PPM"] if mode in ("L", "RGB") else [])
    kind = formats[random.integers(len(formats))]
    options = {"quality": int(random.integers(20, 100)), "progressive": bool(random.random() < 0.3)} if kind == "JPEG" else {}
    image.save(file, kind, **options)
    return file.getvalue()


ONNX_KINDS = {1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8", 12: "<u4", 13: "<u8"}


def tensor_message(random, name):
    import onnx
    kind = int(random.choice(list(ONNX_KINDS)))
    array = numbers(random, ONNX_KINDS[kind], sides(random))
    if random.random() < 0.5:
        return onnx.helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)
    values = array.view("<u2").reshape(-1) if kind == 10 and array.ndim else array.reshape(-1)
    if kind == 10:
        return onnx.helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)
    return onnx.helper.make_tensor(name, kind, array.shape, values)


def onnx_tensor(random):
    return tensor_message(random, "x").SerializeToString()


def onnx_constants(random):
    import onnx
    from onnx import helper
    constants = [tensor_message(random, f"c{k}") for k in range(random.integers(1, 4))]
    nodes = [helper.make_node("Add", ["x", "c0"], ["y"])]
    value = lambda name: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2])  # noqa: E731
    graph = helper.make_graph(nodes, "g", [value("x")], [value("y")], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)]).SerializeToString()


def hdf5_matrix(random):
    import h5py
    shape = sides(random, 2, 2)
    array = finite(numbers(random, random.choice(REAL + ["<c16"]), shape))
    options = {}
    if random.random() < 0.5:
        options = {"chunks": tuple(max(1, side - int(random.integers(0, 2))) for side in shape)}
        options.update([{}, {"compression": "gzip"}, {"shuffle": True}, {"fletcher32": True}][random.integers(4)])
    file = io.BytesIO()
    with h5py.File(file, "w", libver=["earliest", "latest"][random.integers(2)]) as out:
        out.create_dataset("w", data=array, **options)
    return file.getvalue()


def matlab_matrix(random):
    from scipy import io as matlab, sparse
    shape = sides(random, 2, 2)
    kind = random.choice(["f8", "f4", "i2", "u1", "i4", "?", "c16"])
    old = random.random() < 0.3
    array = finite(numbers(random, "f8" if old else kind, shape))
    if kind == "f8" and random.random() < 0.4:
        array = sparse.csc_matrix(np.where(random.random(shape) < 0.5, 0, array))
    file = io.BytesIO()
    matlab.savemat(file, {"w": array}, format="4" if old else "5", do_compression=bool(not old and random.random() < 0.5))
    return file.getvalue()


def text_matrix(random):
    file = io.BytesIO()
    np.savetxt(file, finite(numbers(random, "<f8", sides(random, 2, 2))), delimiter=",", fmt=str(random.choice(["%.18e", "%g", "%.3f"])))
    return file.getvalue()


def changed(random, data, share=1.0):
    """A file with up to three of its bytes changed, cut out or doubled, mostly near its front."""
    if random.random() >= share:
        return data
    data = bytearray(data)
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(0, min(len(data), 200) if random.random() < 0.6 else len(data))) if data else 0
        how = random.random()
        if how < 0.6 and data:
            data[at] = int(random.choice([random.integers(0, 256), data[at] ^ (1 << random.integers(8)), 0, 255, ord("0") + random.integers(10)]))
        elif how < 0.8:
            del data[at:at + int(random.integers(1, 5))]
        else:
            data[at:at] = data[at:at + int(random.integers(1, 9))]
    return bytes(data)
