"""Chips from measurements: measure, fit, program, and choose what to measure next.

A laboratory's loop runs closed in one script::

    data = Measurements(voltages, powers)              # of one's own bench, or of a VirtualChip
    device, about = fit(data)
    more = device.design(settings=8)["voltages_V"]     # measure these next
    set = device.program(U)["voltages_V"]
"""
import numpy as np

from . import _lightloom
from ._arrays import count, items, numbers, one_of, positive, real, text
from ._cards import Card, card_of
from ._lightloom import Error
from ._results import array

__all__ = ["Device", "Measurements", "VirtualChip", "fit"]


class Measurements:
    """What a laboratory hands over.

    `voltages_V`: (settings, heaters), in V; heater 2k is theta of device k in the order of light,
    2k + 1 its phi. `readings`: (settings, inputs, ports), powers in units of a full-scale input that
    loses nothing. `fields`: (inputs, ports) complex, the light sent in; None: one port at a time.
    `monitor`: (settings), source power relative to its nominal one. `noise`: {"thermal": 2e-4,
    "shot": 0, "relative": 0.01}. `sweeps`: dicts of single heaters swept alone (heater, input,
    output, base_V, volts, readings), from which a fit starts. `notes`: texts; topology,
    heater_pitch_um, port_pitch_um, pi_voltage_V and device_loss_db say what the chip is
    (docs/use/calibration.md). Two measurements of one chip add up by ``+``.
    """

    def __init__(self, voltages_V, readings, *, fields=None, monitor=None, noise=None, sweeps=(), notes=None):
        voltages = numbers(voltages_V, "voltages_V", 2)
        powers = numbers(readings, "readings", 3)
        light = np.eye(powers.shape[2], dtype=complex) if fields is None else numbers(fields, "fields", 2, np.complex128)
        _check_heaters(voltages.shape[1], powers.shape[2])
        self._data = _lightloom.Measurements(voltages, powers, light)
        if monitor is not None:
            self._data.set_monitor(numbers(monitor, "monitor", 1))
        if noise is not None:
            self._data.set_noise(card_of(noise, {})._tree)
        for sweep in items(sweeps, "sweeps"):
            self._data.add_sweep(_sweep(sweep))
        if notes is not None:
            self._data.notes = _notes(notes)

    @classmethod
    def _of(cls, data):
        made = cls.__new__(cls)
        made._data = data
        return made

    @property
    def settings(self):
        """How many settings there are."""
        return self._data.settings

    @property
    def voltages_V(self):
        """(settings, heaters), in V."""
        return array(self._data.voltages)

    @property
    def readings(self):
        """(settings, inputs, ports)."""
        return array(self._data.readings)

    @property
    def notes(self):
        """Texts about the chip and the laboratory."""
        return dict(self._data.notes)

    @property
    def sweeps(self):
        """Single heaters swept alone, a dict each."""
        return [{key: array(value) if isinstance(value, _lightloom.Array) else value for key, value in sweep.items()}
                for sweep in self._data.sweeps]

    def with_sweeps(self, sweeps):
        """The same with more sweeps of single heaters."""
        made = self._of(self._data.copy())
        for sweep in items(sweeps, "sweeps"):
            made._data.add_sweep(_sweep(sweep))
        return made

    def __add__(self, other):
        if not isinstance(other, Measurements):
            return NotImplemented
        return self._of(self._data.joined(other._data))

    def __len__(self):
        return self.settings


def fit(data, card=None, *, start=None, **set):
    """The chip that measurements tell: (`Device`, dict about the fit), ``lightloom calibrate fit`` in memory.

    `card`: {"chip": ..., "laboratory": ..., "fit": ...} of a calibration card, over what the notes of
    the data say. `start`: an earlier `Device` in the place of sweeps. Further arguments set keys of the
    card (``fit__huber=3``). The dict: converged, chi2_per_dof, readings, outliers, free_parameters,
    unknowns, rank, held_out, and texts: warnings, notes, needed. Raises `lightloom.Error` for data that
    cannot be fitted, in words.
    """
    if not isinstance(data, Measurements):
        raise Error(f"a fit needs Measurements, not {type(data).__name__}")
    if start is not None and not isinstance(start, Device):
        raise Error(f"start is a Device, not {type(start).__name__}")
    tree = card_of({} if card is None else card, set)._tree
    device, about = _lightloom.fit(data._data, tree, None if start is None else start._device)
    return Device._of(device), about


