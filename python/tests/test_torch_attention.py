"""Products of activations on a core that modulates both operands: against PyTorch's own, and against the program's chips."""
import tempfile
import unittest

import numpy as np
from support import PROGRAM, SOURCE

try:
    import torch
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch here: {absent}") from absent

import lightloom
import lightloom.torch as lt

DYNAMIC = {"card": str(SOURCE / "data/devices/dynamic-product.yaml"), "rows": 8, "columns": 8}
# The same with whole numbers and so much light that what is left is rounding of single precision.
EXACT = {**DYNAMIC, "product": {"magnitude_sigma": 0, "phase_sigma_rad": 0}, "input_dac": {"bits": 0}, "output_adc": {"bits": 0},
         "laser": {"power_per_input_mW": 1e12, "rin_dBc_per_Hz": -300}}
functional = torch.nn.functional


class Products(torch.nn.Module):
    """One product of maps made of the input, whose form is the argument, between two layers."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.q, self.k, self.v = (torch.nn.Linear(12, 12) for _ in range(3))

    def forward(self, x):
        return self.form(self.q(x), self.k(x), self.v(x))


def heads(x):
    return x.reshape(x.shape[0], x.shape[1], 3, 4).transpose(1, 2)


def masked(q, k, v):
    scores = torch.baddbmm(torch.linspace(-2, 2, k.shape[1]), q, k.transpose(1, 2), beta=2, alpha=0.5)
    return torch.bmm(scores.softmax(-1), v)


FORMS = {
    "matmul": lambda q, k, v: torch.matmul((q @ k.transpose(1, 2)).softmax(-1), v),
    "method": lambda q, k, v: q.matmul(k.transpose(1, 2)).softmax(-1).bmm(v),
    "bmm": masked,
    "heads": lambda q, k, v: (heads(q) @ heads(k).transpose(-2, -1)).softmax(-1) @ heads(v),
    "heads first": lambda q, k, v: torch.bmm(heads(q).reshape(-1, 7, 4), heads(k).reshape(-1, 7, 4).transpose(1, 2)).bmm(heads(v).reshape(-1, 7, 4)),
    "einsum": lambda q, k, v: torch.einsum("bhij,bhjd->bhid", torch.einsum("bihd, bjhd->bhij", *(x.reshape(-1, 7, 3, 4) for x in (q, k))), heads(v)),
    "einsum out of order": lambda q, k, v: torch.einsum("ijb,bjd->dbi", torch.einsum("bid,bjd->ijb", q, k), v),
}
if hasattr(functional, "scaled_dot_product_attention"):
    FORMS["fused"] = lambda q, k, v: functional.scaled_dot_product_attention(heads(q), heads(k), heads(v), is_causal=True)


class Forms(unittest.TestCase):
    def test_every_way_to_write_a_product_runs_on_the_chip_and_is_pytorchs_there(self):
        torch.manual_seed(1)
        x = torch.randn(5, 7, 12)
        for name, form in FORMS.items():
            with self.subTest(name):
                net = Products(form).eval()
                chip = lt.convert(net, EXACT).calibrate(x)
                with torch.no_grad():
                    torch.testing.assert_close(chip(x), net(x), atol=2e-5, rtol=2e-5)
                self.assertEqual((chip.counts()["core_products"], chip.counts()["digital_products"]), (10, 0))
                noisy = lt.convert(net, DYNAMIC).calibrate(x)
                with torch.no_grad():
                    self.assertGreater(float((noisy(x) - net(x)).norm() / net(x).norm()), 1e-2)

    def test_a_core_that_stores_weights_leaves_products_digital_and_says_so(self):
        torch.manual_seed(1)
        x, net = torch.randn(5, 7, 12), Products(FORMS["heads"]).eval()
        chip = lt.convert(net, {"kind": "ideal", "rows": 8, "columns": 8}).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), net(x), atol=1e-5, rtol=1e-5)
        self.assertEqual((chip.counts()["core_products"], chip.counts()["digital_products"]), (0, 10))

    def test_weights_outside_of_layers_are_counted_as_digital(self):
        class Own(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer, self.weight = torch.nn.Linear(4, 4), torch.nn.Parameter(torch.ones(4, 4))

            def forward(self, x):
                return functional.linear(self.layer(x), self.weight) @ self.weight

        chip = lt.convert(Own(), EXACT).calibrate(torch.rand(6, 4))
        chip(torch.rand(6, 4))
        self.assertEqual(chip.counts()["digital_products"], 12)

    def test_weights_that_sources_make_are_no_products_of_activations(self):
        x = torch.randn(4, 7, 12)
        card = {"source": "multilevel", "intra": 0, "cross": 4, "linear": "generated", "bits": {"basis": 8, "intra": 8, "cross": 8}}
        chip = lt.convert(Products(lambda q, k, v: q + k + v).eval(), DYNAMIC, weights=card).calibrate(x)
        chip(x)
        self.assertEqual((chip.counts()["core_products"], chip.counts()["digital_products"]), (0, 0))

    def test_gradients_are_those_without_a_chip(self):
        torch.manual_seed(2)
        x, net = torch.randn(5, 7, 12), Products(FORMS["matmul"])
        chip = lt.convert(net, EXACT).calibrate(x)
        chip(x).square().sum().backward()
        net(x).square().sum().backward()
        for ours, theirs in zip(chip.parameters(), net.parameters()):
            torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-3, rtol=1e-3)

    def test_noise_is_drawn_by_the_number_of_an_image(self):
        torch.manual_seed(3)
        x, net = torch.randn(6, 7, 12), Products(FORMS["heads"]).eval()
        chip = lt.convert(net, DYNAMIC, seed=4).calibrate(x)
        with torch.no_grad():
            first, second = chip(x), chip(x)
            chip.image = 0
            again = torch.cat([chip(x[:2]), chip(x[2:])])
        self.assertFalse(torch.equal(first, second))
        self.assertTrue(torch.equal(first, again))

    def test_inputs_of_another_size_than_the_ranges_are_refused(self):
        x, net = torch.randn(6, 7, 12), Products(FORMS["heads"]).eval()
        chip = lt.convert(net, DYNAMIC).calibrate(x)
        with self.assertRaisesRegex(lightloom.Error, "other maps than of 8 x 1 positions"):
            chip(torch.randn(6, 8, 12))

    def test_products_of_arrays_are_refused_in_words(self):
        products = lightloom.photonic.Core(EXACT).products()
        x, w = np.ones((2, 3, 4)), np.ones((2, 5, 4))
        np.testing.assert_allclose(products.calibrate(x, w), np.full((2, 3, 5), 4.0), rtol=1e-5)
        np.testing.assert_allclose(products.multiply(x, w, first=3), np.full((2, 3, 5), 4.0), rtol=1e-5)
        for words, call in (("do not fit 2 groups", lambda: products.multiply(x, w, groups=2)), ("has 2 images and w 1", lambda: products.multiply(x, w[:1])),
                            ("not there", lambda: products.multiply(x, w, number=1)), ("3 axes", lambda: products.multiply(x[0], w)),
                            ("complex", lambda: products.multiply(1j * x, w)), ("of another size", lambda: products.multiply(x[:, :2], w)),
                            ("stores its weights", lambda: lightloom.photonic.Core({"kind": "ideal", "rows": 4, "columns": 4}).products().calibrate(x, w)),
                            ("empty", lambda: products.multiply(x[:0], w[:0])), ("number", lambda: products.multiply(x, w, number=-1))):
            with self.subTest(words), self.assertRaisesRegex(lightloom.Error, words):
                call()


class Attention(unittest.TestCase):
    def test_attention_of_layers_is_the_attention_that_it_replaces(self):
        torch.manual_seed(5)
        hidden = torch.rand(6, 6) > 0.7
        hidden.fill_diagonal_(False)
        padded = torch.tensor([[False] * 6, [False] * 4 + [True] * 2])
        for options, inputs in (({}, (12, 12, 12)), ({"batch_first": True, "bias": False}, (12, 12, 12)), ({"kdim": 5, "vdim": 7}, (12, 5, 7))):
            given = torch.nn.MultiheadAttention(12, 3, **options).eval()
            for parameter in given.parameters():
                torch.nn.init.normal_(parameter, 0, 0.3)
            made = lt.split_attention(torch.nn.Sequential(given))[0]
            shape = (2, 6) if given.batch_first else (6, 2)
            arrays = [torch.randn(*shape, size) for size in inputs]
            for how in ({}, {"attn_mask": hidden}, {"attn_mask": torch.randn(6, 6), "average_attn_weights": False},
                        {"attn_mask": torch.randn(6, 6, 6), "need_weights": False}, {"key_padding_mask": padded, "attn_mask": hidden}):
                with torch.no_grad():
                    for ours, theirs in zip(made(*arrays, **how), given(*arrays, **how)):
                        if theirs is not None:
                            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
        with torch.no_grad():  # one sequence without a batch
            alone = torch.randn(6, 12)
            first = torch.nn.MultiheadAttention(12, 3).eval()
            expected = first(alone, alone, alone)[0]
            torch.testing.assert_close(lt.split_attention(first)(alone, alone, alone)[0], expected, atol=1e-5, rtol=1e-5)

    def test_what_has_no_counterpart_is_named(self):
        for options in ({"add_bias_kv": True}, {"add_zero_attn": True}):
            with self.assertRaisesRegex(ValueError, "'0' is a MultiheadAttention with bias_k"):
                lt.convert(torch.nn.Sequential(torch.nn.MultiheadAttention(4, 2, **options), torch.nn.Linear(4, 4)), DYNAMIC)

    def test_pytorchs_encoder_runs_whole_on_a_chip(self):
        torch.manual_seed(6)
        for batch_first in (True, False):
            layer = torch.nn.TransformerEncoderLayer(12, 3, 20, batch_first=batch_first)
            net = torch.nn.TransformerEncoder(layer, 2, **({"enable_nested_tensor": False} if batch_first else {})).eval()
            x = torch.randn(4, 7, 12) if batch_first else torch.randn(7, 4, 12)
            chip = lt.convert(net, EXACT).calibrate(x)
            self.assertEqual(len(chip.chip_layers()), 12)
            with torch.no_grad():
                torch.testing.assert_close(chip(x), net(x), atol=1e-4, rtol=1e-4)
            self.assertEqual(chip.counts()["core_products"], 2 * 2 * 4)

    def test_projections_get_sources(self):
        net = torch.nn.TransformerEncoderLayer(12, 3, 20, batch_first=True)
        made = lt.regenerate(net, {"source": "integer", "bits": 4})
        self.assertEqual([name for name, _ in lt.weight_layers(made)], ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.out", "linear1", "linear2"])
        self.assertEqual(lt.stored_bits(made), 4 * (4 * 144 + 2 * 240))


class Vision(torch.nn.Module):
    """Patches as tokens, attention of two heads, a layer on every token, a mean."""

    def __init__(self):
        super().__init__()
        self.patch = torch.nn.Conv2d(3, 16, 4, 4)
        self.attention = torch.nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm, self.wide, self.head = torch.nn.LayerNorm(16), torch.nn.Linear(16, 16), torch.nn.Linear(16, 6)

    def forward(self, x):
        tokens = self.norm(self.patch(x).flatten(2).transpose(1, 2))
        tokens = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.head((tokens + torch.relu(self.wide(tokens))).mean(1))


@unittest.skipUnless(PROGRAM, "no program to compare with")
class AgainstTheProgram(unittest.TestCase):
    def test_attention_decides_alike_to_the_last_image_on_every_chip(self):
        torch.manual_seed(1)
        net, x = Vision().eval(), torch.rand(300, 3, 8, 12)
        with torch.no_grad():
            for parameter in net.parameters():
                torch.nn.init.normal_(parameter, 0, 0.4)
            net.norm.weight.add_(1)
            labels = net(x).argmax(1)
        self.assertGreaterEqual(len(labels.unique()), 3)  # not all alike
        with tempfile.TemporaryDirectory() as folder:
            np.save(f"{folder}/x.npy", x.permute(0, 2, 3, 1).numpy())
            np.save(f"{folder}/y.npy", labels.numpy())
            files = [f"{folder}/x.npy", f"{folder}/y.npy"]
            dataset = {"name": "mine", "height": 8, "width": 12, "channels": 3, "classes": 6, "train": files, "test": files,
                       "layout": "channels_last", "validation": 0}
            card = {**lt.from_torch(net, folder, (3, 8, 12), dataset), "measure": ["accuracy"], "chips": 3, "baselines": [], "seed": 5,
                    "calibration_images": 40}
            bank = {"card": str(SOURCE / "data/devices/mrr-bank.yaml"), "rows": 16, "columns": 16, "phase_sigma_rad": 0.01}
            for core in (DYNAMIC, bank):  # signed tokens take two passes on rings
                theirs = lightloom.run({**card, "core": core}, progress=False).accuracy_chip.values
                ours = []
                for number in range(3):
                    chip = lt.convert(net, core, chip=number, seed=5).calibrate(x[:40])
                    with torch.no_grad():
                        ours.append(float((chip(x).argmax(1) == labels).double().mean()))
                self.assertLess(max(ours), 0.99)
                self.assertEqual([round(300 * a) for a in ours], [round(300 * a) for a in theirs])


if __name__ == "__main__":
    unittest.main()
