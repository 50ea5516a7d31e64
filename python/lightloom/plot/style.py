"""Colours, frames and data that all figures share."""

import importlib
import os

# Okabe and Ito (2008): told apart with every common form of colour blindness.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")
# One hue a group of components, wherever they are drawn: memory blue, generator green, core orange, rest grey.
_GROUPS = (
    ("DRAM latency", "#4a1486"), ("DRAM turnarounds", "#9e9ac8"), ("DRAM", "#08519c"), ("weight buffer", "#3182bd"), ("tile buffer", "#6baed6"), ("activation buffer", "#9ecae1"),
    ("buffer leakage", "#c6dbef"), ("generator laser", "#006d2c"), ("generator converters", "#31a354"),
    ("generator static", "#74c476"), ("generator", "#238b45"), ("settings", "#a1d99b"), ("decomposition", "#a1d99b"),
    ("programming", "#8c510a"), ("hold", "#bf812d"), ("laser", "#d94801"), ("input converters", "#f16913"),
    ("output converters", "#fd8d3c"), ("core static", "#fdae6b"), ("core", "#f16913"), ("accumulation", "#636363"),
    ("post processing", "#969696"),
)


def matplotlib_pyplot():
    """matplotlib.pyplot, imported only when a figure is drawn."""
    try:
        return importlib.import_module("matplotlib.pyplot")
    except ImportError as problem:
        raise ImportError("figures need matplotlib (Debian: python3-matplotlib)") from problem


def component_colour(name):
    """The colour of an energy component or of a part of the time, the same in every figure."""
    for start, colour in _GROUPS:
        if name.lower().startswith(start.lower()):
            return colour
    return "#bdbdbd"


def axes(given, width=5.0, height=3.4):
    """The axes to draw on: those given, or of a new figure of that size in inches."""
    if given is not None:
        return given
    figure, made = matplotlib_pyplot().subplots(figsize=(width, height), constrained_layout=True)
    made.spines[["top", "right"]].set_visible(False)
    made.locator_params(axis="x", nbins=6)
    return made


def opened(data):
    """An xarray Dataset as it is; the path of a results file is opened."""
    if not isinstance(data, (str, os.PathLike)):
        return data
    try:
        xarray = importlib.import_module("xarray")
    except ImportError as problem:
        raise ImportError("results files need xarray and h5netcdf (Debian: python3-xarray, python3-h5netcdf)") from problem
    with xarray.open_dataset(data, engine="h5netcdf") as file:
        return file.load()


def results(data):
    """The xarray Dataset of results, or of the path of their file."""
    data = opened(data)
    if not (hasattr(data, "variables") and hasattr(data, "attrs")):
        raise ValueError(f"results are an xarray.Dataset or the path of a file, not {type(data).__name__}")
    return data


def source_of(data, source, default=0):
    """The place of a source among those of the results; a ValueError names them."""
    labels = text(variable(data, "source").values)
    if source is None:
        return min(default, len(labels) - 1)
    if source not in labels:
        raise ValueError(f"there is no source '{source}' (these results have {', '.join(labels)})")
    return labels.index(source)


def variable(data, name):
    """A variable of a results file; a ValueError names the nearest one there is."""
    if name in data.variables:
        return data[name]
    import difflib

    near = difflib.get_close_matches(name, [str(v) for v in data.variables], 1)
    raise ValueError(f"these results have no '{name}'" + (f" (did you mean {near[0]}?)" if near else ""))


def label(values, fallback=""):
    """Name and unit of an axis or variable, as the file says them."""
    name = str(values.attrs.get("long_name") or values.name or fallback)
    unit = str(values.attrs.get("units", ""))
    return name if unit in ("", "1") else f"{name} ({unit})"


def engineering(values, unit):
    """(factor, unit) that bring the largest value into 1 ... 1000."""
    largest = max((abs(float(v)) for v in values if v == v), default=0.0)
    for power, prefix in ((0, ""), (-3, "m"), (-6, "µ"), (-9, "n"), (-12, "p")):
        if largest >= 10.0**power:
            return 10.0**-power, prefix + unit
    return 1.0, unit


def text(values):
    """Labels of an axis as text."""
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]
