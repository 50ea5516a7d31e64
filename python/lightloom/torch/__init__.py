"""Weights that are regenerated, as PyTorch modules: train them anywhere, take the file to lightloom's chips.

    import lightloom.torch as lt

    student = lt.regenerate(copy.deepcopy(teacher), {"source": "multilevel", "intra": 2, "cross_share": 0.7,
                                                     "bits": {"basis": 3, "intra": 6, "cross": 3}}, steps=1000)
    loss = lt.distillation(student(x), teacher(x), y) + lt.penalty(student)
    lt.save(student, "weights.h5", {"model": "resnet20", "dataset": "cifar10", "weights": {...}})

then `lightloom run card.yaml --set weights.file=weights.h5`; or, without leaving PyTorch,

    chip = lt.convert(student, "data/devices/mrr-bank.yaml", chip=3).calibrate(images)
    chip(x)

Sources, files and training are pure torch; `convert` needs the compiled half of the package.
"""

from .attention import Attention, split_attention
from .chips import ChipNetwork, convert
from .export import export, plain
from .files import load, read_card, save
from .layers import SourcedConv2d, SourcedLinear, penalty, regenerate, stored_bits, weight_layers
from .networks import OnnxNetwork, from_torch, to_torch
from .sources.sizes import Shape
from .sources.source import Source
from .sources.table import SOURCES, make_source
from .training import distillation, own_steps, recalibrate, relative_error

__all__ = ["Attention", "ChipNetwork", "OnnxNetwork", "SOURCES", "Shape", "Source", "SourcedConv2d", "SourcedLinear", "convert",
           "distillation", "export", "from_torch", "load", "make_source", "own_steps", "penalty", "plain", "read_card", "recalibrate",
           "regenerate", "relative_error", "save", "split_attention", "stored_bits", "to_torch", "weight_layers"]
