"""Cards: read, changed by attribute, validated, written."""
import pathlib
import subprocess
import unittest

import numpy as np

import lightloom
from support import PROGRAM, SMALL, SOURCE, program, scratch

QUICKSTART = str(SOURCE / "data/experiments/quickstart.yaml")


class Cards(unittest.TestCase):
    def test_keys_are_attributes_and_items_typed_as_yaml_has_them(self):
        card = lightloom.Card(QUICKSTART)
        self.assertEqual((card.seed, card.name, card.weights.bits.basis), (2026, "quickstart", 4))
        self.assertIs(card["train"].distill, True)
        self.assertEqual(card.teacher.rate, 0.002)
        self.assertEqual(card.baselines[0], {"source": "integer", "bits": 8})
        self.assertIn("chips", card)
        self.assertNotIn("chip", card)
        with self.assertRaises(AttributeError):
            card.nothing
        with self.assertRaises(KeyError):
            card["nothing"]

    def test_a_section_that_is_the_path_of_a_card_is_opened(self):
        card = lightloom.Card(QUICKSTART)
        laser = lightloom.Card(str(SOURCE / "data/devices/mrr-bank-carrier.yaml")).laser.power_per_input_mW
        self.assertEqual(card.core.laser.power_per_input_mW, laser)
        card.core.laser.power_per_input_mW = 2 * laser
        self.assertEqual(card.resolved().core.laser.power_per_input_mW, 2 * laser)
        self.assertEqual(card.resolved().core.columns, 64)

    def test_setting_by_attribute_is_the_same_as_set_on_the_command_line(self):
        with scratch() as folder:
            card = lightloom.Card(QUICKSTART, weights__bits__basis=3, **{"core.rows": np.int64(32)})
            card.chips = 4
            card.memory.dram = str(SOURCE / "data/memory/ddr4-2400.yaml")
            written = pathlib.Path(folder) / "data" / "written.yaml"
            written.parent.mkdir()
            for name in ("devices", "generators", "memory"):  # its paths are those of the card it came from
                (pathlib.Path(folder) / name).symlink_to(SOURCE / "data" / name)
            card.write(written)
            again = lightloom.Card(str(written))
            self.assertEqual(again.to_dict(), card.to_dict())
            ours = program("cost", written)
        theirs = program("cost", QUICKSTART, "--set", "weights.bits.basis=3", "--set", "core.rows=32", "--set",
                         f"memory.dram={SOURCE}/data/memory/ddr4-2400.yaml")
        self.assertEqual(ours, theirs)

    def test_yaml_text_comes_back_as_it_was(self):
        card = lightloom.Card({"name": "a: b", "list": [1, 2.5, None, True, "x", []], "deep": {"er": {"key": -3e-7}}})
        again = lightloom.Card.from_yaml(card.to_yaml())
        self.assertEqual(again.to_dict(), card.to_dict())
        self.assertEqual(again.deep.er.key, -3e-7)
        self.assertEqual(again.list, [1, 2.5, None, True, "x", []])

    def test_a_copy_is_its_own(self):
        first = lightloom.Card(SMALL)
        second = lightloom.Card(first, chips=5)
        second.core.rows = 8
        self.assertEqual((first.chips, first.core.rows, second.chips), (2, 32, 5))

    def test_every_problem_is_told_at_once_with_the_nearest_key(self):
        card = lightloom.Card(SMALL, chips=-1, weights__bits__bassis=3, modle="cnn3")
        with self.assertRaises(lightloom.CardError) as caught:
            card.validate()
        problems = caught.exception.problems
        self.assertEqual(len(problems), 3)
        self.assertEqual(str(caught.exception), "\n".join(problems))
        text = "\n".join(problems)
        for part in ("did you mean 'basis'?", "did you mean 'model'?", "'chips' is -1 but must be"):
            self.assertIn(part, text)
        self.assertIsInstance(caught.exception, lightloom.Error)
        self.assertIsInstance(caught.exception, ValueError)

    def test_the_same_problems_as_the_program_tells(self):
        with self.assertRaises(lightloom.CardError) as caught:
            lightloom.cost(QUICKSTART, chips=-1, **{"core.rowss": 3})
        told = subprocess.run([PROGRAM, "cost", QUICKSTART, "--set", "chips=-1", "--set", "core.rowss=3"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(told.returncode, 2)
        for problem in caught.exception.problems:
            self.assertIn(problem.split(": ", 1)[1], told.stderr)
        self.assertEqual(len(caught.exception.problems), 2)

    def test_kinds_of_cards_are_told_by_their_keys(self):
        for kind, path in (("core", "devices/mzi-mesh.yaml"), ("dram", "memory/ddr4-2400.yaml"),
                           ("memory", "memory/lpddr4-edge.yaml"), ("experiment", "experiments/quickstart.yaml")):
            card = lightloom.Card(str(SOURCE / "data" / path))
            self.assertEqual(card._kind(None), kind)
            self.assertIs(card.validate(), card)
        with self.assertRaises(lightloom.CardError):
            lightloom.Card({"kind": "mzi-mess"}).validate()

    def test_what_is_no_card_is_said_in_a_sentence(self):
        itself = {}
        itself["key"] = itself
        for wrong in (3, None, b"x", [1], {1: 2}, {"a": object()}, {"a": {2, 3}}, itself, "no/such/card.yaml", {"a": 1j}):
            with self.subTest(wrong=repr(wrong)[:40]), self.assertRaises(lightloom.Error) as caught:
                lightloom.Card(wrong)
            self.assertNotEqual(str(caught.exception), "")
        for text in ("a: [1", "- 1\n- 2: {", "\ta: 1"):
            with self.subTest(text=text), self.assertRaises(lightloom.CardError):
                lightloom.Card.from_yaml(text)
        card = lightloom.Card(SMALL)
        for path in ("", ".", "a..b", ".a", "a."):
            with self.subTest(path=path), self.assertRaises(lightloom.Error):
                card[path] = 1


if __name__ == "__main__":
    unittest.main()
