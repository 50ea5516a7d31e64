"""Meshes, tensor cores and devices.

Matrices go in as NumPy arrays of any real or complex type and layout and come out as complex128 or
float32 without a further copy. What is wrong with one raises `lightloom.Error`.
"""
import numpy as np

from . import _lightloom
from ._arrays import count, flag, numbers, one_of, positive, real, text
from ._cards import card_of
from ._cores import Core, MatrixOnChip, ProductsOnChip
from ._devices import Crosstalk, Heater, Ring
from ._results import array, dataset

__all__ = ["Core", "Crosstalk", "Heater", "MatrixOnChip", "Mesh", "ProductsOnChip", "Ring", "decompose", "haar"]

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
    words = {"mesh": text(mesh, "mesh"), "device": text(device, "device"), "target": text(target, "target"),
             "tolerance": real(tolerance, "tolerance", 0)}
    return Mesh(_lightloom.decompose(numbers(U, "U", 2, np.complex128), words))


class Mesh:
    """A matrix as phases of a mesh, from `decompose`.

    Phases are in rad, by device in the order of light: device k joins the modes ``top[k]`` and
    ``bottom[k]`` in column ``column[k]``; ``screen`` stands behind the last column, by mode. With
    target="svd" these are of the mesh that light meets first, and `left` holds those of the other.
    """

    def __init__(self, found):
        self._found, self._phases = found, None

    def __getattr__(self, name):
        if name in ("theta", "phi", "screen", "outer", "column", "top", "bottom"):
            if self._phases is None:  # asked for first
                self._phases = self._found.phases("right")
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
                                        (positive(mode_um, "mode_um"), positive(column_um, "column_um")),
                                        "aware" if flag(aware, "aware") else "as set"))

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
