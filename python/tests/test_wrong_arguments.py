"""Every public function that takes arrays, each array in turn replaced by what it must not be, from one table: `lightloom.Error` with one
sentence that names the argument. And by what it may be: other layouts and types of the same numbers give the same answer."""
import unittest
import warnings
from typing import Any, Callable, NamedTuple

import numpy as np

import lightloom
from lightloom import calibration, memory, photonic
from support import SMALL, SOURCE, scratch

RNG = np.random.default_rng(3)
CORE = photonic.Core(str(SOURCE / "data/devices/mrr-bank.yaml"), rows=4, columns=4)
DYNAMIC = photonic.Core(str(SOURCE / "data/devices/dynamic-product.yaml"), rows=4, columns=4)
W, X = RNG.normal(size=(3, 5)), RNG.random((2, 5))
KERNEL, MAPS = RNG.normal(size=(4, 3, 3, 2)), RNG.random((2, 6, 7, 3))
LEFT, RIGHT = RNG.random((2, 5, 4)), RNG.random((2, 6, 4))
U = photonic.haar(3, seed=1)
MESH = photonic.decompose(U)
DRAM = memory.Dram(str(SOURCE / "data/memory/ddr4-2400.yaml"))
CHIP = calibration.VirtualChip({"chip": {"modes": 3}, "seed": 3})
DEVICE = CHIP.truth
VOLTS = CHIP.random_voltages(4, seed=2)
POWERS = CHIP.measure(VOLTS).readings
SWEEP = {"heater": 1, "input": 0, "output": 2, "base_V": np.zeros(6), "volts": np.linspace(0, 6, 9), "readings": RNG.random(9)}
RING, HEATER, CROSSTALK = photonic.Ring(), photonic.Heater(), photonic.Crosstalk(kernel="exponential")


def measured(**other):
    given = {"voltages_V": VOLTS, "readings": POWERS, "fields": np.eye(3, dtype=complex), "monitor": np.ones(4), **other}
    made = calibration.Measurements(given.pop("voltages_V"), given.pop("readings"), **given)
    return made.voltages_V, made.readings, [one["readings"] for one in made.sweeps]


def loaded():
    return CORE.load(W).calibrate(X)


def convolved():
    return CORE.load_convolution(KERNEL, (6, 7)).calibrate(MAPS)


def multiplied():
    made = DYNAMIC.products()
    made.calibrate(LEFT, RIGHT)
    return made


class Row(NamedTuple):
    """One array argument: `call` of `good` answers. `name`: what a sentence about it names, or one of several words. `free`: axes that may
    have any length of at least one; `shapes`: "any" number of axes and no elements too; `kind`: "real", "complex" or "whole"; `none`: whether
    None stands for something."""

    name: str
    call: Callable[[Any], Any]
    good: np.ndarray
    free: tuple = ()
    shapes: str = ""
    kind: str = "real"
    none: bool = False


