"""Accuracy against a swept axis, and matrices of two axes."""

import numpy

from .style import COLOURS, axes, label, matplotlib_pyplot, results, source_of, text, variable


def _swept(data):
    names = str(data.attrs.get("sweep_axes", ""))
    return [name for name in names.split(",") if name]


def _axis_of(data, axis):
    swept = _swept(data)
    if not swept:
        raise ValueError("these results are of one run: only those of `sweep` have an axis to draw against")
    if axis is None:
        return swept[0]
    if axis not in swept:
        raise ValueError(f"'{axis}' is not among the swept axes ({', '.join(swept)})")
    return axis


def _places(data):
    """Of a list of points (a random design): the swept keys, each with a value at every point."""
    swept = _swept(data)
    return [str(name) for name in data.coords if len(swept) == 1 and str(name) != swept[0] and data[name].dims == (swept[0],)]


def _others(data, axis, at):
    """Every combination of the other swept axes, those in `at` held: [(selection, label)]."""
    chosen = [{}]
    for name in _swept(data):
        if name == axis:
            continue
        if name in at:
            chosen = [{**c, name: at[name]} for c in chosen]
        else:
            chosen = [{**c, name: value} for c in chosen for value in data[name].values]
    described = lambda c: ", ".join(f"{k} {text([v])[0]}" for k, v in c.items() if k not in at)
    return [(c, described(c)) for c in chosen]


def _numeric(values):
    return numpy.issubdtype(values.dtype, numpy.number)


def accuracy(data, axis=None, at=None, ax=None):
    """Accuracy on chips against a swept key, with the 95 % interval of the mean over chips as a band.

    data: results of a sweep, xarray Dataset or path; axis: a swept axis (default: the first); at: {other
    axis: value} to hold it, else one line for each of its values. Dashed: the same weights without a chip.
    Of a list of points or a random design: a dot a point, its interval a bar, `at` picks points, and short
    dashes are the weights without a chip. Returns the matplotlib axes.
    """
    data = results(data)
    if _places(data):
        return _accuracy_of_points(data, axis, at or {}, ax)
    axis = _axis_of(data, axis)
    mean, digital = variable(data, "accuracy_chips_mean"), variable(data, "accuracy_source")
    ax = axes(ax)
    x = data[axis].values
    at_numbers = _numeric(data[axis])
    places = x if at_numbers else numpy.arange(len(x))
    for n, (where, name) in enumerate(_others(data, axis, at or {})):
        colour = COLOURS[n % len(COLOURS)]
        line = 100 * mean.sel(where).values
        ax.plot(places, line, "o-", color=colour, markersize=4, linewidth=1.4, label=name or "on chips")
        low, high = (100 * data[f"accuracy_chips_{side}"].sel(where).values for side in ("low", "high"))
        ax.fill_between(places, numpy.where(numpy.isnan(low), line, low), numpy.where(numpy.isnan(high), line, high),
                        color=colour, alpha=0.2, linewidth=0)
        ax.plot(places, 100 * digital.sel(where).values, "--", color=colour, linewidth=0.9)
    if not at_numbers:
        ax.set_xticks(places, text(x), rotation=20, ha="right")
    ax.set_xlabel(label(data[axis], axis))
    ax.set_ylabel("accuracy (%)")
    if ax.get_legend_handles_labels()[1] != ["on chips"]:
        ax.legend(frameon=False, fontsize=8)
    return ax


def _known(name, places):
    if name not in places:
        raise ValueError(f"'{name}' is not among the swept keys ({', '.join(places)})")
    return name


