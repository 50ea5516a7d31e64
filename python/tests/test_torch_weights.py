"""lightloom.torch: sources of weights against formulas, and against the program (LIGHTLOOM_PROGRAM names it)."""

import copy
import os
import subprocess
import tempfile
import unittest

import numpy

try:
    import torch
    import yaml
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch or PyYAML here: {absent}") from absent

import lightloom
import lightloom.torch as lt
from lightloom.torch.sources import exchange, multilevel, rounding, sizes
from lightloom.torch.models import resnet20
from lightloom.torch.sources.table import card_for, matches

CARDS = {
    "multilevel": {"source": "multilevel", "intra": 2, "cross_share": 0.6, "bits": {"basis": 3, "intra": 6, "cross": 4}},
    "wide integers": {"source": "multilevel", "intra": 4, "cross": 14, "bits": {"basis": 8, "intra": 8, "cross": 8}},
    "plain factors": {"source": "multilevel", "intra": 3, "bits": {"basis": 32, "intra": 32, "cross": 32}},
    "tanh of 32 bits": {"source": "multilevel", "intra": 3, "bits": {"basis": 32, "intra": 4, "cross": 4}, "fc_bits": 8},
    "one bit": {"source": "multilevel", "intra": 2, "cross": 8, "bits": {"basis": 1, "intra": 1, "cross": 1}},
    "low_rank": {"source": "low_rank", "cross_share": 0.25, "bits": 8},
    "bsconv": {"source": "bsconv", "bits": 8},
    "dsconv": {"source": "dsconv", "bits": 8},
    "penni": {"source": "penni", "kernels": 2, "bits": 8},
    "integer": {"source": "integer", "bits": 4},
    "integer by filter": {"source": "integer", "bits": 8, "scales": "filter"},
    "one-bit integer": {"source": "integer", "bits": 1},
    "ternary": {"source": "ternary", "scales": "filter"},
    "lsq": {"source": "lsq", "bits": 3},
    "power_of_two": {"source": "power_of_two", "bits": 4},
    "circulant": {"source": "circulant", "block": 4, "bits": 6},
    "smart_exchange": {"source": "smart_exchange"},
    "rounded dense": {"source": "dense", "dense_bits": 6, "fc_bits": 5},
    "supermask": {"source": "supermask", "supermask": {"kept": 0.3, "seed": 7}},
    "supermask by fan-in": {"source": "supermask", "supermask": {"scale": "fan_in"}, "fc_bits": 6},
    "tiled": {"source": "tiled"},
    "tiled to the nearest": {"source": "tiled", "tiled": {"repeats": 8, "minimum": 300, "scale": "nearest"}},
    "xor": {"source": "xor"},
    "xor of two planes": {"source": "xor", "xor": {"inputs": 6, "outputs": 9, "taps": 3, "planes": 2}},
    "subbit": {"source": "subbit", "subbit": {"index_bits": 4}},
    "subspace": {"source": "subspace", "bits": 4, "subspace": {"block": 128, "inputs": 40, "seed": 3}},
    "subspace of linear layers": {"source": "subspace", "subspace": {"linear": "generated"}},
    "trellis": {"source": "trellis", "bits": 2, "state_bits": 8},
    "trellis of three bits": {"source": "trellis", "bits": 3, "state_bits": 8, "fc_bits": 1},
    "mixed trellis": {"source": "trellis", "state_bits": 8, "transform": "hadamard"},
    "huffman": {"source": "huffman", "bits": 5},
    "huffman by filter": {"source": "huffman", "bits": 3, "scales": "filter", "fc_bits": 8},
    "crew": {"source": "crew", "bits": 6},
    "clipped crew within a budget": {"source": "crew", "bits": 4, "scales": "filter", "crew": {"range": "clipped", "budget": 0.01}},
    "seedlm": {"source": "integer", "layers": [{"layer": "layer1.*", "source": "seedlm"}]},
    "seedlm of three bits": {"source": "integer", "layers": [{"layer": "layer1.*", "source": "seedlm", "bits": 3, "seedlm": {"stride": 4099}}]},
    "smart_deal": {"source": "smart_deal", "exchange": {"theta": 0.01}},
    "shared_depth": {"source": "shared_depth", "bits": 5},
    "shared_depth of two": {"source": "shared_depth", "bits": 3, "shared_depth": {"uses": 2}, "layers": [{"layer": "layer2*", "bits": 8}]},
    "shared_depth and matrices of low rank": {"source": "shared_depth", "bits": 4, "shared_depth": {"by": "name", "rank": 3, "factor_bits": 6}},
    "blend": {"source": "blend", "blend": {"seed": 9}},
    "stacked": {"source": "stacked", "intra": 6, "cross_share": 0.5, "bits": {"basis": 4, "intra": 5, "cross": 6}},
    "stacked heads": {"source": "stacked", "cross": 3, "bits": {"basis": 8, "intra": 8, "cross": 8}, "linear": "generated",
                      "stacked": {"uses": 2, "heads": 4, "by": "shape"}},
    "more components than a stack has": {"source": "stacked", "intra": 15, "bits": {"basis": 32, "intra": 3, "cross": 3}, "fc_bits": 8,
                                         "stacked": {"uses": 1}},
    "plain stacked factors": {"source": "stacked", "intra": 3, "bits": {"basis": 32, "intra": 32, "cross": 32}},
    "projected two-level weights": {"source": "multilevel", "intra": 2, "cross": 9, "bits": {"basis": 3, "intra": 6, "cross": 4},
                                    "retraining": "projection"},
    "projected exchange": {"source": "smart_exchange", "retraining": "projection"},
    "per layer": {"source": "multilevel", "intra": 2, "bits": {"basis": 4, "intra": 4, "cross": 4},
                  "layers": [{"layer": "layer3*", "source": "integer", "bits": 2}, {"layer": "conv1", "intra": 0}]},
}