ROWS = {
    "decompose": Row("U|matrix|matrices", lambda a: photonic.decompose(a).matrix(), U, kind="complex"),
    "decompose, svd": Row("U|matrix", lambda a: photonic.decompose(a, target="svd").matrix(), W, free=(0, 1), kind="complex"),
    "Mesh.matrix, theta": Row("theta", lambda a: MESH.matrix(theta=a), np.array(MESH.theta), none=True),
    "Mesh.matrix, phi": Row("phi", lambda a: MESH.matrix(phi=a), np.array(MESH.phi), none=True),
    "Mesh.matrix, screen": Row("screen", lambda a: MESH.matrix(screen=a), np.array(MESH.screen), none=True),
    "Core.realise": Row("W", lambda a: CORE.realise(a)[0], W, free=(0, 1)),
    "Core.load": Row("W", lambda a: CORE.load(a).counts["inputs"], W, free=(0, 1)),
    "Core.load_convolution": Row("W", lambda a: CORE.load_convolution(a, (6, 7)).counts["inputs"], KERNEL, free=(0, 1, 2, 3)),
    "Core.multiply, x": Row("x", lambda a: CORE.multiply(a, W), X, free=(0,)),
    "Core.multiply, W": Row("W|matrix", lambda a: CORE.multiply(X, a), W, free=(0,)),
    "Core.statistics": Row("target", lambda a: CORE.statistics(a, chips=1)["error"], W, free=(0, 1)),
    "MatrixOnChip.calibrate": Row("x", lambda a: loaded().calibrate(a).multiply(X), X, free=(0,)),
    "MatrixOnChip.measure_ranges": Row("x", lambda a: loaded().measure_ranges(a), X, free=(0,)),
    "MatrixOnChip.multiply": Row("x", lambda a: loaded().multiply(a), X, free=(0,)),
    "MatrixOnChip.write": Row("W", lambda a: loaded().write(a, 1), W),
    "convolution, calibrate": Row("x", lambda a: convolved().calibrate(a).multiply(MAPS), MAPS, free=(0,)),
    "convolution, multiply": Row("x", lambda a: convolved().multiply(a), MAPS, free=(0,)),
    "convolution, write": Row("W", lambda a: convolved().write(a, 1), KERNEL),
    "ProductsOnChip.calibrate, x": Row("x", lambda a: DYNAMIC.products().calibrate(a, RIGHT), LEFT, free=(1,)),
    "ProductsOnChip.calibrate, w": Row("w", lambda a: DYNAMIC.products().calibrate(LEFT, a), RIGHT, free=(1,)),
    "ProductsOnChip.multiply, x": Row("x|product", lambda a: multiplied().multiply(a, RIGHT), LEFT),
    "ProductsOnChip.multiply, w": Row("w|product", lambda a: multiplied().multiply(LEFT, a), RIGHT),
    "Ring.through": Row("phase_rad", RING.through, W, shapes="any"),
    "Ring.drop": Row("phase_rad", RING.drop, W, shapes="any"),
    "Ring.weight": Row("phase_rad", RING.weight, W, shapes="any"),
    "Ring.phase_for": Row("weight", RING.phase_for, W, shapes="any"),
    "Heater.phase": Row("voltage_V", HEATER.phase, X, shapes="any"),
    "Heater.voltage": Row("phase_rad", HEATER.voltage, X, shapes="any"),
    "Crosstalk.share": Row("distance_um", CROSSTALK.share, X, shapes="any"),
    "Dram.run, cycles": Row("cycles", lambda a: DRAM.run((a, np.arange(5), None))["cycles"], np.arange(5), kind="whole", none=True),
    "Dram.run, addresses": Row("addresses", lambda a: DRAM.run((None, a, None))["cycles"], 64 * np.arange(5), free=(0,), kind="whole"),
    "Dram.run, writes": Row("writes", lambda a: DRAM.run((None, np.arange(5), a))["cycles"], np.array([0, 1, 1, 0, 1]), kind="whole", none=True),
    "Measurements, voltages_V": Row("voltages_V", lambda a: measured(voltages_V=a), VOLTS),
    "Measurements, readings": Row("readings", lambda a: measured(readings=a), POWERS),
    "Measurements, fields": Row("fields", lambda a: measured(fields=a), np.eye(3, dtype=complex), kind="complex", none=True),
    "Measurements, monitor": Row("monitor", lambda a: measured(monitor=a), np.ones(4), none=True),
    "a sweep's base_V": Row("base_V", lambda a: measured(sweeps=[{**SWEEP, "base_V": a}]), SWEEP["base_V"]),
    "a sweep's volts": Row("volts", lambda a: measured(sweeps=[{**SWEEP, "volts": a}]), SWEEP["volts"]),
    "a sweep's readings": Row("readings", lambda a: measured(sweeps=[{**SWEEP, "readings": a}]), SWEEP["readings"]),
    "Device.matrix": Row("voltages_V", DEVICE.matrix, np.arange(6.0)),
    "Device.program": Row("U|matrix", lambda a: DEVICE.program(a)["voltages_V"], U, kind="complex"),
    "Device.program, nearest": Row("U|matrix", lambda a: DEVICE.program(a, target="nearest")["voltages_V"], W[:, :3], kind="complex"),
    "VirtualChip.measure": Row("voltages_V|settings", lambda a: calibration.VirtualChip({"chip": {"modes": 3}, "seed": 3}).measure(a).readings,
                               VOLTS, free=(0,)),
}


