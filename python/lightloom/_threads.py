"""How many threads the library uses."""
import os

from . import _lightloom
from ._arrays import count as whole


def set_threads(count: int = 0) -> int:
    """Uses that many threads from now on, 0: one a core of the machine. Returns how many OpenMP gives.

    Results do not depend on it, but for trainings, whose sums a library adds in another order.
    """
    return _lightloom.take_threads(whole(count, "count", 0, 2**31 - 1))


def threads() -> int:
    """How many threads the library uses."""
    return _lightloom.threads()


if not os.environ.get("OMP_NUM_THREADS"):
    set_threads(0)
