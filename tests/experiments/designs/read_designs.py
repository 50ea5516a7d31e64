#!/usr/bin/python3
"""Opens the sweeps that Designs.OpenInXarray... writes and checks what xarray makes of them."""
import sys

try:
    import numpy
    import xarray
except ImportError:
    sys.exit(77)

random = xarray.open_dataset(sys.argv[1], engine="h5netcdf")
assert random["time"].dims == ("point", "source"), random["time"].dims
assert list(random["point"].values) == list(range(1, 24)), random["point"]
assert {"batch", "bandwidth_scale"} <= set(random.coords), list(random.coords)
assert random["batch"].dims == ("point",) and random["batch"].attrs["long_name"] == "batch", random["batch"]
assert random["bandwidth_scale"].attrs["units"] == "1", random["bandwidth_scale"]
assert random.attrs["sweep_axes"] == "point", random.attrs
# Points with a coordinate of their own are chosen by it, and other axes by theirs.
few = random["time"].where(random["batch"] < 8, drop=True)
assert 0 < few.sizes["point"] < 23, few.sizes
assert numpy.isfinite(few.values).all()

when = xarray.open_dataset(sys.argv[2], engine="h5netcdf")
assert [str(name) for name in when["core"].values] == ["ring"] * 5 + ["{kind: ideal, rows: 8}"], when["core"]
assert numpy.isnan(when["batch"].values).tolist() == [False] * 5 + [True], when["batch"]
assert list(when["batch"].values[:5]) == [1, 2, 2, 3, 3], when["batch"]
assert numpy.isnan(when["bits"].values).tolist() == [True] + [False] * 4 + [True], when["bits"]
