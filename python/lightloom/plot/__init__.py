"""Figures for papers: vector output, colours that everyone can tell apart, units as the results say them.

    import lightloom.plot as plot

    plot.accuracy("sweep.h5").figure.savefig("accuracy.pdf")
    plot.pareto("sweep.h5", x="energy", y="accuracy_chips_mean")

matplotlib is imported when the first figure is drawn. Every function takes `ax=` to draw on, and returns the axes.
"""

from .accuracy import accuracy, heat_map
from .costs import energy, front, pareto, roofline, time
from .devices import mesh, residuals, spectrum
from .timeline import timeline

__all__ = ["accuracy", "energy", "front", "heat_map", "mesh", "pareto", "residuals", "roofline", "spectrum", "time",
           "timeline"]
