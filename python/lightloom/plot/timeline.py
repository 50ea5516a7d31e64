"""The schedule of a network: what every stage does when."""

import numpy

from .style import COLOURS, axes, engineering, matplotlib_pyplot, results, text, variable


def timeline(data, layers=None, window=None, ax=None):
    """Which tile every stage of the pipeline has at what time, coloured by layer.

    data: an xarray Dataset of `lightloom.timeline`; layers: names of those to draw (default: all); window:
    (start, end) in s, drawn alone. Stages that every core has for itself are drawn in as many lanes, core 0
    at the top. Returns the matplotlib axes.
    """
    data = results(data)
    start, end = (variable(data, name).transpose("visit", "stage").values for name in ("start", "end"))
    of, names = variable(data, "visit_layer").values, text(data["layer"].values)
    chosen = numpy.isin(of, _numbers(names, layers))
    low, high = window or (float(start[chosen].min()), float(end[chosen].max()))
    if not high > low:
        raise ValueError(f"the window from {low} to {high} s holds no time (its end must lie behind its start)")
    factor, unit = engineering([high], "s")
    stages, core, cores = text(data["stage"].values), variable(data, "visit_core").values, int(data["visit_core"].max()) + 1
    lanes = [cores if stage in ("program", "compute") else 1 for stage in stages]
    ax = axes(ax, 7.2, 1.1 + 0.3 * len(stages) + 0.1 * (cores > 4))
    for row, count in enumerate(lanes):
        shown = chosen & (end[:, row] > start[:, row]) & (start[:, row] < high) & (end[:, row] > low)
        for lane in range(count):
            here = shown & (core == lane) if count > 1 else shown
            first, last = numpy.maximum(start[here, row], low), numpy.minimum(end[here, row], high)
            ax.broken_barh(list(zip(factor * first, factor * (last - first))), (row - 0.4 + 0.8 * lane / count, 0.8 / count),
                           facecolors=[COLOURS[n % len(COLOURS)] for n in of[here]], edgecolor="white",
                           linewidth=0.4 if shown.sum() < 150 else 0)
    ax.set_yticks(range(len(stages)), [f"{name}, {count} cores" if count > 1 else name for name, count in zip(stages, lanes)])
    ax.invert_yaxis()
    ax.set_xlim(factor * low, factor * high)
    ax.set_xlabel(f"time ({unit})")
    drawn = chosen & (start.min(axis=1) < high) & (end.max(axis=1) > low)
    _legend(ax, names, numpy.unique(of[drawn]))
    return ax


def _numbers(names, layers):
    wanted = names if layers is None else [layers] if isinstance(layers, str) else list(layers)
    for name in wanted:
        if name not in names:
            raise ValueError(f"there is no layer '{name}' (this schedule has {', '.join(names)})")
    if not wanted:
        raise ValueError("no layer is to be drawn (layers names some, or is None)")
    return [names.index(name) for name in wanted]


def _legend(ax, names, drawn):
    """The layers that are seen, while they can be told apart."""
    if len(drawn) > len(COLOURS):
        return
    keys = [matplotlib_pyplot().Rectangle((0, 0), 1, 1, color=COLOURS[n % len(COLOURS)]) for n in drawn]
    ax.legend(keys, [names[n] for n in drawn], frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
