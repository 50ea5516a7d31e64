"""Whole studies: the command line's numbers to the bit, interrupts, progress, threads."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

import numpy as np
import xarray

import lightloom
from support import SMALL, SOURCE, program, scratch


def opened(path):
    data = xarray.open_dataset(path, engine="h5netcdf").load()
    data.close()
    return data


def without(attributes, *names):
    return {name: value for name, value in attributes.items() if name not in names}


class Studies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.chdir(SOURCE)  # the card names others from here

    def assert_same(self, ours, theirs):
        """Equal to the bit: names, axes, types, values, units; attributes but for the call."""
        self.assertEqual(without(ours.attrs, "command"), without(theirs.attrs, "command", "schema_version"))
        for name in theirs.variables:  # texts of a file are objects or NumPy's own, as h5netcdf has them
            both = [data[name].dtype for data in (ours, theirs)]
            self.assertTrue(both[0] == both[1] or all(one.kind in "OUT" for one in both), f"{name}: {both}")
        xarray.testing.assert_identical(self._bare(ours), self._bare(theirs))

    @staticmethod
    def _bare(data):
        data = data.copy()
        data.attrs = {}
        return data

    def test_run_gives_what_the_program_writes(self):
        with scratch() as folder:
            card = pathlib.Path(folder) / "small.yaml"
            lightloom.Card(SMALL).write(card)
            file = pathlib.Path(folder) / "small.h5"
            program("run", card, "-o", file)
            theirs = opened(file)
        ours = lightloom.run(SMALL, progress=False)
        self.assertGreater(len(ours.data_vars), 40)
        self.assertEqual(ours.accuracy_chip.shape, (2,))
        self.assert_same(ours, theirs)

    def test_cost_gives_what_the_program_writes_of_cost_alone(self):
        with scratch() as folder:
            file = pathlib.Path(folder) / "c.h5"
            program("run", "data/experiments/quickstart.yaml", "--set", "measure=[cost]", "--set", "core.rows=32", "-o", file)
            theirs = opened(file)
        self.assert_same(lightloom.cost("data/experiments/quickstart.yaml", core__rows=32), theirs)
        told = program("cost", "data/experiments/quickstart.yaml", "--set", "core.rows=32")
        ours = lightloom.cost("data/experiments/quickstart.yaml", core__rows=32)
        for source, numbers in told["sources"].items():
            self.assertEqual(float(ours.time.sel(source=source)), numbers["time_s"])
            self.assertEqual(float(ours.energy.sel(source=source)), numbers["energy_J"])

    def test_ratio_gives_the_programs_numbers(self):
        told = program("ratio", "data/experiments/quickstart.yaml")
        ours = lightloom.ratio("data/experiments/quickstart.yaml")
        self.assertEqual(list(ours.source.values), list(told["sources"]))
        for source, numbers in told["sources"].items():
            self.assertEqual(float(ours.memory_ratio.sel(source=source)), numbers["memory_ratio"])
        self.assertEqual([int(bits) for bits in ours.stored_bits[0]], [layer["memory_bits"] for layer in told["layers"]])
        named = lightloom.ratio(model="resnet18", dataset_name="cifar10", weights__source="ternary")
        theirs = program("ratio", "--model", "resnet18", "--dataset", "cifar10", "--set", "weights.source=ternary")
        self.assertEqual(float(named.memory_ratio[0]), theirs["memory_ratio"])
        with self.assertRaises(lightloom.Error):
            lightloom.ratio(model="resnet18")

    def test_sweep_gives_what_the_program_writes_with_and_without_a_file(self):
        swept = {**SMALL, "measure": ["cost"], "sweep": {"core.rows": [16, 32], "weights.bits.basis": [2, 3, 4]}}
        with scratch() as folder:
            card = pathlib.Path(folder) / "swept.yaml"
            lightloom.Card(swept).write(card)
            file, kept = pathlib.Path(folder) / "s.h5", pathlib.Path(folder) / "kept.h5"
            program("sweep", card, "-o", file)
            theirs = opened(file)
            ours = lightloom.sweep(swept)
            self.assert_same(ours, theirs)
            self.assert_same(lightloom.sweep(swept, output=kept), theirs)
            seen = []
            again = lightloom.sweep(swept, output=kept, progress=lambda *report: seen.append(report))
            self.assert_same(again, theirs)
            self.assertEqual(seen, [])  # nothing was left to compute
        with self.assertRaises(lightloom.Error) as caught:
            lightloom.sweep({**swept, "sweep": {"chips": [1, -1]}})
        self.assertIn("point 2", str(caught.exception))

    def test_search_gives_the_programs_card_and_numbers(self):
        with scratch() as folder:
            card, found = pathlib.Path(folder) / "small.yaml", pathlib.Path(folder) / "found.yaml"
            lightloom.Card(SMALL).write(card)
            told = program("search", card, "--budget", "memory=0.1", "--images", 32, "--candidates", 1, "-o", found)
            theirs = found.read_text()
        data, ours = lightloom.search(SMALL, budget={"memory": 0.1}, images=32, candidates=1, progress=False)
        self.assertEqual(ours.to_yaml(), theirs)
        self.assertEqual(float(data.memory_ratio.sel(found="searched")), told["searched"]["memory_ratio"])
        self.assertEqual(list(data.setting.values), [layer["setting"] for layer in told["layers"]])
        self.assertEqual([float(one) for one in data.divergence], [one["divergence"] for one in told["candidates"]])
        self.assertEqual(data.attrs["chosen"], told["chosen"])
        for wrong in ({"memory": 0.1, "time": 1}, 3, {"money": 1}, "memory", {"memory": "x"}):
            with self.subTest(budget=wrong), self.assertRaises(lightloom.Error):
                lightloom.search(SMALL, budget=wrong)

    def test_a_section_search_gives_the_programs_arrays_card_and_weights(self):
        searched = {"dataset": {"name": "glyphs", "train_limit": 300, "test_limit": 100}, "model": {"name": "lenet5"},
                    "weights": {"source": "integer", "bits": 4}, "teacher": {"epochs": 1}, "train": {"epochs": 1},
                    "search": {"candidates": [{"label": "a", "source": "integer", "bits": 3}, {"label": "b", "source": "integer", "bits": 6}],
                               "targets": [{"cost": "bytes", "at_most": 1.4, "of": "a"}], "epochs": 2, "fine_tune": 1, "controls": ["greedy"]},
                    "baselines": [], "chips": 0, "measure": ["accuracy"]}
        with scratch() as folder:
            places = {name: pathlib.Path(folder) / name for name in ("card.yaml", "found.yaml", "found.h5", "theirs.h5", "ours.h5")}
            lightloom.Card(searched).write(places["card.yaml"])
            program("search", places["card.yaml"], "-o", places["found.yaml"], "--results", places["found.h5"], "--weights", places["theirs.h5"])
            data, ours = lightloom.search(searched, weights=places["ours.h5"], progress=False)
            self.assertEqual(ours.to_yaml(), places["found.yaml"].read_text())
            self.assert_same(data, opened(places["found.h5"]))
            self.assertEqual(places["ours.h5"].read_bytes(), places["theirs.h5"].read_bytes())
        for wrong in ({"budget": {"memory": 0.1}}, {"candidates": 2}, {"fine_tune": True}):
            with self.subTest(wrong), self.assertRaisesRegex(lightloom.Error, "cards without a section"):
                lightloom.search(searched, **wrong)
        with self.assertRaisesRegex(lightloom.Error, "section `search` alone"):
            lightloom.search(SMALL, budget={"memory": 0.1}, weights="w.h5")

    def test_a_timeline_ends_when_the_cost_says(self):
        card = {**SMALL, "baselines": [{"source": "integer", "bits": 8}], "schedule": {"cores": 2}}
        costs = lightloom.cost(card)
        for source in ("multilevel", "int8"):
            found = lightloom.timeline(card, source)
            self.assertEqual(found.time.item(), costs.time.sel(source=source).item())
            self.assertEqual(float(found.end.max()), found.time.item())
            self.assertEqual("generate" in found.stage.values, source == "multilevel")
            np.testing.assert_array_equal(np.bincount(found.visit_layer) > 0, True)
            self.assertEqual(list(found.layer.values), list(costs.layer.values))
            busy = (found.end - found.start).sum("visit")
            expected = costs.stage_time.sel(source=source, state="busy")
            for stage in found.stage.values:
                cores = len(np.unique(found.visit_core)) if stage in ("program", "compute") else 1
                self.assertAlmostEqual(busy.sel(stage=stage).item() / cores / expected.sel(stage=stage).item() if busy.sel(stage=stage) else 1, 1)
        self.assertEqual(found.start.attrs["units"], "s")
        np.testing.assert_array_equal(lightloom.timeline(card).end, lightloom.timeline(card, "multilevel").end)
        for wrong in ("int9", 3):
            with self.assertRaises(lightloom.Error):
                lightloom.timeline(card, wrong)

    def test_published_chips_are_the_programs(self):
        told = program("validate", "data/chips/pace.yaml", "data/chips/lightning.yaml")
        self.assertEqual(lightloom.validate("data/chips/pace.yaml", pathlib.Path("data/chips/lightning.yaml")), told)
        doubled = lightloom.validate("data/chips/pace.yaml", settings={"inputs.symbol rate.value": 2})
        before, after = (one["chips"][0]["predictions"][0]["predicted"] for one in (told, doubled))
        self.assertAlmostEqual(after / before, 2)
        for call in (lambda: lightloom.validate("nowhere.yaml"), lambda: lightloom.validate(3), lambda: lightloom.validate(settings={"a": 1})):
            with self.assertRaises(lightloom.Error):
                call()

    def test_a_sweep_is_not_run_as_one_experiment(self):
        with self.assertRaises(lightloom.Error) as caught:
            lightloom.run({**SMALL, "sweep": {"chips": [1, 2]}})
        self.assertIn("grid", str(caught.exception))


LONG = {**SMALL, "teacher": {"epochs": 400, "batch": 50, "optimizer": "radam", "rate": 0.002},
        "dataset": {"name": "glyphs"}}


class LongCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.chdir(SOURCE)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore interrupts

    def test_an_interrupt_ends_a_long_call_and_leaves_the_handler_as_it_was(self):
        before = signal.getsignal(signal.SIGINT)
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        start = time.monotonic()
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            lightloom.run(LONG, progress=False)
        self.assertLess(time.monotonic() - start, 20)
        self.assertIs(signal.getsignal(signal.SIGINT), before)
        self.assertGreater(float(lightloom.cost(SMALL).time[0]), 0)  # and the next call is not ended
        with self.assertRaises(KeyboardInterrupt):  # Python's own handling is back
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)

    def test_an_interrupt_ends_every_kind_of_long_call(self):
        dram = lightloom.memory.Dram("data/memory/ddr4-2400.yaml")
        core = lightloom.photonic.Core("data/devices/mrr-bank.yaml")
        with scratch() as folder:
            grid = {**SMALL, "measure": ["cost"], "sweep": {"core.rows": list(range(2, 4000))}}
            calls = {"run of requests": lambda: dram.run("rand_rd", count=10**9),
                     "statistics of chips": lambda: core.statistics(chips=10**6),
                     "sweep": lambda: lightloom.sweep(grid, output=f"{folder}/kept.h5", progress=False),
                     "search": lambda: lightloom.search(LONG, budget={"memory": 0.1}, progress=False)}
            for name, call in calls.items():
                with self.subTest(name):
                    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
                    start = time.process_time()
                    timer.start()
                    with self.assertRaises(KeyboardInterrupt):
                        call()
                    self.assertLess(time.process_time() - start, 30)  # other programs do not lengthen it

    def test_statistics_are_of_the_chips_that_their_numbers_say(self):
        core = lightloom.photonic.Core("data/devices/mrr-bank.yaml", rows=4, columns=4, seed=3)
        whole = core.statistics(chips=600)["error"]
        self.assertEqual(whole.shape, (600,))
        np.testing.assert_array_equal(whole[500:], core.statistics(chips=100, first_chip=500)["error"])

    def test_other_threads_run_beside_a_long_call(self):
        ticks, stop = [], threading.Event()

        def tick():
            while not stop.wait(0.01):
                ticks.append(time.monotonic())

        thread = threading.Thread(target=tick)
        thread.start()
        start = time.monotonic()
        lightloom.run(SMALL, progress=False)
        end = time.monotonic()
        stop.set()
        thread.join()
        within = [at for at in ticks if start < at < end]
        self.assertGreater(len(within), 0.1 * (end - start) / 0.01)

    def test_progress_is_told_and_an_exception_of_the_teller_ends_the_work(self):
        seen = []
        lightloom.run(SMALL, progress=lambda *report: seen.append(report))
        titles = {title for title, *_ in seen}
        self.assertIn("analog chips", titles)
        for _, unit, done, total, _ in seen:
            self.assertTrue(unit)
            self.assertLessEqual(done, total)

        def stops(*_):
            raise ZeroDivisionError("enough")

        with self.assertRaises(ZeroDivisionError):
            lightloom.run(LONG, progress=stops)
        with self.assertRaises(lightloom.Error):
            lightloom.run(SMALL, progress="yes")

    def test_tqdm_draws_when_it_is_asked_to(self):
        code = ("import lightloom, sys; sys.path.insert(0, sys.argv[1]); from support import SMALL\n"
                "lightloom.run(SMALL, progress=True)")
        done = subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__)], capture_output=True, text=True, cwd=SOURCE,
                              check=True)
        self.assertIn("analog chips", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_without_xarray_only_calls_that_give_datasets_fail_and_say_what_to_install(self):
        code = ("import sys; sys.modules['xarray'] = None; sys.modules['tqdm'] = None; sys.modules['tqdm.auto'] = None\n"
                "import lightloom\n"
                "lightloom.Card({'chips': 1}); lightloom.photonic.haar(3)\n"
                "try: lightloom.cost('data/experiments/quickstart.yaml')\n"
                "except ImportError as error: print(error)\n"
                "try: lightloom.cost('data/experiments/quickstart.yaml', progress=True)\n"
                "except ImportError as error: print(error)\n")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SOURCE, check=True)
        self.assertIn("python3-xarray", done.stdout)
        self.assertIn("python3-tqdm", done.stdout)


if __name__ == "__main__":
    unittest.main()