def program():
    return os.environ.get("LIGHTLOOM_PROGRAM", "")


def run(*arguments):
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"lightloom {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def words_of_packed(path):
    """{stream: words} of a packed file, read by its description (docs/models/weights/storage.md#file)."""
    data = bytes_of(path)
    size = int.from_bytes(data[12:16], "little")
    at, found = 20 + size, {}
    for part in yaml.safe_load(data[20:at])["sections"]:
        for stream in part["streams"]:
            width, count = stream["bits"], stream["count"]
            size = -(-width * count // 8)
            bits = numpy.unpackbits(numpy.frombuffer(data[at:at + size], numpy.uint8), bitorder="little")
            place = 1 << numpy.arange(width, dtype=numpy.int64)
            found[part["layer"] + "." + stream["name"]] = bits[: width * count].reshape(count, width) @ place
            at += size
    return found


def seeded_resnet():
    torch.manual_seed(5)
    return resnet20()


@unittest.skipUnless(program(), "LIGHTLOOM_PROGRAM does not name the program")
class AgainstTheProgram(unittest.TestCase):
    def test_every_source_has_the_programs_weights_and_words(self):
        """Weights to 1e-6 of the largest, words to the bit: what pack stores and unpack regenerates."""
        import h5py

        for name, card in CARDS.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                model = lt.regenerate(seeded_resnet(), card)
                lt.save(model, f"{folder}/w.h5", {"model": "resnet20", "dataset": "cifar10", "weights": card})
                run("pack", f"{folder}/w.h5", "-o", f"{folder}/w.llw")
                run("unpack", f"{folder}/w.llw", "-o", f"{folder}/plain.h5")
                packed = words_of_packed(f"{folder}/w.llw")
                with h5py.File(f"{folder}/plain.h5") as plain:
                    for layer, module in lt.weight_layers(model):
                        self.same_layer(layer, module, plain[f"{layer}.weight.weight"][()], packed)

    def same_layer(self, layer, module, dense, packed):
        ours = module.source().detach().numpy().reshape(-1)
        self.assertLessEqual(abs(ours - dense).max(), 1e-6 * abs(dense).max(), layer)
        for stream, words in module.source.words().items():
            stored = packed[f"{layer}.{stream}"]
            if words.is_floating_point():
                theirs = stored.astype(numpy.uint32).view(numpy.float32)
                numpy.testing.assert_allclose(words.numpy().reshape(-1), theirs, rtol=3e-6, err_msg=f"{layer}.{stream}")
            else:
                numpy.testing.assert_array_equal(words.numpy().reshape(-1), stored, f"{layer}.{stream}")

    def test_ratio_counts_the_same_bits(self):
        card = CARDS["multilevel"]
        model = lt.regenerate(seeded_resnet(), card)
        with tempfile.TemporaryDirectory() as folder:
            lt.save(model, f"{folder}/w.h5", {"model": "resnet20", "dataset": "cifar10", "weights": card})
            text = run("pack", f"{folder}/w.h5", "-o", f"{folder}/w.llw")
        norms = sum(2 * 32 * m.num_features for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d))
        self.assertIn(f"counts {lt.stored_bits(model) + norms + 32 * 10} bits", text)

    def test_a_file_of_the_program_loads_and_saves_to_the_same_numbers(self):
        import h5py

        for card in (CARDS[name] for name in ("multilevel", "smart_deal", "shared_depth of two", "shared_depth and matrices of low rank", "blend",
                                            "crew", "stacked", "stacked heads", "projected exchange")):
            with self.subTest(str(card)), tempfile.TemporaryDirectory() as folder:
                model = lt.regenerate(seeded_resnet(), card)
                lt.save(model, f"{folder}/a.h5", {"model": "resnet20", "dataset": "cifar10", "weights": card})
                again = lt.load(resnet20(), f"{folder}/a.h5")
                lt.save(again, f"{folder}/b.h5", lt.read_card(f"{folder}/a.h5"))
                with h5py.File(f"{folder}/a.h5") as a, h5py.File(f"{folder}/b.h5") as b:
                    self.assertEqual(sorted(a), sorted(b))
                    for name in a:
                        numpy.testing.assert_array_equal(a[name][()], b[name][()], name)
                for (name, one), (_, other) in zip(lt.weight_layers(model), lt.weight_layers(again)):
                    self.assertTrue(torch.equal(one.source(), other.source()), name)


