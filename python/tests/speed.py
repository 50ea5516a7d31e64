"""What a call costs beyond its work, and decompositions.

Prints microseconds of processor time on one thread, which other programs do not lengthen by much. The work of the calls measured is
little, so their time is the overhead, but for `realise` and `multiply`, which make and read a core's tile.
"""
import time
import timeit

import numpy as np

import lightloom
from lightloom import memory, photonic


def microseconds(call, repeat=7):
    """The best of several runs, a call's share."""
    timer = timeit.Timer(call, timer=time.process_time)
    count, _ = timer.autorange()
    return 1e6 * min(timer.repeat(repeat, count)) / count


def main():
    lightloom.set_threads(1)
    ring, heater, phase = photonic.Ring(), photonic.Heater(), np.zeros(1)
    core = photonic.Core({"kind": "ideal", "rows": 2, "columns": 2})
    W, x = np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)
    matrix, mesh = core.load(W).calibrate(x), photonic.decompose(np.eye(2))
    dram = memory.Dram({})
    card = lightloom.Card({"core": {"rows": 4}})
    for name, call in {"Ring.drop of one phase": lambda: ring.drop(phase), "Heater.phase of one voltage": lambda: heater.phase(phase),
                       "Core.realise of 2 x 2": lambda: core.realise(W), "MatrixOnChip.multiply of 1 x 2": lambda: matrix.multiply(x),
                       "decompose of 2 x 2": lambda: photonic.decompose(np.eye(2)), "Mesh.matrix": mesh.matrix,
                       "Mesh.theta": lambda: mesh.theta, "haar(2)": lambda: photonic.haar(2), "a key of a card": lambda: card.core.rows,
                       "Dram.peak_GBps": lambda: dram.peak_GBps}.items():
        print(f"{name:32} {microseconds(call):8.2f} us")
    for n in (16, 64, 128):
        U = photonic.haar(n, seed=1)
        print(f"{'decompose of ' + str(n) + ' modes':32} {microseconds(lambda: photonic.decompose(U)):8.1f} us")


if __name__ == "__main__":
    main()
