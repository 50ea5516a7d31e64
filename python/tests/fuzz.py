"""Calls with arrays and arguments at random: fuzz.py [--calls N] [--seed N]

Every call must return or raise `lightloom.Error` with a sentence, never anything else, and never end the interpreter.
Prints how many did either. A failure names the call's number, with which --first N begins.
"""
import argparse
import os
import warnings

import numpy as np

import lightloom
from lightloom import calibration, memory, photonic
from support import SMALL, SOURCE

TYPES = ("f8", "f8", "f8", "f4", "c16", "c16", "c8", "i8", "i4", "u8", "u1", "?", ">f8", "O", "U3", "M8[s]", "f2")


class Draws:
    """Arguments at random, one stream a call."""

    def __init__(self, seed, call):
        self.rng = np.random.default_rng([seed, call])

    def pick(self, *of):
        return of[self.rng.integers(len(of))]

    def size(self):
        return int(self.pick(0, 1, 2, 2, 3, 4, 4, 5, 7, 12))

    def array(self, *shape):
        """Often of the shape asked for; else of any; of any type, layout and content."""
        rng = self.rng
        if rng.random() < 0.35:
            shape = tuple(self.size() for _ in range(rng.integers(0, 4)))
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4)
        if rng.random() < 0.3:
            values = np.abs(values)
        kind = self.pick(*TYPES) if rng.random() < 0.5 else "f8"
        if kind in ("c16", "c8"):
            values = values + 1j * rng.normal(size=shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = np.asarray(values).astype(kind)
        if made.size and kind in ("f8", "c16", "f4") and rng.random() < 0.15:
            with np.errstate(all="ignore"):
                made.reshape(-1)[rng.integers(made.size)] = self.pick(np.nan, np.inf, -np.inf, 1e308, 1e-320)
        return self.layout(made)

    def layout(self, made):
        way = self.rng.random()
        if way < 0.1:
            return np.asfortranarray(made)
        if way < 0.2 and made.ndim:
            return made[::-1]
        if way < 0.3 and made.ndim:
            return np.repeat(made, 2, axis=-1)[..., ::2]
        if way < 0.35:
            made.setflags(write=False)
            return made
        if way < 0.4:
            return made.tolist()
        if way < 0.42:
            return np.broadcast_to(made, (2, *made.shape))
        return made

    def word(self, *known):
        return self.pick(*known) if self.rng.random() < 0.85 else self.pick("", "x", None, 3, b"mzi", ["mzi"], "\0", "é", np.nan)

    def number(self, *known):
        return self.pick(*known) if self.rng.random() < 0.8 else self.pick(-1, 0, 2**31, 2**32, 2**64, 1e300, np.nan, np.inf, None,
                                                                           "3", 1.5, True, np.int64(2), 1j, [1], -(2**70))

    def unitary(self):
        size = max(1, self.size())
        made = photonic.haar(size, seed=int(self.rng.integers(1000)))
        return self.layout(made.copy()) if self.rng.random() < 0.5 else self.array(size, size)

    def tree(self, depth=0):
        """A card at random from keys that exist and values that may not fit."""
        keys = ("core", "rows", "kind", "chips", "weights", "bits", "model", "dram", "timing_cycles", "heater", "x", "card", "sweep",
                "kernel", "pi_voltage_V", "organization", "chip", "modes", "", "a.b", 3)
        if depth < 3 and self.rng.random() < 0.6:
            return {self.pick(*keys): self.tree(depth + 1) for _ in range(self.rng.integers(0, 4))}
        return self.pick(1, -1, 0.5, "x", "mzi-mesh", None, True, [1, 2], [], {}, np.nan, 1e400, "a: [", "no.yaml", 2**80, "\ud800",
                         np.float32(2), np.arange(3), 1j, object())


CORES = [photonic.Core(str(SOURCE / "data/devices" / name), rows=4, columns=4)
         for name in ("mrr-bank.yaml", "pcm-crossbar.yaml", "ideal.yaml")]
CORES.append(photonic.Core(str(SOURCE / "data/devices/mzi-mesh.yaml"), mesh__modes=4))
DYNAMIC = photonic.Core(str(SOURCE / "data/devices/dynamic-product.yaml"), rows=4, columns=4)
DRAM = memory.Dram(str(SOURCE / "data/memory/ddr4-2400.yaml"))
CHIP = calibration.VirtualChip({"chip": {"modes": 3}, "seed": 3})
DEVICE = CHIP.truth
MATRIX = CORES[0].load(np.ones((3, 5))).calibrate(np.ones((2, 5)))
MESH = photonic.decompose(photonic.haar(4, seed=1))


def decompose(d):
    made = photonic.decompose(d.unitary(), mesh=d.word("clements", "reck", "butterfly"),
                              device=d.word("mzi", "three-splitter", "crossing", "compact"),
                              target=d.word("unitary", "nearest", "svd"), tolerance=d.number(0, 0, 1e-6, 0.1))
    if d.rng.random() < 0.3:
        made.to(d.word("perceval", "strawberryfields", "neurophox", "strawberryfields-compact", "interferometer"))
    if d.rng.random() < 0.3:
        made.matrix(theta=d.array(len(made.theta)), screen=d.pick(None, d.array(made.modes)))
    return made.matrix()


def cards(d):
    card = lightloom.Card(d.tree() if d.rng.random() < 0.5 else dict(SMALL))
    for _ in range(d.rng.integers(0, 3)):
        card[d.word("core.rows", "chips", "weights.bits.basis", "a", "core", "model.name.x", "baselines")] = d.tree(2)
    text = card.to_yaml()
    lightloom.Card.from_yaml(text)
    if d.rng.random() < 0.3:
        card.validate(d.word("experiment", "core", "memory", "dram", None))


def devices(d):
    ring = photonic.Ring(d.number(0.9, 0.95), d.number(0.9), d.number(0.99, 1))
    ring.weight(d.array(3)), ring.phase_for(d.array(2, 2)), ring.quality(d.number(4), d.number(60), d.number(1550))
    photonic.Heater(pi_voltage_V=d.number(4), voltage_bits=d.number(0, 3)).voltage(d.array(3))
    photonic.Crosstalk(kernel=d.word("none", "exponential", "fitted"), decay_um=d.number(8)).share(d.array(3))


def measurements(d):
    settings, ports = d.size(), d.pick(3, 3, 3, 2)
    made = calibration.Measurements(d.array(settings, 6), d.array(settings, ports, ports),
                                    fields=d.pick(None, None, d.array(ports, ports)), monitor=d.pick(None, None, d.array(settings)),
                                    sweeps=d.pick((), (), [{"heater": d.number(0, 1), "input": d.number(0), "output": d.number(0),
                                                            "base_V": d.array(6), "volts": d.array(4), "readings": d.array(4)}]))
    (made + made).voltages_V
    calibration.fit(made, d.pick(None, None, d.tree()), start=d.pick(None, DEVICE), fit__max_iterations=2)


def requests(d):
    count = d.size()
    cycles = np.sort(d.rng.integers(0, 99, count)) if d.rng.random() < 0.7 else d.array(count)
    DRAM.run((cycles, d.rng.integers(0, 1 << 30, count) if d.rng.random() < 0.7 else d.array(count), d.array(count) if d.rng.random() < 0.3
              else d.rng.random(count) < 0.5))


def convolution(d):
    side = d.number(6, 7)
    made = d.pick(*CORES).load_convolution(d.array(4, d.pick(3, 1), 3, 2), d.pick((6, 7), (6, 7), side, (side, side), [6], "x"), chip=d.number(0, 1),
                                           stride=d.number(1, 2, (1, 2)), padding=d.number(0, 1), dilation=d.number(1), groups=d.number(1, 1, 3))
    made.calibrate(d.array(2, 6, 7, 3))
    made.multiply(d.array(d.size(), 6, 7, 3), first=d.pick(None, None, d.number(0, 5)))
    made.write(d.array(4, 3, 3, 2), d.number(1))
    made.multiply(d.array(2, 6, 7, 3), d.number(0))


def products(d):
    made = d.pick(DYNAMIC, DYNAMIC, *CORES).products(d.number(0, 1))
    groups, number = d.number(1, 1, 2), d.number(0, 3)
    made.calibrate(d.array(2, 5, 4), d.array(2, 6, d.pick(4, 2)), number=number, groups=groups)
    made.multiply(d.array(2, d.pick(5, 5, 4), 4), d.array(2, 6, d.pick(4, 2)), number=d.pick(number, number, 7), groups=groups, first=d.number(0, 9))


def typos(d):
    """The card of a small experiment with a letter of some key lost, doubled or changed, or a value of another type."""
    card = {**SMALL, "core": dict(SMALL["core"]), "weights": dict(SMALL["weights"])}
    section = d.pick(card, card["core"], card["weights"], card["dataset"] if isinstance(card["dataset"], dict) else card)
    section = dict(section) if section is not card else card
    key = d.pick(*section)
    at = int(d.rng.integers(len(key)))
    wrong = d.pick(key[:at] + key[at + 1:], key[:at] + key[at] + key[at:], key[:at] + "q" + key[at + 1:], key)
    section[wrong] = d.tree(2) if wrong == key else section.pop(key)
    lightloom.Card(d.pick(card, section)).validate("experiment")
    lightloom.ratio(card)


CALLS = {
    "convolution": convolution,
    "products": products,
    "typos": typos,
    "decompose": decompose,
    "haar": lambda d: photonic.haar(d.number(1, 2, 5), d.number(0, 1), d.number(0, 3)),
    "heated": lambda d: MESH.heated(d.tree() if d.rng.random() < 0.3 else {"kernel": d.word("none", "exponential", "fitted")},
                                    mode_um=d.number(25.0), column_um=d.number(300.0), aware=d.pick(True, False)),
    "realise": lambda d: d.pick(*CORES).realise(d.array(d.size(), d.size()), d.number(0, 1), layer=d.number(0), write=d.number(0)),
    "multiply": lambda d: d.pick(*CORES).multiply(d.array(3, 5), d.array(4, 5), chip=d.number(0, 2), shot=d.number(0, 1)),
    "matrix": lambda d: MATRIX.multiply(d.array(d.size(), 5), d.number(0)),
    "ranges": lambda d: MATRIX.calibrate(d.array(d.size(), 5)),
    "statistics": lambda d: d.pick(*CORES).statistics(d.word("uniform", "normal", "4-bit", d.array(3, 3)), chips=d.pick(1, 2, 0, -1, "2")),
    "devices": devices,
    "cards": cards,
    "requests": requests,
    "pattern": lambda d: DRAM.run(d.word("seq_rd", "rand_rd", "seq_2r1w_every3", "seq_rd_every0"), count=d.pick(1, 50, 0, None, 2.0),
                                  seed=d.number(1, 2)),
    "buffer": lambda d: memory.buffer(capacity_KB=d.number(16, 64), node_nm=d.number(22, 32), kind=d.word("sram", "edram")),
    "measurements": measurements,
    "images": lambda d: lightloom.images(d.tree() if d.rng.random() < 0.3 else {"name": d.word("glyphs", "mnist", "gliphs"), "train_limit": d.number(3, 9),
                                         "test_limit": d.number(2), "validation": d.number(0, 0.5)}, seed=d.number(0, 1)),
    "timeline": lambda d: lightloom.timeline(dict(SMALL), d.word("", "multilevel", "int8", "int9"), core__rows=d.number(8, 32)),
    "program": lambda d: DEVICE.program(d.array(3, 3) if d.rng.random() < 0.5 else photonic.haar(3, seed=1),
                                        max_voltage_V=d.number(6.5), target=d.word("unitary", "nearest")),
    "voltages": lambda d: (DEVICE.matrix(d.array(6)), CHIP.measure(d.array(d.size(), 6))),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=100000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    os.chdir(SOURCE)
    warnings.simplefilter("error", RuntimeWarning)
    names, good, refused = list(CALLS), 0, 0
    for call in range(asked.first, asked.first + asked.calls):
        draws = Draws(asked.seed, call)
        name = draws.pick(*names)
        try:
            CALLS[name](draws)
            good += 1
        except lightloom.Error as error:
            refused += 1
            if not str(error).strip():
                raise AssertionError(f"call {call}, {name}: an Error without a word") from error
        except Exception as problem:
            raise AssertionError(f"call {call}, {name}: {type(problem).__name__} instead of an Error: {problem}") from problem
    print(f"{asked.calls} calls: {good} answered, {refused} refused with a sentence, 0 ended otherwise")
    assert good > asked.calls // 10 and refused > asked.calls // 10


if __name__ == "__main__":
    main()