@unittest.skipUnless(program(), "LIGHTLOOM_PROGRAM does not name the program")
class OwnNetworks(unittest.TestCase):
    """A network that lightloom has no name for: exported, trained here, classified there alike."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
            self.norm = torch.nn.BatchNorm2d(8)
            self.body = torch.nn.Sequential(torch.nn.Conv2d(8, 12, 3, stride=2, groups=2), torch.nn.ReLU(),
                                            torch.nn.BatchNorm2d(12))
            self.head = torch.nn.Linear(12 * 3 * 5, 6)

        def forward(self, x):
            x = self.body(torch.relu(self.norm(self.stem(x))))
            return self.head(torch.flatten(x, 1))

    def test_the_program_agrees_with_every_decision(self):
        torch.manual_seed(8)
        weights = {"source": "multilevel", "intra": 2, "cross": 5, "bits": {"basis": 5, "intra": 5, "cross": 5}}
        net = lt.regenerate(self.Net(), weights)
        x = torch.rand(120, 3, 8, 12)
        lt.recalibrate(net, [x])
        net.eval()
        with torch.no_grad():
            labels = net(x).argmax(1)
        self.assertGreater(len(labels.unique()), 2)
        with tempfile.TemporaryDirectory() as folder:
            lt.export(net, f"{folder}/net.onnx", (3, 8, 12))
            dataset = {"name": "mine", "height": 8, "width": 12, "channels": 3, "classes": 6}
            lt.save(net, f"{folder}/w.h5", {"model": f"{folder}/net.onnx", "dataset": dataset,
                                            "weights": {**weights, "fc_bits": 8}}, flattened={"head": (12, 3, 5)})
            numpy.save(f"{folder}/x.npy", x.permute(0, 2, 3, 1).numpy())
            numpy.save(f"{folder}/y.npy", labels.numpy())
            files = [f"{folder}/x.npy", f"{folder}/y.npy"]
            card = {"name": "own", "model": {"name": f"{folder}/net.onnx"}, "weights": {**weights, "file": f"{folder}/w.h5"},
                    "dataset": {**dataset, "train": files, "test": files, "layout": "channels_last"},
                    "measure": ["accuracy"], "chips": 0, "baselines": []}
            with open(f"{folder}/card.yaml", "w") as file:
                yaml.safe_dump(card, file)
            found = yaml.safe_load(run("run", f"{folder}/card.yaml", "-o", f"{folder}/o.h5", "--json", "--quiet"))
        self.assertEqual(found["accuracy"]["source"], 1.0)

    def test_a_plain_copy_gives_the_same_numbers(self):
        net = lt.regenerate(self.Net(), {"source": "integer", "bits": 3}).eval()
        x = torch.rand(4, 3, 8, 12)
        torch.testing.assert_close(lt.plain(net)(x), net(x))
        self.assertIsInstance(lt.plain(net).body[0], torch.nn.Conv2d)

    def test_an_input_of_another_shape_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ValueError, "does not take an input"):
            lt.export(self.Net(), f"{folder}/net.onnx", (3, 9, 14))


class Rounding(unittest.TestCase):
    def test_levels_are_the_formula(self):
        x = torch.randn(501, generator=torch.Generator().manual_seed(1))
        for bits in (2, 3, 5, 8, 12):
            levels, scale = rounding.dorefa(x, bits)
            t = numpy.tanh(x.numpy().astype(float))
            largest, top = abs(t).max(), 2**bits - 1
            value = 2 * largest * numpy.round((t / (2 * largest) + 0.5) * top) / top - largest
            numpy.testing.assert_allclose((levels * scale).numpy(), value, atol=2e-6)
            self.assertTrue(bool((levels % 2 != 0).all()))

    def test_the_gradient_is_the_clamped_rule(self):
        x = torch.tensor([0.3, -1.2, 0.05, 2.0], requires_grad=True)
        g = torch.tensor([0.1, -5.0, 0.4, 9.0])
        levels, scale = rounding.dorefa(x, 3)
        (levels * scale.detach()).backward(g)
        t = numpy.tanh(x.detach().numpy())
        span = 2 * abs(t).max()
        numpy.testing.assert_allclose(x.grad.numpy(), numpy.clip(span * g.numpy(), -1, 1) / span * (1 - t**2), rtol=1e-5)

    def test_zeros_pass_the_gradient(self):
        x = torch.zeros(3, requires_grad=True)
        levels, scale = rounding.dorefa(x, 4)
        (levels * scale).sum().backward()
        self.assertEqual(x.grad.tolist(), [1, 1, 1])

    def test_powers_of_two_round_at_three_quarters(self):
        values = torch.tensor([1.5, 1.51, -0.7, 0.01, 0.0, 40.0])
        words = rounding.power_words(values, 4, 1)
        self.assertEqual(rounding.power_values(words, 4, 1).tolist(), [1.0, 2.0, -0.5, 0.0, 0.0, 2.0])


class Multilevel(unittest.TestCase):
    def source(self, out=6, inputs=5, groups=1, **card):
        shape = lt.Shape(out, inputs, 3, 3, groups)
        card = {"source": "multilevel", "intra": 2, "cross": 3, "bits": {"basis": 4, "intra": 5, "cross": 3}, **card}
        return lt.make_source(card, shape)

    def test_gradients_of_unrounded_factors_are_differences(self):
        torch.manual_seed(2)
        source = self.source(bits={"basis": 32, "intra": 32, "cross": 32}).double()
        for p in source.parameters():
            torch.nn.init.normal_(p)
        weight = torch.randn(source.shape.dense, dtype=torch.float64)
        (source() * weight).sum().backward()
        for name, p in source.named_parameters():
            at, step = (0,) * p.ndim, 1e-6
            with torch.no_grad():
                p[at] += step
                up = (source() * weight).sum()
                p[at] -= 2 * step
                down = (source() * weight).sum()
                p[at] += step
            self.assertAlmostEqual(float(p.grad[at]), float((up - down) / (2 * step)), places=5, msg=name)

    def test_the_svd_of_a_planted_weight_finds_it(self):
        torch.manual_seed(3)
        plan = sizes.two_level(lt.Shape(8, 6, 3, 3), 0, 3)
        planted = (torch.randn(8, 3) @ torch.randn(3, 54)).reshape(8, 6, 9)
        basis, _, v, gain = multilevel.svd_factors(planted, plan)
        found = gain * (v.double() @ basis.double().reshape(3, -1))
        self.assertLess(float((found - planted.reshape(8, -1)).norm() / planted.norm()), 1e-5)
        self.assertAlmostEqual(float(v.abs().max()), 0.5, places=5)

    def test_products_of_wide_integers_are_exact(self):
        """Sums beyond 2^24 by Python's integers: 8-bit factors, 4 bases, 14 kernels."""
        torch.manual_seed(9)
        source = self.source(16, 9, intra=4, cross=14, bits={"basis": 8, "intra": 8, "cross": 8})
        for p in source.parameters():
            torch.nn.init.normal_(p, std=3.0)
        level = {name: rounding.dorefa(getattr(source, name).detach(), 8)[0].numpy().astype(object) for name in source.names()}
        exact = numpy.stack([level["intra"][m] @ level["basis"][m] for m in range(14)]).reshape(14, -1)
        exact = (level["cross"] @ exact).astype(float)
        self.assertGreater(abs(exact).max(), 2**24)
        scale = float(source.words()["scale"])
        numpy.testing.assert_allclose(source().detach().numpy().reshape(16, -1), exact * scale, rtol=3e-7)

    def test_a_component_shares_its_size_between_its_factors(self):
        """One kernel per row of a diagonal: V has the cube root of its size, U and Wb the rest alike."""
        target = torch.zeros(4, 3, 9)
        for kernel, size in enumerate((8.0, 1.0, 0.125, 0.0)):
            target[kernel, 1, kernel] = size
        plan = sizes.two_level(lt.Shape(4, 3, 3, 3), 1, 3)
        basis, u, v, gain = multilevel.svd_factors(target, plan)
        self.assertAlmostEqual(gain, 8 / 0.5**3, places=4)
        for m, share in enumerate((1.0, 0.5, 0.25)):
            for factor in (basis[m], u[m], v[:, m]):
                self.assertAlmostEqual(float(factor.abs().max()), 0.5 * share, places=4)

    def test_improving_lowers_the_error_of_a_weight_planted_with_both_levels(self):
        torch.manual_seed(4)
        source = self.source(8, 6)
        u, wb, v = torch.randn(3, 6, 2), torch.randn(3, 2, 9), torch.randn(8, 3)
        target = (v @ torch.matmul(u, wb).reshape(3, -1)).reshape(8, 6, 3, 3)
        source.encode(target)
        before = float((source() - target).norm() / target.norm())
        after = source.improve(target, 300) ** 0.5
        self.assertLess(after, 0.8 * before)
        self.assertAlmostEqual(after, float((source() - target).norm() / target.norm()), places=5)

    def test_orders_of_grouped_and_separable_layers_are_inverses(self):
        for plan in (sizes.two_level(lt.Shape(12, 6, 3, 3, 3), 2, 2), sizes.separable(lt.Shape(4, 5, 3, 3))):
            dense = torch.arange(float(plan.kernels * plan.columns))
            back = sizes.in_dense_order(plan, sizes.in_level_order(plan, dense))
            self.assertEqual(back.tolist(), dense.tolist())

    def test_a_depthwise_kernel_is_its_equation(self):
        source = self.source(7, 7, 7, cross=0, bits={"basis": 32, "intra": 32, "cross": 32})
        torch.nn.init.normal_(source.basis)
        torch.nn.init.normal_(source.intra)
        expected = torch.einsum("cb,bs->cs", source.intra[0], source.basis[0]).reshape(7, 1, 3, 3)
        torch.testing.assert_close(source(), expected)

    def test_the_penalty_is_zero_for_orthonormal_factors_and_grows(self):
        source = self.source(6, 5, orthogonality={"lambda": 2.0, "form": "sum"})
        with torch.no_grad():
            for p, axis in ((source.basis, 0), (source.intra, 1)):
                for part in p:
                    q = torch.linalg.qr(torch.randn(max(part.shape), min(part.shape)))[0]
                    part.copy_(q.T if axis == 0 else q)
            source.cross.copy_(torch.linalg.qr(torch.randn(6, 3))[0])
        self.assertLess(float(source.penalty()), 1e-9)
        with torch.no_grad():
            source.basis[0] *= 2  # rows of norm 2: (4 - 1)^2 each
        self.assertAlmostEqual(float(source.penalty()), 2 * 2 * 9, places=3)

    def test_unrounded_elements_appear_in_training_only(self):
        torch.manual_seed(6)
        source = self.source(quant_ratio=0.5)
        source.encode(torch.randn(source.shape.dense))
        source.eval()
        rounded = source()
        self.assertTrue(torch.equal(rounded, source()))
        source.train()
        self.assertFalse(torch.equal(rounded, source()))


