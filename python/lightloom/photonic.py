"""Meshes, tensor cores and devices.

Matrices go in as NumPy arrays of any real or complex type and layout and come out as complex128 or
float32 without a further copy. What is wrong with one raises `lightloom.Error`.
"""
import numpy as np

from . import _lightloom
from ._arrays import count, flat, like, numbers, one_of, real
from ._cards import card_of
from ._lightloom import Error
from ._results import array, dataset

__all__ = ["Core", "Crosstalk", "Heater", "MatrixOnChip", "Mesh", "Ring", "decompose", "haar"]

_CONVENTIONS = ("lightloom", "perceval", "strawberryfields", "strawberryfields-symmetric", "strawberryfields-compact",
                "interferometer", "neurophox")


def haar(n, seed=0, shot=0):
    """A Haar-random unitary, (n, n) complex128; a pure function of n, `seed` and `shot`. n: 1 to 4096."""
    return array(_lightloom.haar(count(n, "n", 1, 4096), count(seed, "seed"), count(shot, "shot")))


def decompose(U, mesh="clements", device="mzi", target="unitary", tolerance=0.0):
    """A matrix as a `Mesh` of interferometers, ``lightloom decompose`` in memory.

    `U`: (N, N) complex, unitary to `tolerance` (largest element of U U^H - 1; 0: 2e-6 sqrt(N)); any
    (rows, columns) with ``target="svd"``; N up to 4096. `mesh`: "clements", "reck" or "butterfly"
    (N a power of two). `device`: "mzi", "three-splitter", "crossing" or "compact". `target`:
    "unitary", "nearest" (the nearest unitary is made) or "svd" (two meshes and attenuators between).
    Raises `lightloom.Error` for what is not unitary, not finite, empty or of a wrong shape.
    """
    words = {"mesh": mesh, "device": device, "target": target, "tolerance": real(tolerance, "tolerance", 0)}
    for name in ("mesh", "device", "target"):
        if not isinstance(words[name], str):
            raise Error(f"{name} is {words[name]!r} but must be a word")
    return Mesh(_lightloom.decompose(numbers(U, "U", 2, np.complex128), words))


class Mesh:
    """A matrix as phases of a mesh, from `decompose`.

    Phases are in rad, by device in the order of light: device k joins the modes ``top[k]`` and
    ``bottom[k]`` in column ``column[k]``; ``screen`` stands behind the last column, by mode. With
    target="svd" these are of the mesh that light meets first, and `left` holds those of the other.
    """

    def __init__(self, found):
        self._found = found
        self._phases = found.phases("right")

    def __getattr__(self, name):
        if name in ("theta", "phi", "screen", "outer", "column", "top", "bottom"):
            return array(self._phases[name])
        raise AttributeError(f"a Mesh has no '{name}'")

    def __repr__(self):
        return f"<Mesh of {self.modes} modes, {self.devices} devices in {self.columns} columns, error {self.error:.3g}>"

    @property
    def modes(self):
        """Modes of the larger mesh."""
        return self._found.modes

    @property
    def devices(self):
        """Interferometers, attenuators included."""
        return self._found.devices

    @property
    def columns(self):
        """Depth of the larger mesh in devices."""
        return self._found.columns

    @property
    def error(self):
        """||U - matrix()||_F / sqrt(N)."""
        return self._found.error

    @property
    def distance_from_unitary(self):
        """Largest element of |U U^H - 1| of the matrix given; -1 where it is not square."""
        return self._found.distance_from_unitary

    @property
    def rounded(self):
        """Whether the matrix was unitary only as rounded numbers are, and the nearest unitary is made."""
        return self._found.rounded

    @property
    def attenuation(self):
        """target="svd": amplitudes in [0, 1] between the meshes."""
        return array(self._found.attenuation)

    @property
    def scale(self):
        """target="svd": factor in front of the product."""
        return self._found.scale

    @property
    def left(self):
        """target="svd": the phases of the mesh behind the attenuators, a dict of arrays."""
        return {name: array(block) for name, block in self._found.phases("left").items()}

    def matrix(self, theta=None, phi=None, screen=None):
        """What ideal devices make of the phases, complex128 (rows, columns).

        Phases given (rad, as many as the mesh has) stand in the place of its own: with noise on
        them, say.
        """
        given = {"theta": theta, "phi": phi, "screen": screen}
        if all(phases is None for phases in given.values()):
            return array(self._found.matrix())
        return array(self._found.rebuilt_with(
            {name: None if phases is None else numbers(phases, name, 1) for name, phases in given.items()}))

    def heated(self, crosstalk, *, mode_um=25.0, column_um=300.0, aware=False):
        """What the mesh does when its heaters warm one another, complex128 (N, N).

        `crosstalk`: the section ``crosstalk`` of a mesh's card, {"kernel": "exponential",
        "strength": 0.05, "decay_um": 60} (docs/use/cards.md). Modes lie `mode_um` apart, columns
        `column_um`. `aware`: phases are set with the crosstalk known. Of one mesh of plain MZIs.
        """
        return array(self._found.heated(card_of(crosstalk, {})._tree,
                                        (real(mode_um, "mode_um"), real(column_um, "column_um")),
                                        "aware" if aware else "as set"))

    def to(self, convention):
        """The phases as another program speaks of them: a dict of arrays.

        `convention`: "perceval", "strawberryfields", "strawberryfields-symmetric",
        "strawberryfields-compact" (device="compact"), "interferometer", "neurophox" or "lightloom"
        (docs/use/decompose.md says what each means).
        """
        return {name: array(block) for name, _, _, block, _, _ in self._parts(convention)["variables"]
                if not isinstance(block, list)}

    def dataset(self, convention="lightloom"):
        """The same as the xarray.Dataset that ``lightloom decompose --output`` writes."""
        return dataset(self._parts(convention))

    def _parts(self, convention):
        return self._found.to(one_of(convention, "convention", _CONVENTIONS))


