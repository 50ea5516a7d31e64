"""Sources of about a bit a weight in PyTorch: gradients by the formulas of docs/models/weights, and what their rules promise."""
import unittest

try:
    import torch
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch here: {absent}") from absent

import lightloom.torch as lt
from lightloom.torch.sources import binary, codes, seeded

SHAPE = lt.Shape(10, 6, 3, 3)


def made(card, shape=SHAPE, seed=3):
    """A source fitted to normal weights, those weights, and a gradient to send through it."""
    torch.manual_seed(seed)
    dense, gradient = torch.randn(shape.dense), torch.randn(shape.dense)
    source = lt.make_source(card, shape, "layer")
    source.encode(dense)
    return source, dense, gradient


def sent(source, gradient):
    source().backward(gradient)
    return [parameter.grad.reshape(-1) for parameter in source.parameters()]


class Seeds(unittest.TestCase):
    def test_the_hash_is_jenkinss(self):
        # One at a time over four bytes, begun at the seed, by plain integers.
        def by_hand(seed, number):
            value = seed
            for byte in number.to_bytes(4, "little"):
                value = (value + byte) % 2**32
                value = (value + (value << 10)) % 2**32
                value ^= value >> 6
            value = (value + (value << 3)) % 2**32
            value ^= value >> 11
            return (value + (value << 15)) % 2**32

        for seed in (0, 1, 0xDEADBEEF):
            numbers = [0, 1, 33, 2**31, 2**32 - 1]
            self.assertEqual(seeded.seeded_words(seed, numbers).tolist(), [by_hand(seed, number) for number in numbers])
        self.assertEqual(sorted(seeded.seeded_permutation(9, 33).tolist()), list(range(33)))

    def test_a_subspace_is_orthonormal_and_learns_by_its_transpose(self):
        source, dense, gradient = made({"source": "subspace", "bits": 8, "subspace": {"block": 128, "inputs": 40}})
        basis = torch.stack([source._expanded(row.reshape(1, -1).expand(source.blocks, -1))[1] for row in torch.eye(40)]) / 128
        gram = basis @ basis.T
        torch.testing.assert_close(gram, torch.eye(40) * gram[0, 0], atol=1e-5, rtol=1e-5)
        self.assertAlmostEqual(float(gram[0, 0]), 1.0, 5)
        found, = sent(source, gradient)
        torch.testing.assert_close(found[40:80], basis @ gradient.reshape(-1)[128:256], atol=1e-4, rtol=1e-4)
        kept = float((source().detach() - dense).square().sum() / dense.square().sum())
        self.assertLess(abs(kept - (1 - 40 / 128)), 0.1)  # white weights keep their share k / n

    def test_a_mask_learns_by_the_sign_of_its_scores(self):
        source, dense, gradient = made({"source": "supermask", "supermask": {"kept": 0.25}})
        self.assertEqual(int(source.words()["mask"].sum()), 135)
        signs = seeded.seeded_signs(source.seed_word(), 540)
        weights = source().detach().reshape(-1)
        self.assertEqual(set((weights * signs).unique().tolist()), {0.0, float(source.scale)})
        chosen = (signs * dense.reshape(-1)).topk(135).indices
        self.assertEqual(set(weights.nonzero()[:, 0].tolist()), set(chosen.tolist()))
        self.assertAlmostEqual(float(source.scale), float((signs * dense.reshape(-1))[chosen].mean()), 5)
        found, = sent(source, gradient)
        torch.testing.assert_close(found, torch.sign(source.score.detach()).where(source.score != 0, torch.ones(())) * source.scale * signs * gradient.reshape(-1))