class Exchange(unittest.TestCase):
    def test_blocks_follow_the_published_rule(self):
        self.assertEqual(exchange.block_rows(lt.Shape(1, 128, 3, 3)), [192, 192])
        self.assertEqual(exchange.block_rows(lt.Shape(1, 10, linear=True)), [4])

    def test_a_planted_block_is_found(self):
        powers = torch.tensor([[1, 0.5, 0], [0, 2, -1], [0.25, 0, 1], [-2, 1, 0]], dtype=torch.float64)
        c, b = exchange.fit_blocks((powers @ torch.eye(3, dtype=torch.float64) * 0.5)[None])
        rebuilt = exchange._rounded(c) @ b
        self.assertLess(float((rebuilt - powers[None] * 0.5).abs().max()), 1e-9)


    def test_published_presets_of_the_block_size(self):
        self.assertEqual(exchange.block_rows(lt.Shape(1, 546, 3, 3))[0], 171)  # 1638 rows


class LearnedStep(unittest.TestCase):
    def test_start_and_gradients_are_the_authors(self):
        """Esser et al.: s = 2 mean|v| / sqrt(Q); ds = (round(v/s) - v/s) inside, +-Q outside, over sqrt(N Q)."""
        shape = lt.Shape(1, 4, linear=True)
        source = lt.make_source({"source": "lsq", "bits": 2, "fc_bits": 3}, shape)
        v = torch.tensor([[0.5, -1.0, 0.25, 4.0]])
        source.encode(v)
        step = 2 * (5.75 / 4) / 3**0.5
        self.assertAlmostEqual(float(source.step), step, places=6)
        with torch.no_grad():
            source.step.fill_(1.0)
        g = torch.tensor([[1.0, 10.0, 100.0, 1000.0]])
        (source() * g).sum().backward()
        self.assertEqual(source.weight.grad.tolist(), [[1, 10, 100, 0]])
        expected = (1 * (0 - 0.5) + 10 * 0 + 100 * (0 - 0.25) + 1000 * 3) / (4 * 3) ** 0.5
        self.assertAlmostEqual(float(source.step.grad), expected, places=3)