class Core:
    """A tensor core: what chips of it make of weights, and how they multiply.

    `card`: the path of a core's card, a dict or a `lightloom.Card`; further arguments set its keys.
    `seed`: of its chips; the same seed, chip and layer give the same chip as the command line's.
    """

    def __init__(self, card, *, seed=0, **set):
        self.card = card_of(card, set)
        self._core = _lightloom.Core(self.card._tree, count(seed, "seed"))

    @property
    def description(self):
        """What is fixed about the core: a dict of kind, rows, columns, coding, converter bits, times in ns, energies in
        pJ, powers in mW and areas in mm2."""
        return self._core.description()

    def realise(self, W, chip=0, *, layer=0, write=0):
        """The weights that chip number `chip` multiplies with in the place of `W`, and a report.

        `W`: (outputs, inputs) real, cut into the core's tiles. Returns (float32 of the same shape,
        dict). Static and programming errors are in it, read-out noise is not. The dict: tiles, and
        of whole tiles weights, clipped_weights, devices, unreachable_devices; relative_error, the
        Frobenius norm of the difference over that of `W` (not a number for zeros). `write` counts
        how often the layer was written before.
        """
        found, report = self._core.realise(_weights(W), _place(chip, layer, write))
        return array(found), report

    def load(self, W, chip=0, *, layer=0, write=0):
        """`W` as it stands on a chip, to multiply with more than once: a `MatrixOnChip`."""
        return MatrixOnChip(_lightloom.MatrixOnChip(self._core, _weights(W), _place(chip, layer, write)))

    def load_convolution(self, W, image, chip=0, *, stride=1, padding=0, dilation=1, groups=1, layer=0, write=0):
        """A convolution as it stands on a chip: a `MatrixOnChip` that takes maps (images, height, width, channels).

        `W`: (outputs, inputs / groups, height, width) real; `image`: (height, width) of its input maps; stride,
        padding and dilation: a number or (height, width). Padding is dark. With the layer's number in its
        network, seed and chip, the weights and the noise are those of the command line's chip.
        """
        weights = numbers(W, "W", 4, np.float32)
        groups = count(groups, "groups", 1, 2**20)
        map_size = [count(side, "a side of image", 1, 2**20) for side in _pair(image, "image")]
        sliding = [count(side, name, least, 2**16) for name, value, least in
                   (("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)) for side in _pair(value, name)]
        return MatrixOnChip(_lightloom.MatrixOnChip(self._core, weights, _place(chip, layer, write), [*sliding, groups], map_size))

    def multiply(self, x, W, chip=0, shot=0):
        """x W^T as the chip computes it: float32 (vectors, outputs).

        `x`: (vectors, inputs) real. Inputs go through the DACs, every tile's partial sums get the
        read-out noise and their own ADC conversion. Converter ranges are set by `x` itself
        (`load` and `MatrixOnChip.calibrate` set them otherwise). `shot`: another number, other noise.
        """
        matrix = self.load(W, chip)
        matrix.calibrate(x)
        return matrix.multiply(x, shot)

    def statistics(self, target="uniform", chips=32, *, first_chip=0):
        """What `chips` chips make of random targets, ``lightloom chip`` in memory: a dict of arrays by chip.

        `target`: a matrix (outputs, inputs), or the law of random weights: "uniform", "normal",
        "ternary" or "N-bit". Meshes take "uniform" alone, and make random unitaries. Keys: target
        (what was asked), modes, error, fidelity, unreachable (share of devices), insertion_loss_dB,
        power_mW, reading_error.
        """
        law, levels, matrix = "uniform", 0, None
        if isinstance(target, str):
            law, levels = _law(target)
        else:
            matrix = _weights(target, "target")
        found = self._core.statistics(count(chips, "chips", 1, 10**7), count(first_chip, "first_chip", 0, 2**32 - 1), law,
                                      levels, matrix)
        return {name: value if isinstance(value, (str, int)) else array(value) for name, value in found.items()}


def _pair(value, name):
    """A number for both axes, or one of each."""
    if np.ndim(value) == 0:
        return (value, value)
    if np.shape(value) != (2,):
        raise Error(f"{name} is {value!r} but must be a number or (height, width)")
    return tuple(value)


class MatrixOnChip:
    """A matrix as it stands on one chip, from `Core.load`."""

    def __init__(self, matrix):
        self._matrix = matrix

    def calibrate(self, x):
        """Sets the ranges of DACs and ADCs by `x`, (vectors, inputs) or maps, real. Returns the matrix."""
        self.measure_ranges(x)
        return self

    def measure_ranges(self, x):
        """As `calibrate`, and returns the products of the realised weights, without noise and ADC."""
        return array(self._matrix.calibrate(self._inputs(x)))

    def multiply(self, x, shot=0, *, first=None):
        """The products of `x` with noise and converters: float32 (vectors, outputs), of maps (images, height, width,
        outputs).

        `x`: (vectors, inputs), of a convolution (images, height, width, channels), real. Vector or image i at shot s
        draws the noise of image s len(x) + i of a data set, or of first + i.
        """
        inputs = self._inputs(x)
        start = count(shot, "shot", 0, 2**31) * len(inputs) if first is None else count(first, "first", 0, 2**48)
        return array(self._matrix.read(inputs, start))

    def write(self, W, number):
        """Other weights of the same shape in its place, write number `number`; converters keep their ranges."""
        weights = numbers(W, "W", np.ndim(W) if np.ndim(W) in (2, 4) else 2, np.float32)
        self._matrix.write(weights, count(number, "number", 0, 2**32 - 1))

    @staticmethod
    def _inputs(x):
        return numbers(x, "x", 4 if np.ndim(x) == 4 else 2, np.float32)

    @property
    def counts(self):
        """What went through the converters so far: inputs, clipped_inputs, conversions, saturated_conversions, and
        realisation, tiles and devices as `Core.realise` has them."""
        return self._matrix.counts()


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


def _weights(W, name="W"):
    return numbers(W, name, 2, np.float32)


def _place(chip, layer, write):
    most = 2**32 - 1
    return _lightloom.Place(count(chip, "chip", 0, most), count(layer, "layer", 0, 4095), count(write, "write", 0, most))


def _law(target):
    if target in ("uniform", "normal"):
        return target, 0
    if target == "ternary":
        return "levels", 3
    digits = target[:-4] if target.endswith("-bit") else ""
    if digits.isdecimal() and digits.isascii() and len(digits) <= 2 and 1 <= int(digits) <= 16:
        return "levels", 2 ** int(digits)
    raise Error(f"target is '{target}' but must be a matrix, uniform, normal, ternary, or 1-bit to 16-bit")


def _lengths(*lengths):
    names = ("group_index", "circumference_um", "wavelength_nm")
    for name, value in zip(names, lengths):
        if real(value, name) <= 0:
            raise Error(f"{name} is {value!r} but must be positive")
    return [float(value) for value in lengths]
