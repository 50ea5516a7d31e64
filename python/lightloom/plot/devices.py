"""Meshes with their phases, spectra of rings, residuals of fits."""

import numpy

from .._arrays import flat, numbers, positive
from .style import COLOURS, axes, matplotlib_pyplot, opened


def mesh(settings, ax=None):
    """A mesh as drawn in papers: a crossing for every device, coloured by theta, by column.

    settings: the file of `lightloom decompose -o`, its Dataset, or anything with column, top, bottom, theta (per
    device) and screen (per mode).
    """
    settings = opened(settings)
    get = (lambda name: numpy.asarray(settings[name])) if hasattr(settings, "variables") or isinstance(settings, dict) \
        else (lambda name: numpy.asarray(getattr(settings, name)))
    try:
        column, top, bottom, theta, screen = (get(name) for name in ("column", "top", "bottom", "theta", "screen"))
    except (AttributeError, KeyError) as absent:
        raise ValueError(f"a mesh has column, top, bottom, theta and screen, not all of which {type(settings).__name__} has ({absent})") from None
    modes, columns = len(screen), int(column.max()) + 1 if len(column) else 0
    ax = axes(ax, 1.5 + 0.55 * columns, 0.8 + 0.35 * modes)
    norm = matplotlib_pyplot().matplotlib.colors.Normalize(0, numpy.pi)
    colours = matplotlib_pyplot().get_cmap("cividis")
    busy = {(int(c), int(m)) for c, t, b in zip(column, top, bottom) for m in (t, b)}
    for mode in range(modes):
        ax.plot([-0.4, -0.2], [mode, mode], color="#555555", linewidth=1)
        ax.plot([columns - 0.2, columns], [mode, mode], color="#555555", linewidth=1)
        for c in range(columns):
            ax.plot([c + 0.6, c + 0.8], [mode, mode], color="#555555", linewidth=1)
            if (c, mode) not in busy:
                ax.plot([c - 0.2, c + 0.6], [mode, mode], color="#555555", linewidth=1)
    for c, upper, lower, angle in zip(column, top, bottom, theta):
        colour = colours(norm(abs(float(angle))))
        for start, end in ((upper, lower), (lower, upper)):
            ax.plot([c - 0.2, c + 0.1, c + 0.3, c + 0.6], [start, start + 0.35 * (end - start), start + 0.65 * (end - start), end],
                    color=colour, linewidth=1.8, solid_capstyle="round")
    ax.invert_yaxis()
    ax.set_yticks(range(modes))
    ax.set_xticks([])
    ax.set_ylabel("mode")
    ax.spines[:].set_visible(False)
    scale = matplotlib_pyplot().cm.ScalarMappable(norm, colours)
    bar = ax.figure.colorbar(scale, ax=ax, label="|θ| (rad)", ticks=[0, numpy.pi / 2, numpy.pi], shrink=0.8)
    bar.ax.set_yticklabels(["0", "π/2", "π"])
    return ax


def spectrum(wavelength_nm, power, fit=None, decibels=False, ax=None):
    """Readings of a ring against wavelength, and a fitted curve of the same length over them."""
    wavelength, power = numbers(wavelength_nm, "wavelength_nm", 1), numbers(power, "power", 1)
    fit = None if fit is None else numbers(fit, "fit", 1)
    for name, given in (("power", power), ("fit", fit)):
        if given is not None and given.shape != wavelength.shape:
            raise ValueError(f"a spectrum has as many numbers of {name} as of wavelength_nm, not {given.size} and {wavelength.size}")
    shown = (lambda p: 10 * numpy.log10(numpy.maximum(p, 1e-30))) if decibels else (lambda p: p)
    ax = axes(ax)
    ax.plot(wavelength, shown(power), ".", color="#888888", markersize=2, label="measured")
    if fit is not None:
        ax.plot(wavelength, shown(fit), "-", color=COLOURS[3], linewidth=1.2, label="fit")
        ax.legend(frameon=False, fontsize=8)
    ax.set_xlabel("wavelength (nm)")
    ax.set_ylabel("power (dB)" if decibels else "power")
    return ax


def residuals(values, sigma=None, ax=None):
    """Residuals of a fit in order, and beside them their histogram with the normal law of the stated noise.

    values: measured minus fitted; sigma: the noise that the readings were said to have (default: their own); ax: two
    axes. Returns both: of the series and of the histogram.
    """
    values = flat(values, "values")
    if not numpy.isfinite(values).all() or values.size < 2:
        raise ValueError("residuals must be at least two finite numbers")
    own = float(values.std())
    sigma = own if sigma is None else positive(sigma, "sigma")
    if ax is None:
        _, ax = matplotlib_pyplot().subplots(1, 2, figsize=(6.4, 2.8), width_ratios=(2, 1), sharey=True, constrained_layout=True) \
            if _takes_ratios() else matplotlib_pyplot().subplots(1, 2, figsize=(6.4, 2.8), sharey=True, constrained_layout=True)
    series, side = ax
    series.plot(values, ".", color=COLOURS[0], markersize=3)
    series.axhspan(-2 * sigma, 2 * sigma, color="#dddddd", zorder=0)
    series.set_xlabel("reading")
    series.set_ylabel("measured − fitted")
    side.hist(values, bins=min(60, max(10, values.size // 20)), orientation="horizontal", density=True, color=COLOURS[4])
    grid = numpy.linspace(-4 * sigma, 4 * sigma, 201)
    side.plot(numpy.exp(-grid**2 / (2 * sigma**2)) / (sigma * numpy.sqrt(2 * numpy.pi)), grid, color=COLOURS[3], linewidth=1.2)
    side.set_xlabel("density")
    series.set_title(f"rms {own:.3g}, stated {sigma:.3g}", fontsize=9)
    for one in (series, side):
        one.spines[["top", "right"]].set_visible(False)
    return series, side


def _takes_ratios():
    version = matplotlib_pyplot().matplotlib.__version__.split(".")
    return (int(version[0]), int(version[1])) >= (3, 6)
