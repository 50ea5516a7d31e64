"""Tensor cores, and what multiplies on their chips."""
import numpy as np

from . import _lightloom
from ._arrays import axes_of, count, numbers
from ._cards import card_of
from ._lightloom import Error
from ._results import array


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
        sliding = [count(side, name, least, 4096) for name, value, least in
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

    def products(self, chip=0):
        """Products of activations with activations on a chip whose core modulates both: a `ProductsOnChip`.

        Of cores of kind dynamic-product (`description` says dynamic); others store one of the operands.
        """
        return ProductsOnChip(_lightloom.ProductsOnChip(self._core, count(chip, "chip", 0, 2**32 - 1)))

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
    if not isinstance(value, (tuple, list, np.ndarray)) or getattr(value, "ndim", 1) == 0:
        return (value, value)
    if (value.shape if isinstance(value, np.ndarray) else (len(value),)) != (2,):
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
        weights = numbers(W, "W", axes_of(W, "W", 2, 4), np.float32)
        self._matrix.write(weights, count(number, "number", 0, 2**32 - 1))

    @staticmethod
    def _inputs(x):
        return numbers(x, "x", axes_of(x, "x", 2, 4), np.float32)

    @property
    def counts(self):
        """What went through the converters so far: inputs, clipped_inputs, conversions, saturated_conversions, and
        realisation, tiles and devices as `Core.realise` has them."""
        return self._matrix.counts()


class ProductsOnChip:
    """Products y_g = x_g w_g^T of activations of a network on one chip, from `Core.products`.

    x: (images, positions, groups * inner) real, w: (images, groups * outer, inner) real; both are modulated, new for every
    image. number: of the product in its network, behind those of its layers. Each number has one size.
    """

    def __init__(self, products):
        self._products = products

    def calibrate(self, x, w, *, number=0, groups=1):
        """Sets the converters' ranges of a product; returns it without noise and ADC, (images, positions, groups * outer) float32."""
        return self._made(x, w, self._call(number, groups, 0, True))

    def multiply(self, x, w, *, number=0, groups=1, first=0):
        """The product, float32, with noise that is drawn anew for each image; `first`: number of the first image."""
        return self._made(x, w, self._call(number, groups, count(first, "first", 0, 2**40), False))

    @staticmethod
    def _call(number, groups, first, calibrate):
        return _lightloom.ProductCall(count(number, "number", 0, 4095), count(groups, "groups", 1, 2**20), first, calibrate)

    def _made(self, x, w, call):
        return array(self._products.multiply(numbers(x, "x", 3, np.float32), numbers(w, "w", 3, np.float32), call))

    @property
    def counts(self):
        """What went through the converters so far: inputs, clipped_inputs, conversions, saturated_conversions."""
        return self._products.counts()


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