class Device:
    """A chip with known parameters: fitted, or read from a device card (a path, a dict or a `lightloom.Card`)."""

    def __init__(self, card):
        self._device = _lightloom.Device(card_of(card, {})._tree)

    @classmethod
    def _of(cls, device):
        made = cls.__new__(cls)
        made._device = device
        return made

    @property
    def ports(self):
        """Ports on either side."""
        return self._device.ports

    @property
    def heaters(self):
        """Heaters: two a device of the mesh."""
        return self._device.heaters

    @property
    def parameters(self):
        """By kind (gamma, phi_0, alpha, ...): a dict of value, sigma (standard deviation, 0 where held) and unit."""
        return {kind: {"value": array(one["value"]), "sigma": array(one["sigma"]), "unit": one["unit"]}
                for kind, one in self._device.parameters().items()}

    def card(self):
        """The device as a `lightloom.Card`, as ``lightloom calibrate fit`` writes it."""
        made = Card({})
        object.__setattr__(made, "_tree", self._device.card())
        return made

    def matrix(self, voltages_V):
        """The fields' matrix at voltages (heaters), complex128 (ports, ports), port couplings left out."""
        return array(self._device.matrix(numbers(voltages_V, "voltages_V", 1)))

    def program(self, U, *, max_voltage_V=6.5, target="unitary", tolerance=0.0):
        """Voltages that make the chip do `U`, (ports, ports) complex: a dict.

        voltages_V (heaters), out_of_range (heaters that would need more than `max_voltage_V`),
        unreachable (devices that cannot make their ratio), expected_error (Frobenius over the root of
        the ports, up to phases at the ports), rounded. `target`: "unitary", or "nearest" for any
        square matrix.
        """
        found = self._device.program(numbers(U, "U", 2, np.complex128), positive(max_voltage_V, "max_voltage_V"),
                                     one_of(target, "target", ("unitary", "nearest")), real(tolerance, "tolerance", 0))
        return {**found, "voltages_V": array(found["voltages_V"])}

    def design(self, settings=8, *, candidates=None, max_voltage_V=6.5, seed=0):
        """The settings that would tell most about the chip: a dict.

        voltages_V (settings, heaters), gain of each (natural log), unknowns, mean_shrink of the
        standard deviations, and mean_shrink_random with as many random settings. `candidates`:
        random ones to choose among (5 for each).
        """
        wanted = count(settings, "settings", 1, 1000)
        drawn = count(5 * wanted if candidates is None else candidates, "candidates", 1, 10000)
        found = self._device.design(wanted, drawn, positive(max_voltage_V, "max_voltage_V"), count(seed, "seed"))
        return {**found, "voltages_V": array(found["voltages_V"]), "gain": array(found["gain"])}


class VirtualChip:
    """A simulated chip in a simulated laboratory, by a calibration card (data/calibration/virtual-16.yaml).

    `card` may also be that of an mzi-mesh core, or of a device, which then is the truth.
    """

    def __init__(self, card, **set):
        self._chip = _lightloom.Laboratory(card_of(card, set)._tree)

    @property
    def ports(self):
        """Ports on either side."""
        return self._chip.ports

    @property
    def heaters(self):
        """Heaters: two a device of the mesh."""
        return self._chip.heaters

    @property
    def max_voltage_V(self):
        """What the drivers give at most."""
        return self._chip.max_voltage_V

    def random_voltages(self, settings, seed=0):
        """Voltages with V^2 uniform up to the drivers' limit: (settings, heaters)."""
        return array(self._chip.random_voltages(count(settings, "settings", 1, 10**6), count(seed, "seed")))

    def measure(self, voltages_V):
        """`Measurements` at voltages (settings, heaters), every port lit in turn; noise and drift go on with time."""
        return Measurements._of(self._chip.measure(numbers(voltages_V, "voltages_V", 2)))

    def sweep(self):
        """Every heater swept alone, knowing the design values only: (list of sweeps, problems in words)."""
        sweeps, problems = self._chip.sweep()
        return [{key: array(value) if isinstance(value, _lightloom.Array) else value for key, value in sweep.items()}
                for sweep in sweeps], problems

    @property
    def truth(self):
        """The hidden chip as a `Device`, to compare with."""
        return Device._of(self._chip.truth())


def _check_heaters(heaters, ports):
    """Two heaters a device, and as many devices as a mesh of these ports has."""
    known = {ports * (ports - 1): "clements or reck"}
    if ports & (ports - 1) == 0:
        known.setdefault(ports * (ports.bit_length() - 1), "butterfly")
    if ports < 2:
        raise Error(f"readings are of {ports} port{'s' * (ports != 1)} (a mesh has at least two)")
    if heaters not in known:
        raise Error(f"voltages_V has {heaters} columns, and readings are of {ports} ports (a mesh of {ports} ports has "
                    + " or ".join(f"{count} heaters as {mesh}" for count, mesh in known.items()) + ", two a device)")


def _notes(given):
    try:
        pairs = dict(given)
    except (TypeError, ValueError):
        raise Error(f"notes are {given!r} but must be a dict of texts") from None
    return {text(str(key), "a note"): text(str(value), "a note") for key, value in pairs.items()}


def _sweep(given):
    if not isinstance(given, dict):
        raise Error(f"a sweep is a dict, not {type(given).__name__}")
    known = ("heater", "input", "output", "base_V", "volts", "readings")
    for key in known:
        if key not in given:
            raise Error(f"a sweep has no '{key}' (it needs {', '.join(known)})")
    sweep = {key: count(given[key], key, 0, 2**31 - 1) for key in known[:3]}
    return {**sweep, **{key: numbers(given[key], key, 1) for key in known[3:]}}
