"""Rings, heaters and what warms what."""
from . import _lightloom
from ._arrays import flat, like, positive, real
from ._cards import card_of


class Ring:
    """An add-drop microring by its amplitudes, each in (0, 1].

    `self_coupling_in`, `self_coupling_drop`: what stays in the bus and in the drop guide per pass;
    `turn_amplitude`: what is kept in one turn. Phases are in rad from resonance, any shape.
    """

    def __init__(self, self_coupling_in=0.95, self_coupling_drop=0.95, turn_amplitude=0.999):
        self._ring = _lightloom.Ring(real(self_coupling_in, "self_coupling_in"),
                                     real(self_coupling_drop, "self_coupling_drop"), real(turn_amplitude, "turn_amplitude"))

    def through(self, phase_rad):
        """Power that stays in the bus, of 1."""
        return like(self._ring.through(flat(phase_rad, "phase_rad")), phase_rad)

    def drop(self, phase_rad):
        """Power in the drop guide, of 1."""
        return like(self._ring.drop(flat(phase_rad, "phase_rad")), phase_rad)

    def weight(self, phase_rad):
        """drop - through, what a balanced pair reads."""
        return self.drop(phase_rad) - self.through(phase_rad)

    def phase_for(self, weight):
        """The phase in [0, pi] at which `weight` is read, clipped to the ring's range."""
        return like(self._ring.phase_for(flat(weight, "weight")), weight)

    @property
    def finesse(self):
        """Free spectral range over full width at half maximum."""
        return self._ring.finesse()

    def quality(self, group_index, circumference_um, wavelength_nm):
        """Loaded quality factor."""
        return self._ring.quality(*_lengths(group_index, circumference_um, wavelength_nm))

    @staticmethod
    def fsr_nm(group_index, circumference_um, wavelength_nm):
        """Free spectral range in nm."""
        return _lightloom.ring_fsr_nm(*_lengths(group_index, circumference_um, wavelength_nm))


class Heater:
    """A thermo-optic shifter by the section ``heater`` of a card: {"pi_voltage_V": 4.36, ...} (docs/use/cards.md)."""

    def __init__(self, card=None, **set):
        self._heater = _lightloom.Heater(card_of({} if card is None else card, set)._tree)

    def phase(self, voltage_V):
        """Phase in rad at voltages of any shape."""
        return like(self._heater.phase(flat(voltage_V, "voltage_V")), voltage_V)

    def voltage(self, phase_rad):
        """Voltage (of the nearest code) for phases of at least 0 rad, clipped to what driver and heater reach."""
        return like(self._heater.voltage(flat(phase_rad, "phase_rad")), phase_rad)


class Crosstalk:
    """Thermal crosstalk by the section ``crosstalk`` of a mesh's card: {"kernel": "fitted", ...} (docs/use/cards.md)."""

    def __init__(self, card=None, **set):
        self._crosstalk = _lightloom.Crosstalk(card_of({} if card is None else card, set)._tree)

    def share(self, distance_um):
        """Phase of a guide at these distances per phase of the heated one."""
        return like(self._crosstalk.share(flat(distance_um, "distance_um")), distance_um)


def _lengths(*lengths):
    return [positive(value, name) for name, value in zip(("group_index", "circumference_um", "wavelength_nm"), lengths)]
