"""DRAM and buffers: the program's numbers, and small cases by hand."""
import pathlib
import unittest

import numpy as np

import lightloom
from lightloom import memory
from support import SOURCE, program, scratch

DDR4 = str(SOURCE / "data/memory/ddr4-2400.yaml")


class Drams(unittest.TestCase):
    def assert_told(self, ours, told):
        for key, value in ours.items():
            value = value.tolist() if isinstance(value, np.ndarray) else value
            self.assertEqual(value, told[key], key)

    def test_a_pattern_gives_the_programs_numbers_and_advice(self):
        for pattern in ("rand_rd", "seq_2r1w_every3"):
            told = program("memory", DDR4, "--pattern", pattern, "--requests", 3000, "--seed", 5, "--advise")
            dram = memory.Dram(DDR4)
            self.assert_told(dram.run(pattern, count=3000, seed=5), told)
            advice = dram.advise()
            self.assertEqual(advice["advice"], told["advice"])
            self.assertEqual(advice["mappings"], told["mappings"])
        self.assert_told(memory.Dram(DDR4, refresh=False).run("seq_rd", count=500),
                         program("memory", DDR4, "--pattern", "seq_rd", "--requests", 500, "--set", "refresh=false"))

    def test_arrays_of_requests_are_a_trace(self):
        rng = np.random.default_rng(3)
        cycles = np.sort(rng.integers(0, 9000, 1500))
        addresses, writes = rng.integers(0, 1 << 30, 1500) // 64 * 64, rng.random(1500) < 0.3
        with scratch() as folder:
            trace = pathlib.Path(folder) / "trace.txt"
            trace.write_text("".join(f"{c} {hex(a)} {'W' if w else 'R'}\n" for c, a, w in zip(cycles, addresses, writes)))
            told = program("memory", DDR4, "--trace", trace, "--trace-format", "lightloom")
        dram = memory.Dram(DDR4)
        ours = dram.run((cycles, addresses, writes))
        self.assert_told(ours, told)
        self.assertEqual(ours["writes"], int(writes.sum()))
        self.assertEqual(dram.advise()["mappings"], [])
        self.assertEqual(dram.run((cycles[::2], addresses[::2].astype(np.int32), writes[::2]))["requests"], 750)

    def test_one_read_takes_activate_and_cas_by_the_card(self):
        # docs/models/memory/dram.md: a request is taken, waits for the pipeline, opens its row, reads.
        dram = memory.Dram(DDR4, refresh=False)
        timing = dram.card.resolved("dram").timing_cycles
        burst = dram.card.resolved("dram").organization.burst_cycles
        pipeline = dram.card.resolved("dram").controller.pipeline_cycles
        found = dram.run(([0], [0], [0]))
        expected = timing.rcd_read + timing.cl + burst
        self.assertLessEqual(abs(found["latency_cycles"]["mean"] - expected), pipeline + 1)
        self.assertEqual((found["requests"], found["activates"], found["row_hits"]), (1, 1, 0))

    def test_what_is_no_request_is_said(self):
        dram = memory.Dram(DDR4)
        for call in (dram.advise, lambda: dram.run("rand"), lambda: dram.run("seq_rd", count=0), lambda: dram.run(3),
                     lambda: dram.run("seq_rd", seed=-1), lambda: dram.run(([0], [1, 2], [0])), lambda: dram.run(([], [], [])),
                     lambda: dram.run(([2, 1], [0, 0], [0, 0])), lambda: dram.run(([0], [-1], [0])),
                     lambda: dram.run(([0.5], [1], [0])), lambda: dram.run(([0], [1j], [0])), lambda: dram.run(([0], [[0]], [0])),
                     lambda: dram.run(([1 << 50], [0], [0])), lambda: dram.run(([0], np.array([2**63], np.uint64), [0])),
                     lambda: memory.Dram({"clock_nss": 1}), lambda: memory.Dram(DDR4, **{"organization.channels": 3}),
                     lambda: memory.buffer(node_nm=400), lambda: memory.buffer(capacity=3)):
            with self.assertRaises(lightloom.Error) as caught:
                call()
            self.assertTrue(str(caught.exception))

    def test_buffers_grow_with_their_capacity(self):
        small, large = memory.buffer(capacity_KB=64, node_nm=22), memory.buffer({"capacity_KB": 256, "node_nm": 22})
        self.assertEqual((small["read_pJ"], large["read_pJ"]), (10.8, 24.7))  # the CACTI runs of memory/buffers
        self.assertGreater(large["area_mm2"], small["area_mm2"])


if __name__ == "__main__":
    unittest.main()
