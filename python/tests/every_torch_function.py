"""As `every_function.py`, of what needs PyTorch and matplotlib: `lightloom.torch` and `lightloom.plot`."""
import pathlib
import tempfile
from typing import Any, Dict, List, Tuple

import numpy as np
import torch
import xarray
from matplotlib import pyplot
from matplotlib.axes import Axes
from numpy.typing import NDArray

import lightloom
import lightloom.plot as plot
import lightloom.torch as lt
from lightloom import photonic
from lightloom.torch.models import resnet20
from support import SMALL, SOURCE

WEIGHTS: Dict[str, Any] = {"source": "multilevel", "intra": 2, "cross": 4, "bits": {"basis": 4, "intra": 4, "cross": 4}}
RINGS = {"card": str(SOURCE / "data/devices/mrr-bank.yaml"), "rows": 16, "columns": 16}


class Small(torch.nn.Module):
    """Two convolutions and a linear layer on the means of their maps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(1, 6, 3, padding=1)
        self.second = torch.nn.Conv2d(6, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.last = torch.nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = torch.relu(self.norm(self.second(torch.relu(self.first(x)))))
        scores: torch.Tensor = self.last(maps.mean(dim=(2, 3)))
        return scores


def sources() -> None:
    shape = lt.Shape(8, 6, height=3, width=3, groups=1, linear=False)
    source: lt.Source = lt.make_source(WEIGHTS, shape, name="conv", shared={})
    dense: Tuple[int, ...] = shape.dense
    source.encode(torch.randn(dense))
    source.settle()
    weight: torch.Tensor = source()
    words: Dict[str, torch.Tensor] = source.words()
    stored: List[Tuple[str, int, int, bool]] = source.stored()
    bits: int = source.bits(counted=False)
    values: Dict[str, torch.Tensor] = dict(source.file_values())
    assert "multilevel" in lt.SOURCES and source.kind and words and values and bits >= sum(n * width for _, n, width, own in stored if own)
    assert float(source.penalty()) >= 0 and shape.weights == shape.area * 8 * 6 == weight.numel()
    layer = lt.SourcedConv2d(source, torch.zeros(8), stride=1, padding=1, dilation=1)
    maps: torch.Tensor = layer(torch.rand(1, 6, 5, 5))
    linear = lt.make_source({"source": "integer"}, lt.Shape(3, 4, linear=True))
    linear.encode(torch.randn(3, 4))
    rows: torch.Tensor = lt.SourcedLinear(linear)(torch.rand(2, 4))
    assert maps.shape[1] == 8 and rows.shape == (2, 3) and isinstance(layer.source, lt.Source)


def networks(folder: pathlib.Path) -> None:
    torch.manual_seed(1)
    x, labels, teacher = torch.rand(20, 1, 8, 8), torch.arange(20) % 10, Small().eval()
    names: List[str] = [name for name, _ in lt.weight_layers(teacher)]
    targets = {name: layer.weight.detach().clone() for name, layer in lt.weight_layers(teacher) if isinstance(layer.weight, torch.Tensor)}
    student: torch.nn.Module = lt.regenerate(Small().eval(), WEIGHTS, only=None, steps=1)
    errors: Dict[str, float] = lt.relative_error(student, targets)
    bits: int = lt.stored_bits(student, counted=True)
    loss: torch.Tensor = lt.distillation(student(x), teacher(x), labels, temperature=3, beta=0.9) + lt.penalty(student)
    changed: int = lt.own_steps(student, 0.01, epoch=1)
    lt.recalibrate(student, [x[:10], x[10:]])
    card: Dict[str, Any] = lt.from_torch(student, folder, (1, 8, 8), {"name": "glyphs", "height": 8, "width": 8}, weights=WEIGHTS)
    lt.save(student, folder / "again.h5", {"model": card["model"]["name"], "dataset": card["dataset"], "weights": WEIGHTS})
    read: Dict[str, Any] = lt.read_card(folder / "again.h5")
    loaded: torch.nn.Module = lt.load(Small(), folder / "again.h5", weights=WEIGHTS)
    file = lt.export(lt.plain(student), folder / "plain.onnx", (1, 8, 8))
    back: lt.OnnxNetwork = lt.to_torch(file)
    scores: torch.Tensor = back(x)
    assert names == ["first", "second", "last"] and errors.keys() == targets.keys() and bits > 0 and loss.item() > 0 and changed == 0
    assert read and scores.shape == loaded(x).shape and sum(p.numel() for p in resnet20(classes=10).parameters()) > 260000
    attention = dict(lt.split_attention(torch.nn.ModuleDict({"heads": torch.nn.MultiheadAttention(8, 2)})).named_children())["heads"]
    assert isinstance(attention, lt.Attention)
    y, shares = attention(torch.rand(3, 1, 8), torch.rand(5, 1, 8), torch.rand(5, 1, 8), need_weights=True)
    assert y.shape == (3, 1, 8) and (shares is None or shares.shape == (1, 3, 5))


def chips() -> None:
    x = torch.rand(4, 1, 8, 8)
    chip: lt.ChipNetwork = lt.convert(Small().eval(), RINGS, chip=1, weights=None, seed=3, flattened=None)
    own: lt.ChipNetwork = lt.convert(Small(), photonic.Core({"kind": "ideal", "rows": 16, "columns": 16})).calibrate([(x, 0)], images=4)
    scores: torch.Tensor = chip.calibrate(x)(x)
    layers: List[torch.nn.Module] = chip.chip_layers()
    counts: Dict[str, int] = chip.counts()
    digital: torch.nn.Module = own.without_chip()
    numbers: Tuple[int, int] = (chip.chip, chip.image)
    core: photonic.Core = chip.core
    assert len(layers) == 3 and counts["conversions"] > 0 and isinstance(digital, Small) and numbers == (1, 4) and scores.shape == (4, 10)
    assert core.description["rows"] == 16 and isinstance(chip.model, Small)


def figures(folder: pathlib.Path) -> None:
    grid: xarray.Dataset = lightloom.sweep(SMALL, progress=False, measure=["accuracy", "cost"],
                                           sweep={"core.phase_sigma_rad": [0, 0.01], "core.rows": [16, 32]})
    one: xarray.Dataset = lightloom.cost(SMALL, progress=False)
    one.to_netcdf(folder / "one.h5", engine="h5netcdf")
    best: NDArray[np.int64] = plot.front([1, 2, 3], [3, 2, 4], larger_x=False, larger_y=True)
    drawn: List[Axes] = [
        plot.accuracy(grid, "phase_sigma_rad", at={"rows": 16}),
        plot.heat_map(grid, "accuracy_chips_mean", x="phase_sigma_rad", y="rows", at=None, source=None),
        plot.pareto(grid, x="energy", y="accuracy_chips_mean", source="multilevel"),
        plot.energy(folder / "one.h5", at={}),
        plot.time(one, ax=pyplot.subplots()[1]),
        plot.roofline(one, source=None, at=None),
        plot.timeline(lightloom.timeline(SMALL), layers=None, window=(0, 1e-4)),
        plot.mesh(photonic.decompose(photonic.haar(4))),
        plot.spectrum([1550, 1551], [0.1, 0.9], fit=[0.2, 0.8], decibels=True),
        *plot.residuals(np.linspace(-1, 1, 9), sigma=0.5, ax=pyplot.subplots(1, 2)[1]),
    ]
    assert list(best) == [0, 2] and all(isinstance(axes, Axes) for axes in drawn)
    pyplot.close("all")


def main() -> None:
    pyplot.switch_backend("Agg")
    with tempfile.TemporaryDirectory(prefix="lightloom-python-") as place:
        folder = pathlib.Path(place)
        sources()
        networks(folder)
        chips()
        figures(folder)


if __name__ == "__main__":
    main()