def wrong_values(row):
    """Right in shape, wrong in what they hold."""
    good = row.good
    yield "texts", good.astype(str)
    yield "objects", good.astype(object)
    yield "dates", np.zeros(good.shape, "M8[s]")
    yield "records", np.zeros(good.shape, [("a", "f8")])
    yield "ragged", [[1.0], [1.0, 2.0]]
    if not row.none:
        yield "nothing", None
    yield "a text", "abc"
    yield "a dict", {}
    if row.kind == "real":
        yield "complex", good + 0j
        yield "complex singles", good.astype(np.complex64)
        yield "a complex list", (good + 1j).tolist()
    if row.kind == "whole":
        yield "floats", good.astype(float)
        yield "complex", good + 0j
        yield "beyond 63 bits", np.full(good.shape, 2**63, np.uint64)
    else:
        for value in (np.nan, np.inf, -np.inf):
            made = good.astype(complex if row.kind == "complex" else float)
            made.reshape(-1)[-1] = value
            yield f"{value} among them", made
        if row.kind == "complex":
            made[:] = good
            made.reshape(-1)[0] = complex(0, np.nan)
            yield "an imaginary part that is no number", made


def wrong_shapes(row):
    """The same numbers with an axis more, an axis less, no axis, none of them, one more along each axis."""
    good = row.good
    if row.shapes == "any":
        return
    yield "an axis more", good[None]
    yield "an axis less", good[0]
    yield "no axis", good.reshape(-1)[0]
    for axis in range(good.ndim):
        yield f"none along axis {axis}", np.take(good, [], axis)
        if axis not in row.free:
            yield f"one more along axis {axis}", np.concatenate([good, np.take(good, [0], axis)], axis)
            if good.shape[axis] > 2:
                yield f"one less along axis {axis}", np.take(good, range(good.shape[axis] - 1), axis)


def same_numbers(row):
    """Other layouts and types that hold the same numbers."""
    good = row.good
    wide = np.zeros((*good.shape[:-1], 2 * good.shape[-1]), good.dtype)
    wide[..., ::2] = good
    held = good.copy()
    held.setflags(write=False)
    turned = good[tuple(slice(None, None, -1) for _ in good.shape)].copy()
    yield "by columns", np.asfortranarray(good)
    yield "every second", wide[..., ::2]
    yield "backwards", turned[tuple(slice(None, None, -1) for _ in good.shape)]
    yield "not to be written", held
    yield "a list", good.tolist()
    yield "other order of bytes", good.astype(good.dtype.newbyteorder(">"))
    yield "unaligned", np.frombuffer(b"\0" + good.tobytes(), good.dtype, offset=1).reshape(good.shape)
    yield "a subclass", good.view(np.matrix) if good.ndim == 2 else good.view(np.recarray)


class Arrays(unittest.TestCase):
    def refused(self, row, given):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with self.assertRaises(lightloom.Error) as caught:
                row.call(given)
        self.one_sentence(str(caught.exception), row.name)

    def one_sentence(self, said, name):
        self.assertRegex(said, rf"(?<!\w)({name})(?!\w)")
        self.assertNotIn("\n", said)
        self.assertGreater(len(said.split()), 3)

    def test_values_that_are_no_such_numbers(self):
        for where, row in ROWS.items():
            for what, given in wrong_values(row):
                with self.subTest(where, what=what):
                    self.refused(row, given)

    def test_shapes_that_do_not_fit(self):
        for where, row in ROWS.items():
            for what, given in wrong_shapes(row):
                with self.subTest(where, what=what):
                    self.refused(row, given)

    def test_the_same_numbers_give_the_same_answer(self):
        for where, row in ROWS.items():
            expected = row.call(row.good)
            for what, given in same_numbers(row):
                with self.subTest(where, what=what):
                    self.equal(row.call(given), expected)

    def equal(self, found, expected):
        if isinstance(expected, tuple):
            for one, other in zip(found, expected):
                self.equal(one, other)
        else:
            np.testing.assert_array_equal(found, expected)

    def test_free_axes_are_free(self):
        for where, row in ROWS.items():
            for axis in row.free:
                with self.subTest(where, axis=axis):
                    row.call(np.concatenate([row.good, np.take(row.good, [0], axis)], axis))
                    row.call(np.take(row.good, [0], axis))
            if row.shapes == "any":
                for shape in ((), (0,), (0, 3), (1, 2, 1, 2)):
                    with self.subTest(where, shape=shape):
                        self.assertEqual(np.shape(row.call(np.zeros(shape))), shape)

    def test_voltages_and_readings_of_different_chips(self):
        # 5 heaters belong to no mesh; 6 and 2 ports, 2 and 3 ports are of two chips; 8 are a butterfly's of 4 ports.
        for heaters, ports in ((5, 2), (6, 2), (2, 3), (12, 3), (6, 4), (6, 1), (6, 0), (0, 3)):
            with self.subTest(heaters=heaters, ports=ports):
                with self.assertRaises(lightloom.Error) as caught:
                    calibration.Measurements(np.ones((3, heaters)), np.ones((3, ports, ports)))
                self.one_sentence(str(caught.exception), "readings")
        for heaters, ports in ((2, 2), (6, 3), (12, 4), (8, 4), (24, 8), (56, 8)):
            self.assertEqual(len(calibration.Measurements(np.ones((3, heaters)), np.ones((3, ports, ports)))), 3)


