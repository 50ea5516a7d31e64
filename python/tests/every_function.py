"""A user's program, with types, that calls every public function once: `typed.py` has mypy take it in its strict mode,
`test_every_function.py` runs it and looks that no function is missing."""
import pathlib
import tempfile
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import xarray
from numpy.typing import NDArray

import lightloom
from lightloom import calibration, memory, photonic
from support import SMALL, SOURCE

Singles = NDArray[np.float32]
Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Figures = Dict[str, Any]


def cards(folder: pathlib.Path) -> None:
    card = lightloom.Card(SMALL, core__rows=16)
    card.chips = 3
    card["weights"]["intra"] = 2
    rows: int = card.core.rows
    names: List[str] = [name for name in card if name in card.keys()]
    given: Dict[str, Any] = card.to_dict()
    card.write(folder / "mine.yaml")
    again: lightloom.Card = lightloom.Card.from_yaml(card.to_yaml()).validate()
    batch: int = lightloom.Card(folder / "mine.yaml").resolved("experiment").teacher.batch
    assert (rows, batch, again.chips, names) == (16, 50, 3, list(given)) and "chips" in card
    try:
        lightloom.Card(card, chipps=1).validate("experiment")
    except lightloom.CardError as error:
        problems: List[str] = error.problems
        assert problems
    try:
        lightloom.Card("nowhere.yaml")
    except (lightloom.Error, lightloom.Failure) as problem:
        assert str(problem)


def studies(folder: pathlib.Path) -> None:
    before: int = lightloom.threads()
    now: int = lightloom.set_threads(1)
    lightloom.set_threads(before)
    told: List[Tuple[str, int]] = []

    def tell(title: str, unit: str, done: int, total: int, note: str) -> None:
        told.append((title, done))

    found: xarray.Dataset = lightloom.run(SMALL, progress=tell)
    cost: xarray.Dataset = lightloom.cost(SMALL, core__rows=64, progress=False)
    stored: xarray.Dataset = lightloom.ratio(model="cnn3", dataset_name="mnist", weights={"source": "ternary"})
    path = folder / "grid.h5"
    grid: xarray.Dataset = lightloom.sweep(SMALL, output=path, progress=False, measure=["cost"], sweep={"core.rows": [16, 32]})
    schedule: xarray.Dataset = lightloom.timeline(SMALL, "multilevel")
    chips: Figures = lightloom.validate("data/chips/pace.yaml", SOURCE / "data/chips/pace.yaml", progress=False)
    doubled: Figures = lightloom.validate("data/chips/pace.yaml", settings={"inputs.symbol rate.value": 2}, progress=False)
    settings: lightloom.Card
    harm, settings = lightloom.search(SMALL, budget={"memory": 0.5}, images=32, progress=False)
    parts: Dict[str, Tuple[Singles, NDArray[Any]]] = lightloom.images({"name": "glyphs", "train_limit": 20}, seed=7, test_limit=5)
    samples, labels = parts["test"]
    assert now == 1 and told and len(chips["chips"]) == 2 and len(doubled["chips"]) == 1 and path.exists()
    assert samples.shape[0] == labels.shape[0] == 5 and settings.weights.source == "multilevel"
    for data in (found, cost, stored, grid, schedule, harm):
        assert data.sizes and lightloom.__version__