class Networks(unittest.TestCase):
    def test_strides_paddings_dilations_and_groups_stay(self):
        x = torch.randn(2, 6, 9, 9)
        for options in ({"stride": 2, "padding": 1}, {"groups": 3, "padding": (2, 0)}, {"groups": 6, "dilation": 2}):
            plain = torch.nn.Sequential(torch.nn.Conv2d(6, 12, 3, **options))
            expected = plain(x)
            torch.testing.assert_close(lt.regenerate(plain, {"source": "dense"})(x), expected)

    def net(self):
        torch.manual_seed(7)
        return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(),
                                   torch.nn.Linear(8 * 6 * 6, 5))

    def test_dense_sources_change_nothing_and_train_as_before(self):
        plain, x = self.net(), torch.randn(4, 3, 6, 6)
        sourced = lt.regenerate(copy.deepcopy(plain), {"source": "dense"})
        torch.testing.assert_close(sourced(x), plain(x))
        sourced(x).square().sum().backward()
        plain(x).square().sum().backward()
        torch.testing.assert_close(sourced[0].source.weight.grad, plain[0].weight.grad)

    def test_training_a_generated_network_lowers_its_loss(self):
        net = lt.regenerate(self.net(), CARDS["multilevel"])
        x, y = torch.randn(32, 3, 6, 6), torch.randint(0, 5, (32,))
        optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
        losses = []
        for _ in range(60):
            loss = torch.nn.functional.cross_entropy(net(x), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss))
        self.assertLess(losses[-1], 0.3 * losses[0])

    def test_a_flattened_map_changes_the_order_of_columns_and_back(self):
        import h5py

        card = {"model": "cnn", "dataset": "mine", "weights": {"source": "dense"}}
        net = lt.regenerate(self.net(), card["weights"])
        with tempfile.TemporaryDirectory() as folder:
            lt.save(net, f"{folder}/w.h5", card, flattened={"3": (8, 6, 6)})
            with h5py.File(f"{folder}/w.h5") as file:
                stored = file["3.weight.weight"][()].reshape(5, 6, 6, 8)
            torch.testing.assert_close(torch.from_numpy(stored).permute(0, 3, 1, 2).reshape(5, -1),
                                       net[3].source.weight.detach())
            again = lt.load(self.net(), f"{folder}/w.h5", flattened={"3": (8, 6, 6)})
        torch.testing.assert_close(again[3].source.weight, net[3].source.weight)

    def test_statistics_are_the_means_over_the_batches(self):
        norm = torch.nn.BatchNorm2d(2)
        net = torch.nn.Sequential(norm)
        batches = [torch.randn(5, 2, 3, 3) + n for n in range(3)]
        lt.recalibrate(net, batches)
        mean = torch.stack([b.mean(dim=(0, 2, 3)) for b in batches]).mean(0)
        torch.testing.assert_close(norm.running_mean, mean)
        self.assertTrue(net.training)

    def test_distillation_of_the_teacher_itself_is_the_label_term(self):
        logits, labels = torch.randn(6, 4), torch.randint(0, 4, (6,))
        expected = 0.1 * torch.nn.functional.cross_entropy(logits, labels)
        torch.testing.assert_close(lt.distillation(logits, logits.clone(), labels), expected)

    def test_distillation_by_hand(self):
        """Two classes, T = 2: p = sigmoid of half the difference of the logits."""
        student, teacher = torch.tensor([[0.0, 1.0]]), torch.tensor([[3.0, 0.0]])
        p, q = 1 / (1 + numpy.exp(-1.5)), 1 / (1 + numpy.exp(0.5))
        soft = p * numpy.log(p / q) + (1 - p) * numpy.log((1 - p) / (1 - q))
        hard = numpy.log(1 + numpy.exp(-1.0))
        loss = float(lt.distillation(student, teacher, torch.tensor([1]), temperature=2.0, beta=0.75))
        self.assertAlmostEqual(loss, 0.75 * 4 * soft + 0.25 * hard, places=5)

    def test_a_section_with_all_its_defaults_written_out_is_the_same_section(self):
        """What the program reads of a section when a key is absent is what is done here."""
        shapes = [lt.Shape(24, 12, 3, 3), lt.Shape(16, 12, 1, 1), lt.Shape(12, 12, 3, 3, 12), lt.Shape(10, 48, linear=True)]
        for name, card in CARDS.items():
            whole = lightloom.Card({"name": "weights", "weights": card}).resolved()["weights"].to_dict()
            self.assertGreater(len(whole), 20)
            for shape in shapes:
                with self.subTest(f"{name}, {shape}"):
                    one, other = (lt.make_source(section, shape, "layer1.0.conv1") for section in (card, whole))
                    self.assertEqual((one.kind, one.stored()), (other.kind, other.stored()))

    def test_overrides_merge_and_the_first_match_wins(self):
        card = {"source": "multilevel", "intra": 2, "bits": {"basis": 3, "intra": 6},
                "layers": [{"layer": "a*", "bits": {"basis": 5}}, {"layer": "ab", "intra": 4}]}
        self.assertEqual(card_for(card, "ab"), {"source": "multilevel", "intra": 2, "bits": {"basis": 5, "intra": 6}})
        self.assertTrue(matches("layer*.conv1", "layer3.0.conv1"))
        self.assertFalse(matches("layer*.conv1", "layer3.0.conv12"))


