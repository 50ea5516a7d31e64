"""Co-simulation of photonic accelerators that regenerate their weights on chip.

Cards in, labelled results out, as ``lightloom`` on the command line::

    import lightloom
    card = lightloom.Card("data/experiments/quickstart.yaml")
    card.core.rows = 32
    costs = lightloom.cost(card)                  # an xarray.Dataset
    costs.time.sel(source="multilevel")

Wrong input raises `Error` (a ValueError) or, for cards, `CardError` with all ``problems``; work
that cannot be done raises `Failure`. Long calls release the interpreter's lock, end on Ctrl-C and
draw a bar where tqdm is installed. Results repeat to the bit those of the command line.
"""
import os as _os

# Cards that came with the package are found as those of an installed program are.
_share = _os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "share")
if _os.path.isdir(_share):
    _os.environ.setdefault("LIGHTLOOM_SHARE", _share)

# As the program does: idle threads spin for some 50 us, not for milliseconds, unless the user has said how they wait. libgomp
# reads it when it is loaded, which is now unless something else has loaded it.
if "OMP_WAIT_POLICY" not in _os.environ:
    _os.environ.setdefault("GOMP_SPINCOUNT", "1000")

from . import calibration, memory, photonic  # noqa: E402
from ._cards import Card  # noqa: E402
from ._images import images  # noqa: E402
from ._lightloom import CardError, Error, Failure  # noqa: E402
from ._lightloom import version as __version__  # noqa: E402
from ._studies import cost, ratio, run, search, sweep, timeline, validate  # noqa: E402
from ._threads import set_threads, threads  # noqa: E402

__all__ = ["Card", "CardError", "Error", "Failure", "calibration", "cost", "images", "memory", "photonic", "ratio",
           "run", "search", "set_threads", "sweep", "threads", "timeline", "validate", "__version__"]
