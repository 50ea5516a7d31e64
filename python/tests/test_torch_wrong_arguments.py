"""Arguments of lightloom.torch that do not fit: a ValueError with one sentence, from one table."""
import pathlib
import tempfile
import unittest
import warnings

import numpy as np

try:
    import h5py  # noqa: F401
    import onnx  # noqa: F401
    import torch
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch, ONNX or h5py here: {absent}") from absent

import lightloom.torch as lt

CORE = {"kind": "ideal", "rows": 8, "columns": 8}
WEIGHTS = {"source": "integer"}
FOLDER = tempfile.TemporaryDirectory(prefix="lightloom-python-")
FILE = pathlib.Path(FOLDER.name) / "never.h5"
X = torch.rand(4, 2, 6, 6)
NO_COUNTS = (None, "3", 1.5, -1, True, 1j, [1], 2**70)
NO_MODULES = (None, 3, "resnet20", torch.rand(3), torch.nn.Linear)


def network():
    return torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 3)).eval()


def on_chip():
    return lt.convert(network(), CORE).calibrate(X)


def with_one(value):
    made = X.clone()
    made[1, 1, 2, 3] = value
    return made


NO_IMAGES = (with_one(float("nan")), with_one(float("inf")), X.int(), X > 0.5, X + 1j, X[:, :1], X[:, :, :5], X[0, 0], X[None], X.reshape(4, -1), torch.rand(()))
CARD = {"model": "cnn3", "dataset": "mnist", "weights": WEIGHTS}

# name: (call of that argument, what it must not be)
ROWS = {
    "convert, model": (lambda a: lt.convert(a, CORE), (*NO_MODULES, torch.nn.ReLU(), torch.nn.Conv1d(1, 1, 1))),
    "convert, core": (lambda a: lt.convert(network(), a), (None, 3, {"kind": "x"}, "nowhere.yaml")),
    "convert, chip": (lambda a: lt.convert(network(), CORE, chip=a), NO_COUNTS),
    "convert, seed": (lambda a: lt.convert(network(), CORE, seed=a), NO_COUNTS),
    "convert, weights": (lambda a: lt.convert(network(), CORE, weights=a), (3, "integer", {"source": "x"}, {"sourcee": "integer"})),
    "convert, flattened": (lambda a: lt.convert(network(), CORE, flattened=a), (3, "3", [1], {"4": (4, 4, 4)}, {"3": (4, 4)}, {"3": (4, 4, 5)}, {"3": 64})),
    "a network on a chip": (lambda a: on_chip()(a), (None, 3, X.numpy(), [X], *NO_IMAGES)),
    "calibrate": (lambda a: lt.convert(network(), CORE).calibrate(a), (None, 3, [], [3], X.numpy(), [X.numpy()], X[:0], *NO_IMAGES)),
    "regenerate, model": (lambda a: lt.regenerate(a, WEIGHTS), NO_MODULES),
    "regenerate, weights": (lambda a: lt.regenerate(network(), a), (None, 3, "integer", {"source": "x"}, {"bits": "many"})),
    "regenerate, only": (lambda a: lt.regenerate(network(), WEIGHTS, only=a), (3, "0", ["7"])),
    "regenerate, steps": (lambda a: lt.regenerate(network(), WEIGHTS, steps=a), NO_COUNTS),
    "encode": (lambda a: lt.make_source(WEIGHTS, lt.Shape(3, 4, linear=True)).encode(a),
               (torch.rand(4, 3), torch.rand(3), torch.ones(3, 4).int(), torch.full((3, 4), float("nan")), torch.ones(3, 4) + 0j)),
    "save, path": (lambda a: lt.save(lt.regenerate(network(), WEIGHTS), a, CARD), (None, 3, b"x")),
    "save, card": (lambda a: lt.save(lt.regenerate(network(), WEIGHTS), FILE, a), (None, 3, {}, {"model": "cnn3"}, {**CARD, "weights": 3})),
    "save of plain weights": (lambda a: lt.save(a, FILE, CARD), (network(),)),
    "load, path": (lambda a: lt.load(network(), a), (None, 3)),
    "read_card, path": (lt.read_card, (None, 3)),
    "export, model": (lambda a: lt.export(a, FILE, (2, 6, 6)), NO_MODULES),
    "export, path": (lambda a: lt.export(network(), a, (2, 6, 6)), (None, 3)),
    "export, image": (lambda a: lt.export(network(), FILE, a), (None, 3, "abc", (2, 6), (2, 6, 0), (2, 6, 6.0), (3, 6, 6), (2, 5, 5), (2, "6", 6))),
    "from_torch, model": (lambda a: lt.from_torch(a, FOLDER.name, (2, 6, 6)), NO_MODULES),
    "from_torch, folder": (lambda a: lt.from_torch(network(), a, (2, 6, 6)), (None, 3)),
    "from_torch, image": (lambda a: lt.from_torch(network(), FOLDER.name, a), (None, 3, (2, 6), (3, 6, 6))),
    "from_torch, dataset": (lambda a: lt.from_torch(network(), FOLDER.name, (2, 6, 6), a), (None, 3)),
    "from_torch, weights": (lambda a: lt.from_torch(network(), FOLDER.name, (2, 6, 6), weights=a), (WEIGHTS,)),
    "to_torch, path": (lt.to_torch, (None, 3)),
}


class Torch(unittest.TestCase):
    def test_arguments_that_do_not_fit(self):
        for where, (call, wrong) in ROWS.items():
            for given in wrong:
                with self.subTest(where, given=repr(given)[:60]), warnings.catch_warnings():
                    warnings.simplefilter("error")
                    with self.assertRaises(ValueError) as caught:
                        call(given)
                    self.assertGreater(len(str(caught.exception).split()), 3)
        self.assertFalse(FILE.exists())

    def test_what_the_table_is_made_of_is_taken(self):
        self.assertEqual(on_chip()(X).shape, (4, 3))
        self.assertEqual(lt.convert(network(), CORE, flattened={"3": (4, 4, 4)}).calibrate([(X, 0)])(X).shape, (4, 3))
        self.assertEqual(lt.convert(network(), CORE, chip=np.int64(2)).calibrate(X)(X[:1]).shape, (1, 3))


if __name__ == "__main__":
    unittest.main()