class Refusals(unittest.TestCase):
    def says(self, words, call, *arguments, **named):
        with self.assertRaises(ValueError) as caught:
            call(*arguments, **named)
        self.assertIn(words, str(caught.exception))

    def test_bad_input_has_one_sentence(self):
        net = lambda: torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten())
        self.says("did you mean 'intra'", lt.regenerate, net(), {"source": "multilevel", "intar": 2})
        self.says("did you mean 'multilevel'", lt.regenerate, net(), {"source": "multilevle"})
        self.says("must be a mapping", lt.regenerate, net(), "multilevel")
        self.says("ConvTranspose2d", lt.regenerate, torch.nn.Sequential(torch.nn.ConvTranspose2d(3, 4, 3)), {})
        self.says("there is no Conv2d or Linear called 'x'", lt.regenerate, net(), {}, only=["x"])
        self.says("single layer", lt.regenerate, torch.nn.Linear(3, 4), {})
        nan = net()
        nan[0].weight.data[0] = float("nan")
        self.says("no numbers", lt.regenerate, nan, {"source": "integer"})
        source = lt.make_source({"source": "integer"}, lt.Shape(4, 3, 3, 3))
        self.says("cannot be fitted to one of (4, 3)", source.encode, torch.zeros(4, 3))
        self.says("complex", source.encode, torch.zeros(4, 3, 3, 3, dtype=torch.complex64))

    def test_files_of_other_networks_are_refused_and_nothing_is_overwritten(self):
        card = {"model": "resnet20", "dataset": "cifar10", "weights": {"source": "integer", "bits": 4}}
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/w.h5"
            lt.save(lt.regenerate(seeded_resnet(), card["weights"]), path, card)
            before = bytes_of(path)
            self.says("lacks", lt.load, torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)), path)
            self.says("has no source yet", lt.save, resnet20(), path, card)
            self.assertEqual(before, bytes_of(path))
            self.assertEqual(os.listdir(folder), ["w.h5"])


if __name__ == "__main__":
    unittest.main()