def meshes() -> None:
    U: Complexes = photonic.haar(4, seed=1, shot=2)
    mesh: photonic.Mesh = photonic.decompose(U, mesh="reck", device="mzi", target="nearest", tolerance=1e-6)
    counts: Tuple[int, int, int] = (mesh.modes, mesh.devices, mesh.columns)
    errors: Tuple[float, float] = (mesh.error, mesh.distance_from_unitary)
    theta: Reals = mesh.theta
    places: NDArray[np.int64] = mesh.column
    made: Complexes = mesh.matrix(theta=theta, phi=mesh.phi.tolist(), screen=mesh.screen)
    warm: Complexes = mesh.heated({"kernel": "exponential"}, mode_um=30, column_um=200, aware=True)
    words: Dict[str, NDArray[Any]] = mesh.to("perceval")
    file: xarray.Dataset = mesh.dataset()
    any_matrix = photonic.decompose([[1, 2], [3, 4]], target="svd")
    between: Reals = any_matrix.attenuation
    scale: float = any_matrix.scale
    rounded: bool = any_matrix.rounded
    left: Dict[str, NDArray[Any]] = any_matrix.left
    assert counts == (4, 6, 5) and max(errors) < 1e-12 and made.shape == warm.shape and words and left and not rounded
    assert theta.size == places.size == mesh.top.size == mesh.bottom.size and mesh.outer.ndim == 1 and scale > 0 and between.size == 2
    assert "theta" in file


def cores() -> None:
    rng = np.random.default_rng(1)
    W, x = rng.normal(size=(3, 5)), rng.random((2, 5))
    core = photonic.Core(SOURCE / "data/devices/mrr-bank.yaml", seed=3, rows=4, columns=4)
    rows: int = core.description["rows"]
    card: lightloom.Card = core.card
    realised: Singles
    report: Figures
    realised, report = core.realise(W, 1, layer=2, write=1)
    y: Singles = core.multiply(x.tolist(), W, chip=1, shot=2)
    matrix: photonic.MatrixOnChip = core.load(W, chip=1, layer=2, write=1).calibrate(x)
    exact: Singles = matrix.measure_ranges(x)
    read: Singles = matrix.multiply(x, shot=1)
    later: Singles = matrix.multiply(x, first=7)
    matrix.write(2 * W, 1)
    converted: int = matrix.counts["conversions"]
    maps = core.load_convolution(rng.normal(size=(2, 3, 3, 3)), (5, 6), stride=(1, 2), padding=1, dilation=1, groups=1)
    image: Singles = maps.calibrate(rng.random((1, 5, 6, 3))).multiply(rng.random((1, 5, 6, 3)))
    dynamic: photonic.ProductsOnChip = photonic.Core("data/devices/dynamic-product.yaml", rows=4, columns=4).products(chip=1)
    a, b = rng.random((1, 2, 4)), rng.random((1, 3, 4))
    products: Singles = dynamic.calibrate(a, b, number=0, groups=1)
    noisy: Singles = dynamic.multiply(a, b, number=0, groups=1, first=1)
    chips: Figures = core.statistics("4-bit", chips=2, first_chip=1)
    own: Figures = core.statistics(W, 1)
    assert rows == card.rows == 4 and realised.shape == W.shape and report["tiles"] == 2 and converted > 0
    assert y.shape == exact.shape == read.shape == later.shape == (2, 3) and image.shape == (1, 5, 3, 2)
    assert products.shape == noisy.shape and dynamic.counts["inputs"] > 0 and len(chips["error"]) == 2 and len(own["error"]) == 1


def devices() -> None:
    ring = photonic.Ring(0.95, 0.9, turn_amplitude=0.99)
    both: Reals = ring.through([0.0, 0.1]) + ring.drop(np.array([0.0, 0.1]))
    weight: Reals = ring.weight(ring.phase_for([0.5, -0.5]))
    sizes: Tuple[float, float, float] = (ring.finesse, ring.quality(4.2, 60, 1550), photonic.Ring.fsr_nm(4.2, 60, 1550))
    heater = photonic.Heater({"pi_voltage_V": 4})
    volts: Reals = heater.voltage(heater.phase([1, 2]))
    near: Reals = photonic.Crosstalk(kernel="exponential", strength=0.5, decay_um=10).share([[0, 10]])
    assert (both < 1.01).all() and abs(weight - [0.5, -0.5]).max() < 1e-9 and min(sizes) > 0
    assert abs(volts - [1, 2]).max() < 1e-9 and near.shape == (1, 2)