NO_NUMBERS = (None, "3", b"3", 1j, np.complex128(2), [1], (), {}, np.ones(2), np.nan, np.inf, -np.inf, 10**400, object())
NO_COUNTS = (*NO_NUMBERS, 1.0, np.float64(2), True, -1, -(2**70), 2**64)
NO_WORDS = (None, 3, 2.5, b"mzi", ["mzi"], "", "x", "\0", "é", "\ud800", np.nan, object())
NO_TEXTS = tuple(word for word in NO_WORDS if not isinstance(word, str)) + ("\ud800",)
NO_FLAGS = (None, 2, "yes", 0.0, [], np.ones(2))
NO_PATHS = (None, 3, 2.5, b"card", ["card"], "\ud800", object())

# name: (call of that argument, what it must not be)
WORDS = {
    "haar, n": (photonic.haar, (*NO_COUNTS, 0, 4097)),
    "haar, seed": (lambda a: photonic.haar(2, seed=a), NO_COUNTS),
    "haar, shot": (lambda a: photonic.haar(2, shot=a), NO_COUNTS),
    "decompose, mesh": (lambda a: photonic.decompose(U, mesh=a), NO_WORDS),
    "decompose, device": (lambda a: photonic.decompose(U, device=a), NO_WORDS),
    "decompose, target": (lambda a: photonic.decompose(U, target=a), NO_WORDS),
    "decompose, tolerance": (lambda a: photonic.decompose(U, tolerance=a), (*NO_NUMBERS, -1)),
    "Mesh.to, convention": (MESH.to, NO_WORDS),
    "Mesh.dataset, convention": (MESH.dataset, NO_WORDS),
    "Mesh.heated, mode_um": (lambda a: MESH.heated({}, mode_um=a), (*NO_NUMBERS, 0, -1)),
    "Mesh.heated, column_um": (lambda a: MESH.heated({}, column_um=a), (*NO_NUMBERS, 0, -1)),
    "Mesh.heated, aware": (lambda a: MESH.heated({}, aware=a), NO_FLAGS),
    "Core, seed": (lambda a: photonic.Core({"kind": "ideal"}, seed=a), NO_COUNTS),
    "Core.realise, chip": (lambda a: CORE.realise(W, a), (*NO_COUNTS, 2**32)),
    "Core.realise, layer": (lambda a: CORE.realise(W, layer=a), (*NO_COUNTS, 4096)),
    "Core.realise, write": (lambda a: CORE.realise(W, write=a), (*NO_COUNTS, 2**32)),
    "Core.load, chip": (lambda a: CORE.load(W, a), NO_COUNTS),
    "Core.multiply, shot": (lambda a: CORE.multiply(X, W, shot=a), NO_COUNTS),
    "Core.load_convolution, image": (lambda a: CORE.load_convolution(KERNEL, a), (*NO_COUNTS, 0, 2**21, (6,), (6, 7, 8), (6, "7"), [[6], [7, 8]])),
    "Core.load_convolution, stride": (lambda a: CORE.load_convolution(KERNEL, (6, 7), stride=a), (*NO_COUNTS, 0, (1, 0), (1, 1, 1), [[1], [1, 2]])),
    "Core.load_convolution, padding": (lambda a: CORE.load_convolution(KERNEL, (6, 7), padding=a), (*NO_COUNTS, (1, -1), 4097)),
    "Core.load_convolution, dilation": (lambda a: CORE.load_convolution(KERNEL, (6, 7), dilation=a), (*NO_COUNTS, 0, 4096)),
    "Core.load_convolution, groups": (lambda a: CORE.load_convolution(KERNEL, (6, 7), groups=a), (*NO_COUNTS, 0, 3, 2**20)),
    "Core.products, chip": (DYNAMIC.products, NO_COUNTS),
    "Core.products of a core that stores": (lambda a: CORE.products().calibrate(LEFT, RIGHT), (0,)),
    "Core.statistics, target": (lambda a: CORE.statistics(a, chips=1), ("", "x", "17-bit", "0-bit", "٣-bit", "\ud800", b"normal", None, {})),
    "Core.statistics, chips": (lambda a: CORE.statistics(chips=a), (*NO_COUNTS, 0)),
    "Core.statistics, first_chip": (lambda a: CORE.statistics(chips=1, first_chip=a), NO_COUNTS),
    "MatrixOnChip.multiply, shot": (lambda a: loaded().multiply(X, a), NO_COUNTS),
    "MatrixOnChip.multiply, first": (lambda a: loaded().multiply(X, first=a), tuple(a for a in NO_COUNTS if a is not None)),
    "MatrixOnChip.write, number": (lambda a: loaded().write(W, a), (*NO_COUNTS, 2**32)),
    "ProductsOnChip.calibrate, number": (lambda a: DYNAMIC.products().calibrate(LEFT, RIGHT, number=a), (*NO_COUNTS, 4096)),
    "ProductsOnChip.calibrate, groups": (lambda a: DYNAMIC.products().calibrate(LEFT, RIGHT, groups=a), (*NO_COUNTS, 0, 2)),
    "ProductsOnChip.multiply, first": (lambda a: multiplied().multiply(LEFT, RIGHT, first=a), NO_COUNTS),
    "ProductsOnChip.multiply, number": (lambda a: multiplied().multiply(LEFT, RIGHT, number=a), (*NO_COUNTS, 1)),
    "Ring": (photonic.Ring, (*NO_NUMBERS, 0, 1.5, -0.5)),
    "Ring, self_coupling_drop": (lambda a: photonic.Ring(0.9, a), (*NO_NUMBERS, 0, 1.5)),
    "Ring, turn_amplitude": (lambda a: photonic.Ring(0.9, 0.9, a), (*NO_NUMBERS, 0, 1.5)),
    "Ring.quality": (lambda a: RING.quality(a, 60, 1550), (*NO_NUMBERS, 0, -1)),
    "Ring.fsr_nm": (lambda a: photonic.Ring.fsr_nm(4.2, 60, a), (*NO_NUMBERS, 0, -1)),
    "Heater": (photonic.Heater, (3, "nowhere.yaml", {"volts": 1}, {"pi_voltage_V": "x"}, b"x", [1])),
    "Heater, a key": (lambda a: photonic.Heater(pi_voltage_V=a), ("x", -1, 0, [1], {}, np.nan, object())),
    "Crosstalk": (photonic.Crosstalk, (3, "nowhere.yaml", {"kernel": "linear"}, {"kernell": "none"})),
    "Dram": (memory.Dram, (None, 3, "nowhere.yaml", {"clock_nss": 1}, [], object(), "\ud800")),
    "Dram.run": (DRAM.run, (None, 3, "", "rand", "\ud800", b"seq_rd", (), ([0], [0]), ([0], [0], [0], [0]), {}, np.arange(3))),
    "Dram.run, count": (lambda a: DRAM.run("seq_rd", count=a), (*NO_COUNTS, 0)),
    "Dram.run, seed": (lambda a: DRAM.run("rand_rd", count=1, seed=a), tuple(a for a in NO_COUNTS if a is not None)),
    "Dram.run, lengths": (DRAM.run, (([0, 1], [0], [0]), ([0], [0, 1], [0]), ([0], [0], [0, 1]), ([1, 0], [0, 0], [0, 0]), ([0], [-1], [0]))),
    "buffer": (memory.buffer, (3, {"capacity": 3}, "nowhere.yaml", {"node_nm": 400})),
    "Measurements, fields, monitor": (lambda a: measured(noise=a), (3, "nowhere.yaml", {"thermall": 1}, {"thermal": -1}, [1])),
    "Measurements, sweeps": (lambda a: measured(sweeps=a), (None, 3, [3], [{}], {"heater": 1}, [{**SWEEP, "heater": 6}], [{**SWEEP, "input": 3}],
                                                               [{**SWEEP, "output": -1}], [{**SWEEP, "heater": 1.5}])),
    "Measurements, notes": (lambda a: measured(notes=a), (3, [1], "abc", {"a": "\ud800"}, {"\ud800": "a"})),
    "Measurements.with_sweeps": (CHIP.measure(VOLTS).with_sweeps, (None, 3, [3], [{}])),
    "fit": (calibration.fit, (None, 3, VOLTS, {})),
    "fit, card": (lambda a: calibration.fit(CHIP.measure(VOLTS), a), (3, "nowhere.yaml", {"chipp": {}}, {"chip": {"modes": 4}})),
    "fit, start": (lambda a: calibration.fit(CHIP.measure(VOLTS), start=a),
                   (3, {}, VOLTS, calibration.VirtualChip({"chip": {"modes": 4}}).truth)),
    "Device": (calibration.Device, (None, 3, "nowhere.yaml", {"nothing": 1}, [])),
    "Device.program, max_voltage_V": (lambda a: DEVICE.program(U, max_voltage_V=a), (*NO_NUMBERS, 0, -1)),
    "Device.program, target": (lambda a: DEVICE.program(U, target=a), (*NO_WORDS, "svd")),
    "Device.program, tolerance": (lambda a: DEVICE.program(U, tolerance=a), (*NO_NUMBERS, -1)),
    "Device.design, settings": (DEVICE.design, (*NO_COUNTS, 0, 1001)),
    "Device.design, candidates": (lambda a: DEVICE.design(2, candidates=a), tuple(a for a in (*NO_COUNTS, 0, 1) if a is not None)),
    "Device.design, max_voltage_V": (lambda a: DEVICE.design(1, max_voltage_V=a), (*NO_NUMBERS, 0)),
    "Device.design, seed": (lambda a: DEVICE.design(1, seed=a), NO_COUNTS),
    "VirtualChip": (calibration.VirtualChip, (None, 3, "nowhere.yaml", {"chipp": {}}, {"chip": {"modes": 1}})),
    "VirtualChip.random_voltages": (CHIP.random_voltages, (*NO_COUNTS, 0)),
    "VirtualChip.random_voltages, seed": (lambda a: CHIP.random_voltages(1, seed=a), NO_COUNTS),
    "set_threads": (lightloom.set_threads, NO_COUNTS),
    "Card": (lightloom.Card, (*NO_PATHS, "nowhere.yaml", {1: 2}, {"a": object()}, {"a": {None: 1}}, {"a": 1j}, {"a\ud800": 1})),
    "Card.from_yaml": (lightloom.Card.from_yaml, (*NO_TEXTS, "a: [", "a: 1\na: 2")),
    "Card.write": (lightloom.Card({}).write, NO_PATHS),
    "Card.validate": (lightloom.Card(SMALL).validate, tuple(word for word in NO_WORDS if word is not None)),
    "Card, a key": (lambda a: lightloom.Card({})._set(a, 1), (None, 3, "", ".", "a..b", "\ud800", b"a")),
    "images": (lightloom.images, (None, 3, {"name": "gliphs"}, "nowhere.yaml")),
    "images, seed": (lambda a: lightloom.images({"name": "glyphs"}, seed=a), NO_COUNTS),
    "run": (lightloom.run, (None, 3, {"chipss": 1}, "nowhere.yaml")),
    "run, progress": (lambda a: lightloom.run(SMALL, progress=a), (3, "yes", [], 0)),
    "cost": (lightloom.cost, (None, 3, {"chipss": 1}, "nowhere.yaml")),
    "ratio": (lightloom.ratio, (3, {"chipss": 1}, "nowhere.yaml")),
    "ratio, model": (lambda a: lightloom.ratio(SMALL, model=a), (*NO_TEXTS, "resnet", "no.onnx")),
    "ratio, dataset_name": (lambda a: lightloom.ratio(SMALL, dataset_name=a), (*NO_TEXTS, "mnst")),
    "sweep": (lightloom.sweep, (None, 3, {}, SMALL, "nowhere.yaml")),
    "sweep, output": (lambda a: lightloom.sweep(SMALL, output=a, sweep={"core.rows": [8]}), tuple(a for a in NO_PATHS if a is not None)),
    "timeline, source": (lambda a: lightloom.timeline(SMALL, a), (*NO_TEXTS, "int9")),
    "validate": (lightloom.validate, (*NO_PATHS, "nowhere.yaml")),
    "validate, settings": (lambda a: lightloom.validate("data/chips/pace.yaml", settings=a),
                           (3, "a=1", [1], {1: 2}, {"a": object()}, {"a": 1}, {"\ud800": 1}, {"a": {1j: 1}})),
    "validate, settings of all": (lambda a: lightloom.validate(settings=a), ({"a": 1},)),
    "search, budget": (lambda a: lightloom.search(SMALL, budget=a), (None, 3, "", "memory", {}, {"memory": 1, "time": 1}, {"memory": "x"}, {3: 4},
                                                                       {"memory": np.nan}, {"memory": -1}, {"x": 1}, {"memory": None})),
    "search, sensitivity": (lambda a: lightloom.search(SMALL, budget={"memory": 0.5}, sensitivity=a), NO_WORDS),
    "search, images": (lambda a: lightloom.search(SMALL, budget={"memory": 0.5}, images=a), (*NO_COUNTS, 0)),
    "search, candidates": (lambda a: lightloom.search(SMALL, budget={"memory": 0.5}, candidates=a), NO_COUNTS),
    "search, fine_tune": (lambda a: lightloom.search(SMALL, budget={"memory": 0.5}, fine_tune=a), NO_FLAGS),
    "search, weights": (lambda a: lightloom.search(SMALL, budget={"memory": 0.5}, weights=a), tuple(a for a in NO_PATHS if a is not None)),
}


