"""lightloom.torch.convert: PyTorch networks on chips, against PyTorch's own products and against the program's chips."""
import copy
import tempfile
import unittest

import numpy as np
from support import PROGRAM, SOURCE, program

try:
    import torch
    import yaml
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch or PyYAML here: {absent}") from absent

import lightloom
import lightloom.torch as lt
from lightloom.photonic import Core

RINGS = {"card": str(SOURCE / "data/devices/mrr-bank.yaml"), "rows": 16, "columns": 16}


class Net(torch.nn.Module):
    """Two convolutions, one of them grouped and strided, and a linear layer behind a flattened map."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.body = torch.nn.Conv2d(8, 12, 3, stride=2, groups=2)
        self.head = torch.nn.Linear(12 * 3 * 5, 6)

    def forward(self, x):
        return self.head(torch.flatten(torch.relu(self.body(torch.relu(self.stem(x)))), 1))


def seeded(number=8):
    torch.manual_seed(number)
    return Net().eval(), torch.rand(40, 3, 8, 12)


class Layers(unittest.TestCase):
    def test_convolutions_on_an_exact_core_are_pytorchs(self):
        core, rng = Core({"kind": "ideal", "rows": 8, "columns": 8}), np.random.default_rng(1)
        for groups, options in ((1, {}), (2, {"stride": 2, "padding": 1}), (4, {"padding": (2, 0), "dilation": (1, 2)})):
            W, x = rng.normal(size=(8, 8 // groups, 3, 2)), rng.normal(size=(2, 7, 9, 8))
            layer = core.load_convolution(W, (7, 9), groups=groups, **options)
            found = layer.calibrate(x).multiply(x)
            expected = torch.nn.functional.conv2d(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(W), groups=groups, **options)
            np.testing.assert_allclose(found, expected.permute(0, 2, 3, 1).numpy(), atol=2e-5)

    def test_writing_again_changes_weights_and_keeps_ranges(self):
        core, rng = Core({"kind": "ideal", "rows": 4, "columns": 4}), np.random.default_rng(2)
        W, x = rng.normal(size=(4, 4)), rng.normal(size=(3, 4))
        layer = core.load(W).calibrate(x)
        layer.write(2 * W, 1)
        np.testing.assert_allclose(layer.multiply(x), 2 * x @ W.T, atol=1e-5)

    def test_what_does_not_fit_is_said(self):
        core = Core({"kind": "ideal", "rows": 4, "columns": 4})
        layer = core.load_convolution(np.ones((2, 3, 3, 3)), (5, 6))
        for words, call in (("no ranges yet", lambda: layer.multiply(np.ones((1, 5, 6, 3)))),
                            ("maps of 5 x 5 x 3", lambda: layer.calibrate(np.ones((1, 5, 5, 3)))),
                            ("smaller than", lambda: core.load_convolution(np.ones((2, 3, 9, 3)), (5, 6))),
                            ("no multiple of 3 groups", lambda: core.load_convolution(np.ones((2, 1, 3, 3)), (5, 6), groups=3)),
                            ("must be a number or", lambda: core.load_convolution(np.ones((2, 3, 3, 3)), (5, 6), stride=(1, 2, 3))),
                            ("another shape", lambda: layer.write(np.ones((2, 3, 3, 2)), 1))):
            with self.subTest(words), self.assertRaisesRegex(lightloom.Error, words):
                call()


class Networks(unittest.TestCase):
    def test_an_exact_chip_changes_nothing_and_the_network_stays(self):
        net, x = seeded()
        before = copy.deepcopy(net.state_dict())
        chip = lt.convert(net, {"kind": "ideal", "rows": 16, "columns": 16}).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), net(x), atol=1e-4, rtol=1e-4)
        self.assertEqual(len(chip.chip_layers()), 3)
        self.assertTrue(all(torch.equal(before[name], value) for name, value in net.state_dict().items()))

    def test_the_order_of_a_flattened_map_changes_no_exact_product(self):
        net, x = seeded()
        chip = lt.convert(net, {"kind": "ideal", "rows": 16, "columns": 16}, flattened={"head": (12, 3, 5)}).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), net(x), atol=1e-4, rtol=1e-4)

    def test_gradients_are_those_without_a_chip_and_outputs_are_the_chips(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, chip=1, seed=3).calibrate(x)
        y = chip(x)
        digital = net(x)
        self.assertGreater(float((y - digital).norm() / digital.norm()), 1e-3)
        y.sum().backward()
        digital.sum().backward()
        head = chip.model.head.layer
        self.assertEqual(head.bias.grad.shape, net.head.bias.grad.shape)
        torch.testing.assert_close(head.bias.grad, net.head.bias.grad)
        self.assertTrue(all(p.grad is not None for p in chip.parameters()))

    def test_the_same_images_meet_the_same_noise_and_others_another(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, seed=3).calibrate(x)
        with torch.no_grad():
            first, second = chip(x), chip(x)
            chip.image = 0
            again = torch.cat([chip(x[:15]), chip(x[15:])])
        self.assertFalse(torch.equal(first, second))
        self.assertTrue(torch.equal(first, again))

    def test_a_step_of_training_writes_the_new_weights(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, seed=3).calibrate(x)
        optimiser = torch.optim.SGD(chip.parameters(), lr=0.05)
        labels = torch.arange(40) % 6
        losses = []
        for _ in range(12):
            loss = torch.nn.functional.cross_entropy(chip(x), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss))
        self.assertLess(losses[-1], losses[0])
        self.assertEqual(chip.model.stem._loaded[(8, 12)][2], 11)

    def test_what_was_trained_on_a_chip_comes_off_it(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, seed=3).calibrate(x)
        optimiser = torch.optim.SGD(chip.parameters(), lr=0.05)
        torch.nn.functional.cross_entropy(chip(x), torch.arange(40) % 6).backward()
        optimiser.step()
        off = chip.without_chip()
        self.assertEqual(set(off.state_dict()), set(net.state_dict()))
        self.assertFalse(torch.equal(off.stem.weight, net.stem.weight))
        torch.testing.assert_close(off.stem.weight, chip.model.stem.layer.weight)
        with torch.no_grad():
            off.stem.weight.zero_()
        self.assertGreater(float(chip.model.stem.layer.weight.abs().sum()), 0)  # it is a copy
        again = lt.convert(off, RINGS, seed=3)
        self.assertEqual(len(again.chip_layers()), 3)

    def test_a_network_that_evaluates_keeps_its_statistics_on_a_chip(self):
        net, x = seeded()
        normed = torch.nn.Sequential(net.stem, torch.nn.BatchNorm2d(8), torch.nn.ReLU()).eval()
        chip = lt.convert(normed, {"kind": "ideal", "rows": 16, "columns": 16}).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), normed(x), atol=1e-4, rtol=1e-4)
        self.assertEqual(float(chip.model[1].running_mean.abs().sum()), 0)
        self.assertTrue(lt.convert(normed.train(), RINGS).calibrate(x).training)

    def test_a_loader_calibrates_as_its_first_images_do(self):
        net, x = seeded()
        labels = torch.arange(40)
        pairs = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, labels), batch_size=7)
        for loader, images in ((pairs, 30), (x.split(16), 30), (iter([x]), 64)):
            chip = lt.convert(net, RINGS, seed=3).calibrate(loader, images)
            wanted = lt.convert(net, RINGS, seed=3).calibrate(x[:images])
            with torch.no_grad():
                self.assertTrue(torch.equal(chip(x), wanted(x)))
        for wrong, words in (([], "gives no batch"), (["x"], "not str"), (x[:0], "no inputs")):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                lt.convert(net, RINGS).calibrate(wrong)

    def test_wrong_inputs_end_in_a_sentence(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, seed=3).calibrate(x)
        broken = x.clone()
        broken[3, 1, 2, 2] = float("nan")
        nan_weights = copy.deepcopy(net)
        with torch.no_grad():
            nan_weights.body.weight[0, 0, 0, 0] = float("inf")
        for words, call in (("not finite", lambda: chip(broken)), ("takes real floating", lambda: chip((1j * x).to(torch.complex64))),
                            ("takes real floating", lambda: chip((100 * x).long())), ("takes a tensor of images, not ndarray", lambda: chip(x.numpy())),
                            ("other maps", lambda: chip(x[:, :, :7])), ("channels", lambda: chip(x[:, :2])),
                            ("not finite", lambda: lt.convert(nan_weights, RINGS).calibrate(x)),
                            ("an nn.Module, not str", lambda: lt.convert("resnet20", RINGS)), ("chip is -1", lambda: lt.convert(net, RINGS, chip=-1).calibrate(x)),
                            ("did you mean 'rows'", lambda: lt.convert(net, {"kind": "mrr-bank", "row": 3})),
                            ("not a known key.*basis", lambda: lt.convert(net, RINGS, weights={"source": "multilevel", "bits": {"basic": 3}}))):
            with self.subTest(words), torch.no_grad(), self.assertRaisesRegex(lightloom.Error, words):
                call()
        with torch.no_grad():  # layout and precision of what is real do not matter
            chip.image = 0
            wanted = chip(x)
            for same in (x.double(), x.to(memory_format=torch.channels_last), x.flip(0).flip(0), x.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1)):
                chip.image = 0
                self.assertTrue(torch.equal(chip(same), wanted))

    def test_converters_count_what_passes_them(self):
        net, x = seeded()
        chip = lt.convert(net, RINGS, seed=3).calibrate(x[:8])
        chip(x)
        counts = chip.counts()
        self.assertEqual(counts["inputs"], 40 * (3 * 8 * 12 + 8 * 8 * 12 + 180))
        self.assertGreater(counts["conversions"], counts["saturated_conversions"])
        self.assertGreater(counts["clipped_inputs"], 0)  # eight images do not span all forty

    def test_weights_may_come_from_a_source(self):
        net, x = seeded()
        card = {"source": "integer", "bits": 3}
        chip = lt.convert(net, {"kind": "ideal", "rows": 16, "columns": 16}, weights=card).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), lt.regenerate(copy.deepcopy(net), card)(x), atol=1e-4, rtol=1e-4)

    def test_what_cannot_be_converted_is_named(self):
        net, _ = seeded()
        for module in (torch.nn.LSTM(4, 2), torch.nn.Conv1d(4, 2, 3), torch.nn.ConvTranspose2d(4, 2, 3), torch.nn.Bilinear(4, 4, 2)):
            with self.assertRaisesRegex(ValueError, f"'1' is a {type(module).__name__}.*write it with Conv2d or Linear"):
                lt.convert(torch.nn.Sequential(torch.nn.Linear(4, 4), module), RINGS)
        with self.assertRaisesRegex(ValueError, "'0' pads by 'reflect'.*as a layer of its own"):
            lt.convert(torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")), RINGS)
        with self.assertRaisesRegex(ValueError, "no Conv2d or Linear"):
            lt.convert(torch.nn.ReLU(), RINGS)
        with self.assertRaisesRegex(RuntimeError, "call calibrate"):
            lt.convert(net, RINGS)(torch.zeros(1, 3, 8, 12))
        with self.assertRaises(lightloom.CardError):
            lt.convert(net, {"kind": "mrr-bank", "rowz": 3})
        with self.assertRaisesRegex(ValueError, "180 values in all"):
            lt.convert(net, RINGS, flattened={"head": (12, 3, 4)})
        with self.assertRaisesRegex(ValueError, "no layer of the network"):
            lt.convert(net, RINGS, flattened={"heat": (12, 3, 5)})


@unittest.skipUnless(PROGRAM, "no program to compare with")
class AgainstTheProgram(unittest.TestCase):
    def test_the_same_chips_decide_alike_to_the_last_image(self):
        net, _ = seeded()
        torch.manual_seed(1)
        x = torch.rand(300, 3, 8, 12)
        with torch.no_grad():
            labels = net(x).argmax(1)
        weights = {"source": "dense", "fc_bits": 32}
        with tempfile.TemporaryDirectory() as folder:
            lt.export(net, f"{folder}/net.onnx", (3, 8, 12))
            dataset = {"name": "mine", "height": 8, "width": 12, "channels": 3, "classes": 6}
            lt.save(lt.regenerate(copy.deepcopy(net), weights), f"{folder}/w.h5",
                    {"model": f"{folder}/net.onnx", "dataset": dataset, "weights": weights}, flattened={"head": (12, 3, 5)})
            np.save(f"{folder}/x.npy", x.permute(0, 2, 3, 1).numpy())
            np.save(f"{folder}/y.npy", labels.numpy())
            files = [f"{folder}/x.npy", f"{folder}/y.npy"]
            card = {"name": "own", "model": {"name": f"{folder}/net.onnx"}, "weights": {**weights, "file": f"{folder}/w.h5"},
                    "dataset": {**dataset, "train": files, "test": files, "layout": "channels_last", "validation": 0},
                    "core": {**RINGS, "phase_sigma_rad": 0.01}, "measure": ["accuracy"], "chips": 3, "baselines": [], "seed": 5,
                    "calibration_images": 40}
            with open(f"{folder}/card.yaml", "w", encoding="utf-8") as file:
                yaml.safe_dump(card, file)
            program("run", f"{folder}/card.yaml", "-o", f"{folder}/o.h5")
            import h5py

            with h5py.File(f"{folder}/o.h5") as file:
                theirs = file["accuracy_chip"][()]
        ours = []
        for number in range(3):
            chip = lt.convert(net, {**RINGS, "phase_sigma_rad": 0.01}, chip=number, seed=5, flattened={"head": (12, 3, 5)}).calibrate(x[:40])
            with torch.no_grad():
                ours.append(float((chip(x).argmax(1) == labels).double().mean()))
        self.assertLess(min(ours), 1.0)
        self.assertEqual([round(300 * a) for a in ours], [round(300 * a) for a in theirs])


if __name__ == "__main__":
    unittest.main()
