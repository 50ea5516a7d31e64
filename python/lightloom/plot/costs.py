"""Time, energy and fronts."""

import numpy

from .._arrays import flat
from .style import COLOURS, axes, component_colour, engineering, results, source_of, text, variable


def _bars(data, name, kind, unit, at, ax):
    values = variable(data, name)
    swept = [axis for axis in values.dims if axis not in ("source", kind)]
    values = values.sel(at or {})
    left = [axis for axis in swept if axis not in (at or {})]
    if left:
        raise ValueError(f"these results are of a sweep: hold {', '.join(left)} by at={{axis: value}}")
    values = values.transpose("source", kind)
    sources = text(data["source"].values)
    ax = axes(ax, 6.4, 1.2 + 0.32 * len(sources))
    factor, unit = engineering(values.sum(kind).values, unit)
    start = numpy.zeros(len(sources))
    for n, part in enumerate(text(data[kind].values)):
        width = factor * numpy.nan_to_num(values.isel({kind: n}).values)
        if width.max() < 0.002 * factor * float(values.sum(kind).max()):
            start += width  # too thin to be seen; the bar keeps its length
            continue
        ax.barh(sources, width, left=start, color=component_colour(part), edgecolor="white", linewidth=0.4, label=part)
        start += width
    ax.invert_yaxis()
    ax.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax, unit


def energy(data, at=None, ax=None):
    """Energy of one batch by source and component, as stacked bars. data: results or their path."""
    ax, unit = _bars(results(data), "energy_by_source", "component", "J", at, ax)
    ax.set_xlabel(f"energy ({unit})")
    return ax


def time(data, at=None, ax=None):
    """Time of one batch by source and what gives it, as stacked bars. data: results or their path."""
    ax, unit = _bars(results(data), "time_by_part", "part", "s", at, ax)
    ax.set_xlabel(f"time ({unit})")
    return ax


def front(x, y, larger_x=False, larger_y=True):
    """Indices of the points that no other is better than in both, in order of x (Pareto front).

    x, y: arrays of one length; not-a-number: never on the front. Of equal points the first.
    """
    x, y = flat(x, "x"), flat(y, "y")
    if x.shape != y.shape:
        raise ValueError(f"a front needs as many x as y, not {x.size} and {y.size}")
    cost, worth = (-x if larger_x else x), (y if larger_y else -y)
    order = numpy.lexsort((numpy.arange(x.size), -worth, cost))
    best, kept = -numpy.inf, []
    for i in order:
        if not (numpy.isnan(x[i]) or numpy.isnan(y[i])) and worth[i] > best:
            best = worth[i]
            kept.append(int(i))
    return numpy.array(kept, dtype=int)


def _more_is_better(name):
    return name.startswith(("accuracy", "r2_")) or "speedup" in name or "gain" in name


def pareto(data, x="energy", y="accuracy_chips_mean", source=None, ax=None):
    """All points of a sweep in two variables, the front among them marked and joined.

    Better is more of accuracies, R² and gains, less of all else (time, energy, area, bits, errors). source: which
    one of variables by source (default: the card's own), or a list of them, a colour each.
    """
    data = results(data)
    ax = axes(ax)
    found = [variable(data, name) for name in (x, y)]
    by_source = any("source" in values.dims for values in found)
    chosen = [source] if source is None or isinstance(source, str) or not by_source else list(source)
    unit = str(found[0].attrs.get("units", ""))
    largest = numpy.abs(found[0].values[numpy.isfinite(found[0].values)])
    factor, shown = engineering(largest, unit) if unit in ("J", "s") else (1.0, unit)
    percent = 100 if y.startswith("accuracy") else 1
    for n, one in enumerate(chosen):
        across, up = (v.values.ravel() for v in _aligned([_of_source(data, values, one) for values in found]))
        several = len(chosen) > 1
        ax.plot(factor * across, percent * up, "o", color=COLOURS[n % len(COLOURS)] if several else "#bdbdbd", markersize=4,
                alpha=0.35 if several else 1, label=one if several else "all points")
        best = front(across, up, larger_x=_more_is_better(x), larger_y=_more_is_better(y))
        ax.plot(factor * across[best], percent * up[best], "o-", color=COLOURS[n % len(COLOURS)], markersize=5, linewidth=1.2,
                label=f"front, {one}" if several else "front")
    ax.set_xlabel(x.replace("_", " ") + (f" ({shown})" if shown not in ("", "1") else ""))
    ax.set_ylabel(y.replace("_", " ") + (" (%)" if percent == 100 else ""))
    ax.legend(frameon=False, fontsize=8)
    return ax


def _of_source(data, values, source):
    if "source" not in values.dims:
        return values
    return values.isel(source=source_of(data, source))


def _aligned(found):
    dims = list(dict.fromkeys(axis for values in found for axis in values.dims))
    extra = [d for d in dims if d in ("chip", "layer", "component", "part", "stage", "state")]
    if extra:
        raise ValueError(f"a point of a front is one number: these variables have the axis {extra[0]}")
    import xarray

    return [v.transpose(*dims) for v in xarray.broadcast(*found)]


def roofline(data, source=None, at=None, ax=None):
    """Every layer's multiply-adds per second against those per DRAM byte, under what limits it."""
    data = results(data)
    place = source_of(data, source)
    pick = lambda name: variable(data, name).sel(at or {}).isel(source=place).values
    intensity, attained, roof = pick("layer_intensity"), pick("layer_attained"), pick("layer_roof")
    if intensity.ndim > 1:
        raise ValueError("these results are of a sweep: hold its axes by at={axis: value}")
    ax = axes(ax)
    for n, name in enumerate(text(data["layer"].values)):
        colour = COLOURS[n % len(COLOURS)]
        ax.plot([intensity[n]] * 2, [attained[n] / 1e12, roof[n] / 1e12], "-", color=colour, linewidth=0.8)
        ax.plot(intensity[n], roof[n] / 1e12, "_", color=colour, markersize=12, markeredgewidth=2)
        ax.plot(intensity[n], attained[n] / 1e12, "o", color=colour, markersize=5, label=name)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("multiply-adds per DRAM byte")
    ax.set_ylabel("10¹² multiply-adds per second\n(dot: attained, bar: its roof)")
    if len(intensity) <= 12:
        ax.legend(frameon=False, fontsize=7)
    return ax