class Words(unittest.TestCase):
    def test_numbers_words_and_paths_that_are_none(self):
        for where, (call, wrong) in WORDS.items():
            for given in wrong:
                with self.subTest(where, given=ascii(given)[:60]), warnings.catch_warnings():
                    warnings.simplefilter("error")
                    with self.assertRaises(lightloom.Error) as caught:
                        call(given)
                    said = str(caught.exception)
                    self.assertGreater(len(said.split()), 3)
                    if not isinstance(caught.exception, lightloom.CardError) and where != "fit, card":  # which say all that is wrong
                        self.assertNotIn("\n", said)

    def test_a_number_of_any_type_is_that_number(self):
        for one in (0.5, np.float32(0.5), np.array(0.5)):
            self.assertEqual(photonic.Ring(one).finesse, photonic.Ring(0.5).finesse)
        for one in (np.int8(3), np.uint64(3), np.array(3)):
            np.testing.assert_array_equal(photonic.haar(one), photonic.haar(3))
        np.testing.assert_array_equal(MESH.heated({}, aware=np.True_), MESH.heated({}, aware=True))
        self.assertEqual(lightloom.search(SMALL, budget={"memory": np.float64(0.5)}, sensitivity="relative", progress=False)[1].to_yaml(),
                         lightloom.search(SMALL, budget={"memory": 0.5}, sensitivity="relative", progress=False)[1].to_yaml())

    def test_a_card_is_written_to_a_path_alone(self):
        with scratch() as folder:
            lightloom.Card({"chips": 3}).write(f"{folder}/card.yaml")
            self.assertEqual(lightloom.Card(f"{folder}/card.yaml").chips, 3)


if __name__ == "__main__":
    unittest.main()