class Signs(unittest.TestCase):
    def test_a_tile_learns_through_its_sum_and_its_magnitudes(self):
        for way in ("magnitude", "nearest"):
            source, _, gradient = made({"source": "tiled", "tiled": {"repeats": 5, "scale": way}})
            s, d = source.score.detach().reshape(5, -1), gradient.reshape(5, -1)
            b = torch.sign(s.sum(0))
            a = s.abs().mean(1) if way == "magnitude" else (s * b).mean(1).clamp(min=0)
            torch.testing.assert_close(source().detach().reshape(5, -1), a[:, None] * b)
            own = torch.sign(s) if way == "magnitude" else b.expand(5, -1) * (a > 0)[:, None]
            expected = (a[:, None] * d).sum(0) + own / s.shape[1] * (d * b).sum(1, keepdim=True)
            torch.testing.assert_close(sent(source, gradient)[0], expected.reshape(-1), atol=1e-5, rtol=1e-5)

    def test_expanded_bits_learn_through_all_that_tap_them(self):
        source, _, gradient = made({"source": "xor", "xor": {"inputs": 6, "outputs": 9, "taps": 3, "planes": 2, "sharpness": 0.8}})
        taps = binary.wires(6, 9, 3)
        self.assertEqual([len(set(one)) for one in taps], [3] * 9)
        self.assertEqual(len(set(taps)), 9)
        e = torch.sign(source.code.detach()).reshape(2, 60, 6)
        a = source.scale.detach().reshape(2, 10).repeat_interleave(54, 1).reshape(2, 60, 9)
        d = gradient.reshape(60, 9)
        bits = torch.stack([e[..., list(one)].prod(-1) for one in taps], -1)
        torch.testing.assert_close(source().detach().reshape(60, 9), (a * bits).sum(0))
        through = torch.zeros_like(e)
        for output, one in enumerate(taps):
            for tap in one:
                through[..., tap] += a[..., output] * d[:, output] * bits[..., output] * e[..., tap]
        bent = torch.tanh(0.8 * source.code.detach().reshape(2, 60, 6))
        code, scale = sent(source, gradient)
        torch.testing.assert_close(code, (0.8 * (1 - bent**2) * through).reshape(-1), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(scale, (bits * d).reshape(2, 10, 54).mean(-1).reshape(-1), atol=1e-5, rtol=1e-5)

    def test_encoded_bits_are_the_best_of_all(self):
        source, dense, _ = made({"source": "xor", "xor": {"inputs": 4, "outputs": 6}})
        bits = source().detach().sign().reshape(-1, 6)
        taps = torch.tensor(binary.wires(4, 6, 2))
        every = torch.stack([torch.tensor([1.0 if code >> i & 1 else -1.0 for i in range(4)])[taps].prod(-1) for code in range(16)])
        torch.testing.assert_close((bits * dense.reshape(-1, 6)).sum(1), (dense.reshape(-1, 6) @ every.T).max(1).values)

    def test_patterns_move_every_25th_step_and_stay_apart(self):
        source, dense, gradient = made({"source": "subbit", "subbit": {"index_bits": 4}}, lt.Shape(16, 8, 3, 3))
        source.train()
        index, chosen, scales = source._chosen()
        expected = torch.zeros(16, 9)
        for kernel, place in enumerate(index.tolist()):
            expected[place] += scales[kernel // 8] * gradient.reshape(-1, 9)[kernel]
        before, pattern = source.words()["pattern"], source.pattern.clone()
        for step in range(25):
            source.weight.grad = None
            source().backward(gradient)
            torch.testing.assert_close(source.weight.grad, gradient.reshape(-1))
            changed = source.own_step(0.3)
            if step < 24:
                self.assertEqual(changed, 0)
                self.assertTrue(torch.equal(source.pattern, pattern))
        moved = (pattern.reshape(16, 9) - 0.3 * expected).clamp(-3, 3)
        words = source.words()["pattern"]
        same = words == binary._words_of(torch.where(moved.abs() >= 1e-3, moved.sign(), source.pattern_sign.reshape(16, 9)))
        self.assertGreater(int(same.sum()), 8)  # all but those that came to equal an earlier one
        torch.testing.assert_close(source.pattern.reshape(16, 9)[same], moved[same])
        self.assertEqual(changed, int((words != before).sum()))
        self.assertEqual(len(set(words.tolist())), 16)
        self.assertGreater(changed, 0)
        net = torch.nn.Sequential(lt.SourcedConv2d(source))
        self.assertEqual(lt.own_steps(net, 0.1), 0)


    def test_equal_patterns_become_free_ones_from_the_seeds_on(self):
        source, _, _ = made({"source": "subbit", "subbit": {"index_bits": 8}}, lt.Shape(64, 16, 3, 3))
        doubles = list(range(10, 40, 3))
        with torch.no_grad():
            source.pattern_sign.reshape(256, 9)[doubles] = source.pattern_sign.reshape(256, 9)[0].clone()
            used = set(source.words()["pattern"].tolist())
            source._replace_doubles()
        words, moved_on = source.words()["pattern"].tolist(), 0
        for place in doubles:
            wanted = int(seeded.seeded_words(source.number, [place])[0]) % 512
            while wanted in used:
                wanted, moved_on = (wanted + 1) % 512, moved_on + 1
            used.add(wanted)
            self.assertEqual(words[place], wanted)
        self.assertEqual(len(set(words)), 256)
        self.assertGreater(moved_on, 0)


class Codes(unittest.TestCase):
    def test_a_trellis_reaches_its_published_signal_to_noise(self):
        """64 x 64 x 1 x 1 normal weights; docs/models/weights/codes.md: 5.15, 10.64 and 16.14 dB at eight state bits."""
        for bits, wanted in ((1, 5.15), (2, 10.64), (3, 16.14)):
            source, dense, _ = made({"source": "trellis", "bits": bits, "state_bits": 8}, lt.Shape(64, 64))
            error = float((source.eval()() - dense).square().sum() / dense.square().sum())
            self.assertLess(abs(-10 * torch.tensor(error).log10().item() - wanted), 0.35)  # 4096 weights: 0.1 dB a sigma

    def test_a_ring_that_is_too_short_is_searched_whole(self):
        torch.manual_seed(8)
        targets = 150 * torch.randn(3, 3)
        words = codes.trellis_words(targets, 2, 8)
        source = codes.TrellisSource(lt.Shape(1, 3), 2, 8)
        every = torch.cartesian_prod(*[torch.arange(4)] * 3)
        errors = (targets[:, None] - source._levels(every)[None]).square().sum(-1)
        torch.testing.assert_close((targets - source._levels(words)).square().sum(1), errors.min(1).values)

    def test_training_moves_the_dense_weight_and_evaluation_codes_it_again(self):
        source, dense, gradient = made({"source": "trellis", "state_bits": 8}, lt.Shape(8, 33))
        before = source.words()["path"]
        source.train()
        self.assertIs(source(), source.dense)
        source().backward(gradient)
        torch.testing.assert_close(source.dense.grad, gradient)
        with torch.no_grad():
            source.dense.add_(gradient)
        wanted = source.dense.detach().clone()
        weights = source.eval()()
        self.assertFalse(torch.equal(source.words()["path"], before))
        self.assertLess(float((weights - wanted).norm() / wanted.norm()), 0.35)
        again = source()
        self.assertTrue(torch.equal(weights, again))  # and then it stays
        torch.testing.assert_close(source.dense.detach(), weights.detach())

    def test_keys_and_transforms_that_are_not_there_are_named(self):
        for card, words in (({"source": "xor", "xor": {"input": 8}}, "'weights.xor.input' is not a known key"),
                            ({"source": "trellis", "transform": "hadamrd"}, "hadamard"),
                            ({"source": "trellis", "bits": 5}, "must be from 1 to 4"), ({"source": "seedlm", "bits": 5}, "must be from 3 to 4"),
                            ({"source": "crew", "crew": {"budget": -1}}, "budget"), ({"source": "blend", "retraining": "projection"}, "must be codes")):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                lt.make_source(card, SHAPE, "layer")


if __name__ == "__main__":
    unittest.main()
