"""Labelled results of the library as xarray."""
import numpy as np


def array(block):
    """The numbers of the library as a NumPy array, without a copy."""
    return np.asarray(block)


def _values(values, shape):
    return np.asarray(values, dtype=object).reshape(shape) if isinstance(values, list) else array(values)


def _attributes(unit, long_name):
    attributes = {}
    if unit:
        attributes["units"] = unit
    if long_name:
        attributes["long_name"] = long_name
    return attributes


def dataset(parts):
    """The xarray.Dataset of what the library calls labelled arrays; equal to the opened file of the same results."""
    try:
        import xarray
    except ImportError:
        raise ImportError("results are an xarray.Dataset, and xarray is not installed (Debian: python3-xarray)") from None
    coordinates = {name: ((name,), _values(values, -1), _attributes(unit, long_name))
                   for name, values, unit, long_name in parts["axes"]}
    variables = {name: (tuple(axes), _values(values, shape), _attributes(unit, long_name))
                 for name, axes, shape, values, unit, long_name in parts["variables"]}
    attributes = dict(parts["attributes"])
    places = str(attributes.pop("coordinates", "")).split()
    return xarray.Dataset(variables, coordinates, attributes).set_coords([name for name in places if name in variables])
