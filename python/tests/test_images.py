"""lightloom.images: what a run trains, chooses and tests with."""
import unittest

import numpy as np

import lightloom
from support import SMALL, scratch


class Images(unittest.TestCase):
    def test_arrays_come_back_as_they_were_given(self):
        rng = np.random.default_rng(1)
        train, test = rng.random((20, 5, 4, 3), dtype=np.float32), rng.random((7, 5, 4, 3), dtype=np.float32)
        labels = rng.integers(0, 4, 20)
        with scratch() as folder:
            names = {name: f"{folder}/{name}.npy" for name in ("x", "y", "xt", "yt")}
            for name, values in (("x", train), ("y", labels), ("xt", test), ("yt", np.arange(7) % 4)):
                np.save(names[name], values)
            card = {"name": "mine", "train": [names["x"], names["y"]], "test": [names["xt"], names["yt"]], "layout": "channels_last"}
            found = lightloom.images(card, validation=0.25, seed=3)
            again = lightloom.images(card, validation=0.25, seed=4)
            shifted = lightloom.images(card, validation=0, normalise={"mean": [0.5, 0.25, 0], "std": [0.5, 1, 2]})
        self.assertEqual({part: len(y) for part, (_, y) in found.items()}, {"train": 15, "validation": 5, "test": 7})
        np.testing.assert_array_equal(found["test"][0], test)
        np.testing.assert_array_equal(found["test"][1], np.arange(7) % 4)
        together = np.concatenate([found["train"][0], found["validation"][0]])
        np.testing.assert_array_equal(np.sort(together.ravel()), np.sort(train.ravel()))
        for x, y in zip(*found["validation"]):  # each with its own label
            (place,) = [k for k in range(20) if np.array_equal(train[k], x)]
            self.assertEqual(y, labels[place])
        self.assertFalse(np.array_equal(found["validation"][0], again["validation"][0]))
        self.assertEqual(len(shifted["validation"][1]), 0)
        np.testing.assert_allclose(shifted["test"][0], (test - [0.5, 0.25, 0]) / [0.5, 1, 2], atol=1e-6)

    def test_numbers_that_answer_keep_their_columns(self):
        x, targets = np.random.default_rng(2).random((9, 6)), np.arange(18.0).reshape(9, 2)
        with scratch() as folder:
            for name, values in (("x", x), ("t", targets)):
                np.save(f"{folder}/{name}.npy", values)
            files = [f"{folder}/x.npy", f"{folder}/t.npy"]
            card = {"name": "rows", "task": "regression", "train": files, "test": files, "validation": 0}
            found = lightloom.images(card)["test"]
            own = lightloom.images({"name": "rows", "task": "autoencoder", "train": files[:1], "test": files[:1]})["test"]
        self.assertEqual(found[0].shape, (9, 1, 1, 6))
        np.testing.assert_array_equal(found[1], targets)
        np.testing.assert_array_equal(own[0], own[1])

    def test_generated_digits_are_pixels_of_full_scale_one(self):
        found = lightloom.images(SMALL["dataset"], seed=7)
        self.assertEqual(found["train"][0].shape, (270, 28, 28, 1))
        self.assertEqual((found["train"][0].dtype, found["train"][1].dtype), (np.float32, np.int64))
        self.assertEqual((found["train"][0].min(), found["train"][0].max()), (0, 1))
        self.assertEqual(set(found["train"][1]), set(range(10)))

    def test_what_is_wrong_is_said(self):
        for words, card in (("get-datasets mnist", {"name": "mnist", "root": "nowhere"}), ("did you mean", {"nam": "mnist"}),
                            ("below 0|at least 0", {"train_limit": -1})):
            with self.subTest(words), self.assertRaisesRegex(lightloom.Error, words):
                lightloom.images(card)
        with self.assertRaises(lightloom.Error):
            lightloom.images({"name": "glyphs"}, seed=-1)


if __name__ == "__main__":
    unittest.main()
