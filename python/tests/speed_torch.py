"""What lightloom.torch costs: a two-level layer beside a dense one, and ResNet-20 on a chip beside `lightloom run`.

Processor time of one thread, which other programs do not lengthen by much; medians over rounds of both sides in turn. A chip's images
are those of `run` with three chips less those of `run` with one, so that reading and digital work of the program do not count; writing
the weights and setting the ranges of each chip count on both sides.
"""
import argparse
import statistics
import tempfile
import time

import numpy as np
import torch

import lightloom
import lightloom.torch as lt
from lightloom.torch.models import resnet20
from support import SOURCE

RINGS = {"card": str(SOURCE / "data/devices/mrr-bank.yaml"), "rows": 64, "columns": 64}
IMAGES = 160


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def layers(rounds):
    """Forward and backward of 3 x 3 convolutions at ResNet-18's sizes, batch 64."""
    for channels, side in ((64, 32), (128, 16), (256, 8), (512, 4)):
        dense = torch.nn.Conv2d(channels, channels, 3, padding=1)
        card = {"source": "multilevel", "intra": 2, "cross": 44, "bits": {"basis": 3, "intra": 6, "cross": 3}}
        two_level = lt.regenerate(torch.nn.Sequential(torch.nn.Conv2d(channels, channels, 3, padding=1)), card)
        x = torch.rand(64, channels, side, side)
        step = lambda layer: layer(x).sum().backward()
        step(dense), step(two_level)
        ratios, times = [], []
        for _ in range(rounds):
            times.append(seconds(lambda: step(dense)))
            ratios.append(seconds(lambda: step(two_level)) / times[-1])
        print(f"two-level over dense, {channels} channels: {statistics.median(ratios):.2f} times (dense {1e3 * statistics.median(times):.0f} ms)")


def chips(rounds):
    """Images per second of processor time of a ResNet-20 on a ring bank of 64 x 64."""
    torch.manual_seed(1)
    net, x = resnet20().eval(), torch.rand(IMAGES, 3, 32, 32)
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", x.permute(0, 2, 3, 1).numpy())
        np.save(f"{folder}/y.npy", np.arange(IMAGES) % 10)
        files = [f"{folder}/x.npy", f"{folder}/y.npy"]
        dataset = {"name": "mine", "height": 32, "width": 32, "channels": 3, "classes": 10, "train": files, "test": files,
                   "layout": "channels_last", "validation": 0}
        card = {**lt.from_torch(net, folder, (3, 32, 32), dataset), "core": RINGS, "measure": ["accuracy"], "baselines": []}

        def ours():
            with torch.no_grad():
                lt.convert(net, RINGS, chip=0).calibrate(x[:64])(x)

        ours()
        for _ in range(rounds):
            several, one = (seconds(lambda: lightloom.run(card, chips=count, progress=False)) for count in (3, 1))
            theirs, mine = 2 * IMAGES / (several - one), IMAGES / seconds(ours)
            print(f"ResNet-20 on a chip: convert {mine:.0f}, run {theirs:.0f} images/s: {mine / theirs:.2f} times")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    lightloom.set_threads(1)
    layers(asked.rounds)
    chips(max(1, asked.rounds // 2))


if __name__ == "__main__":
    main()
