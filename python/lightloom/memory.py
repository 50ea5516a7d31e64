"""DRAM at command level, and on-chip buffers."""
import numpy as np

from . import _lightloom
from ._arrays import count, integers, text
from ._cards import card_of
from ._lightloom import Error
from ._results import array

__all__ = ["Dram", "buffer", "patterns"]


def patterns():
    """Names of the request patterns; each may end in _every<n>: a request every n cycles."""
    return list(_lightloom.pattern_names())


class Dram:
    """A DRAM by its card: a path, a dict, a `lightloom.Card`, or a memory's card with a section ``dram``.

    Further arguments set keys of the card.
    """

    def __init__(self, card, **set):
        self.card = card_of(card, set)
        self._dram = _lightloom.Dram(self.card._tree)
        self._last = None

    @property
    def peak_GBps(self):
        """Peak bandwidth of all channels in GB/s."""
        return self._dram.peak_GBps

    @property
    def atom_bytes(self):
        """Bytes of one burst: what one request transfers."""
        return self._dram.atom_bytes

    @property
    def clock_ns(self):
        """Period of the command clock in ns."""
        return self._dram.clock_ns

    def run(self, requests, *, count=100000, seed=None):
        """Runs requests to their end, ``lightloom memory`` in memory: a dict of its JSON keys.

        `requests`: the name of a pattern (`patterns`), of which `count` requests run with `seed`
        (None: that of the reference runs); or (cycles, addresses, writes), arrays of equal length:
        arrival in command-clock cycles (whole numbers that never fall), bytes, and whether it is a
        write. cycles, time_s, bandwidth_GBps, latency_cycles of reads, row_hits, activates,
        energy_pJ by part (None where the card gives none), bound_by, ...
        """
        if isinstance(requests, str):
            self._last = self._dram.run_pattern(text(requests, "the pattern"), _count(count, "count", 1, 10**10),
                                                None if seed is None else _count(seed, "seed"))
        else:
            self._last = self._dram.run_requests(*_requests(requests))
        found = self._dram.found(self._last)
        return {name: array(value) if isinstance(value, _lightloom.Array) else value for name, value in found.items()}

    def advise(self):
        """Sentences on what bound the last `run`, and how other address mappings would do with its pattern.

        A dict of "advice" (texts) and "mappings" (dicts of mapping, bandwidth_GBps, row_hit_share,
        bound_by; none after a list of requests).
        """
        if self._last is None:
            raise Error("there is nothing to advise on yet (call run first)")
        return self._dram.advice(self._last)


def buffer(card=None, **set):
    """Figures of an on-chip buffer: the section ``weight_buffer`` of a memory's card as a dict, or keys of it.

    ``buffer(capacity_KB=256, node_nm=22)``. Returns read_pJ and write_pJ of one word, leakage_mW,
    refresh_mW, area_mm2, access_ns, cycle_ns and bandwidth_GBps.
    """
    return _lightloom.buffer_figures(card_of({} if card is None else card, set)._tree)


_count = count


def _requests(requests):
    if not isinstance(requests, (tuple, list)) or len(requests) != 3:
        raise Error("requests are the name of a pattern, or three arrays: (cycles, addresses, writes)")
    cycles, addresses, writes = requests
    addresses = integers(addresses, "addresses")
    cycles = np.zeros_like(addresses) if cycles is None else integers(cycles, "cycles")
    writes = np.zeros_like(addresses) if writes is None else integers(writes, "writes")
    return cycles, addresses, writes