def memories() -> None:
    dram = memory.Dram("data/memory/ddr4-2400.yaml", refresh=False)
    figures: Tuple[float, int, float] = (dram.peak_GBps, dram.atom_bytes, dram.clock_ns)
    pattern: Figures = dram.run(memory.patterns()[0], count=100, seed=1)
    advice: List[str] = dram.advise()["advice"]
    own: Figures = dram.run((None, np.arange(10) * 64, None))
    named: str = dram.card.name
    read: float = memory.buffer({"capacity_KB": 64}, node_nm=22)["read_pJ"]
    assert min(figures) > 0 and pattern["requests"] == 100 and advice and own["requests"] == 10 and read > 0 and named


def laboratory(folder: pathlib.Path) -> None:
    chip = calibration.VirtualChip({"chip": {"modes": 3}}, seed=3)
    sizes: Tuple[int, int, float] = (chip.ports, chip.heaters, chip.max_voltage_V)
    volts: Reals = chip.random_voltages(12, seed=1)
    measured: calibration.Measurements = chip.measure(volts)
    sweeps: List[Dict[str, Any]]
    problems: List[str]
    sweeps, problems = chip.sweep()
    data = calibration.Measurements(measured.voltages_V, measured.readings, fields=np.eye(3), monitor=np.ones(12),
                                    noise={"thermal": 1e-3}, sweeps=sweeps[:1], notes=measured.notes).with_sweeps(sweeps[1:])
    device: calibration.Device
    about: Figures
    device, about = calibration.fit(data, {"fit": {"huber": 3}})
    more: Reals = device.design(2, candidates=9, max_voltage_V=6, seed=1)["voltages_V"]
    both = measured + chip.measure(more)
    again, _ = calibration.fit(both, start=device, fit__max_iterations=5)
    set_to: Reals = device.program(photonic.haar(3), max_voltage_V=6.5, target="nearest", tolerance=1e-6)["voltages_V"]
    made: Complexes = again.matrix(set_to)
    device.card().write(folder / "device.yaml")
    read = calibration.Device(folder / "device.yaml")
    gamma: Reals = read.parameters["gamma"]["value"]
    truth: calibration.Device = chip.truth
    assert sizes[:2] == (3, 6) and not problems and about["readings"] > 0 and made.shape == (3, 3) and gamma.size == 6
    assert data.settings == len(data) == 12 and len(both) == 14 and len(data.sweeps) == len(sweeps)
    assert truth.ports == read.ports == 3 and truth.heaters == 6


def mistakes() -> None:
    """What a type checker says before it is run: strict mypy complains of each `ignore` that hides nothing."""
    calls: List[Callable[[], object]] = [
        lambda: photonic.haar("3"),  # type: ignore[arg-type]
        lambda: photonic.haar(2.5),  # type: ignore[arg-type]
        lambda: photonic.Heater(3),  # type: ignore[arg-type]
        lambda: photonic.Core("data/devices/ideal.yaml", seed="1"),  # type: ignore[arg-type]
        lambda: memory.Dram(None),  # type: ignore[arg-type]
        lambda: memory.Dram({}).run(3),  # type: ignore[arg-type]
        lambda: calibration.fit(np.ones(3)),  # type: ignore[arg-type]
        lambda: lightloom.run(3),  # type: ignore[arg-type]
        lambda: lightloom.run(SMALL, progress="yes"),  # type: ignore[arg-type]
        lambda: lightloom.timeline(SMALL, 3),  # type: ignore[arg-type]
        lambda: lightloom.search(SMALL, budget=3),  # type: ignore[arg-type]
        lambda: lightloom.Card.from_yaml(b"chips: 3"),  # type: ignore[arg-type]
        lambda: lightloom.set_threads("2"),  # type: ignore[arg-type]
    ]
    for call in calls:
        try:
            call()
        except lightloom.Error as problem:
            assert str(problem)
        else:
            raise AssertionError("a call with an argument of a wrong type was answered")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lightloom-python-") as place:
        folder = pathlib.Path(place)
        cards(folder)
        studies(folder)
        meshes()
        cores()
        devices()
        memories()
        laboratory(folder)
        mistakes()


if __name__ == "__main__":
    main()
