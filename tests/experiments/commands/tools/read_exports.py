#!/usr/bin/python3
"""Reads what Export.* wrote with other programs' libraries and compares every element with the HDF5 file it came from."""
import csv
import glob
import itertools
import json
import math
import sys

try:
    import h5py
    import numpy
    import xarray
except ImportError:
    sys.exit(77)

folder = sys.argv[1]
original = xarray.open_dataset(f"{folder}/results.h5", engine="h5netcdf")
scales = set(original.dims)
with h5py.File(f"{folder}/results.h5") as file:
    types = {name: file[name].dtype for name in original.variables}


def same(text, value):
    if isinstance(value, (str, bytes)):
        return text == (value if isinstance(value, str) else value.decode())
    if text == "":
        return math.isnan(value)
    return float(text) == float(value)  # to the bit


seen = set()
for path in glob.glob(f"{folder}/all.*.csv"):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    arrays = [name for name in header if name not in scales]
    axes = [name for name in header if name in scales]
    seen.update(arrays)
    index = list(itertools.product(*(range(original.sizes[axis]) for axis in axes)))
    assert len(rows) == len(index), (path, len(rows), len(index))
    for row, at in zip(rows, index):
        record = dict(zip(header, row, strict=True))
        for axis, i in zip(axes, at):
            assert same(record[axis], original[axis].values[i]), (path, axis, i)
        for name in arrays:
            assert original[name].dims == tuple(axes), (name, path)
            value = original[name].values[at] if at else original[name].values[()]
            assert same(record[name], value), (path, name, at, record[name], value)
assert seen == set(original.data_vars), seen ^ set(original.data_vars)

one = numpy.load(f"{folder}/one.npy")
assert one.dtype == types["time_parts"] and one.shape == original["time_parts"].shape and (one == original["time_parts"].values).all()
scalar = numpy.load(f"{folder}/scalar.npy")
assert scalar.shape == () and scalar == original["accuracy_float"].values

netcdf = xarray.open_dataset(f"{folder}/all.nc", engine="h5netcdf")
assert netcdf.identical(original)
few = xarray.open_dataset(f"{folder}/few.nc", engine="h5netcdf")
assert set(few.data_vars) == {"layer_time_by_part", "time_by_part"}, few
assert set(few.dims) == {"source", "layer", "part"}, few.dims
assert few.attrs == original.attrs

with open(f"{folder}/all.json") as file:
    object = json.load(file)
for array in object["variables"]:
    values = numpy.array(array["values"], dtype=None if isinstance(array["values"][0], str) else float)
    wanted = original[array["name"]].values.ravel()
    if values.dtype.kind == "f":
        assert numpy.array_equal(values, wanted.astype(float), equal_nan=True), array["name"]
    else:
        assert [str(v) for v in wanted] == list(values), array["name"]
assert {array["name"] for array in object["variables"]} == set(original.data_vars)