def _accuracy_of_points(data, axis, at, ax):
    places = _places(data)
    along = data[_known(axis if axis is not None else places[0], places)]
    mean, digital = (100 * variable(data, f"accuracy_{which}").values for which in ("chips_mean", "source"))
    if mean.ndim > 1:
        raise ValueError(f"every point has more than one accuracy ({', '.join(data['accuracy_chips_mean'].dims)}): choose by isel")
    low, high = (100 * data[f"accuracy_chips_{side}"].values for side in ("low", "high"))
    # A key that a point does not have is not-a-number or an empty word there.
    drawn = ~numpy.isnan(mean) & (~numpy.isnan(along.values) if _numeric(along) else numpy.array(text(along.values)) != "")
    for name, value in at.items():
        drawn &= data[_known(name, places)].values == value
    if not drawn.any():
        raise ValueError("no finished point has " + (", ".join(f"{k} {v}" for k, v in at.items()) or f"'{along.name}'"))
    x = along.values[drawn] if _numeric(along) else numpy.array(text(along.values[drawn]))
    ax = axes(ax)
    bars = numpy.nan_to_num([(mean - low)[drawn], (high - mean)[drawn]])  # a single chip has none
    ax.errorbar(x, mean[drawn], bars, fmt="o", color=COLOURS[0], markersize=4, linewidth=0.9, label="on chips")
    ax.plot(x, digital[drawn], "_", color=COLOURS[1], markersize=9, label="without a chip")
    ax.set_xlabel(label(along, along.name))
    ax.set_ylabel("accuracy (%)")
    ax.legend(frameon=False, fontsize=8)
    return ax


def heat_map(data, name, x=None, y=None, at=None, source=None, ax=None):
    """A variable over two swept axes as an annotated map; gains diverge about 1.

    name: a variable of the two axes ("accuracy_chips_mean", "energy_gain", ...); source: for variables by
    source, which one (default: the first, for gains the second: the first baseline).
    """
    data = results(data)
    values = variable(data, name)
    swept = [axis for axis in _swept(data) if axis in values.dims]
    x, y = x or (swept[-1] if swept else None), y or (swept[0] if swept else None)
    if x is None or x == y or x not in values.dims or y not in values.dims:
        raise ValueError(f"a map of '{name}' needs two swept axes; these results have {', '.join(swept) or 'none'}"
                         + (" (a list of points, no grid: see pareto and accuracy)" if _places(data) else ""))
    gain = name in ("speedup", "energy_gain")
    if "source" in values.dims:
        place = source_of(data, source, 1 if gain else 0)
        source, values = text(data["source"].values)[place], values.isel(source=place)
    values = values.sel(at or {}).transpose(y, x, ...)
    if values.ndim > 2:
        raise ValueError(f"'{name}' has the further axes {', '.join(values.dims[2:])}: hold them by at={{axis: value}}")
    return _draw_map(values, (x, y), gain, ax, f"{name}" + (f", {source}" if source else ""))


def _draw_map(values, names, gain, ax, title):
    x, y = names
    numbers = values.values
    ax = axes(ax, 1.6 + 0.75 * numbers.shape[1], 1.3 + 0.45 * numbers.shape[0])
    colours = matplotlib_pyplot().matplotlib.colors
    if gain:
        span = max(numpy.nanmax(numpy.abs(numpy.log(numbers))), 1e-9)
        image = ax.imshow(numpy.log(numbers), cmap="RdBu", norm=colours.Normalize(-span, span), aspect="auto", origin="lower")
    else:
        image = ax.imshow(numbers, cmap="viridis", aspect="auto", origin="lower")
    percent = title.startswith("accuracy")
    for (i, j), value in numpy.ndenumerate(numbers):
        if numpy.isnan(value):
            continue
        red, green, blue, _ = image.cmap(image.norm(numpy.log(value) if gain else value))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        shown = f"{100 * value:.1f}" if percent else f"{value:.3g}"
        ax.text(j, i, shown, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    for axis, name, ticks in ((ax.xaxis, x, values[x].values), (ax.yaxis, y, values[y].values)):
        axis.set_ticks(numpy.arange(len(ticks)), [f"{t:.4g}" if isinstance(t, (int, float, numpy.number)) else text([t])[0]
                                                  for t in ticks])
        axis.set_label_text(label(values[name], name))
    ax.spines[:].set_visible(False)
    ax.set_title(title.replace("_", " ") + (" (%)" if percent else ""), fontsize=9)
    return ax
