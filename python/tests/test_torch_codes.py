"""Coded and shared weights in PyTorch: huffman, crew, seedlm, smart_deal, shared_depth, blend, and the mixing before a trellis."""
import copy
import heapq
import unittest

try:
    import torch
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch here: {absent}") from absent

import lightloom.torch as lt
from lightloom.torch.sources import crew, entropy, mixing, seeds

SHAPE = lt.Shape(10, 6, 3, 3)


def made(card, shape=SHAPE, seed=3):
    """A source fitted to normal weights, those weights, and a gradient to send through it."""
    torch.manual_seed(seed)
    dense, gradient = torch.randn(shape.dense), torch.randn(shape.dense)
    source = lt.make_source(card, shape, "layer")
    source.encode(dense)
    return source, dense, gradient


class PrefixCodes(unittest.TestCase):
    def test_lengths_are_huffmans_where_none_is_too_long(self):
        counts = [5, 0, 33, 1, 1, 8, 120, 44, 2, 0, 7, 7, 3, 19, 0, 11]
        heap, cost = [count for count in counts if count], 0
        heapq.heapify(heap)
        while len(heap) > 1:
            both = heapq.heappop(heap) + heapq.heappop(heap)
            cost += both
            heapq.heappush(heap, both)
        lengths = entropy.code_lengths(counts)
        self.assertEqual(sum(count * length for count, length in zip(counts, lengths)), cost)
        self.assertEqual([length == 0 for length in lengths], [count == 0 for count in counts])

    def test_no_word_is_longer_than_twelve_bits_and_all_of_them_fit(self):
        growing = [1, 1]
        while len(growing) < 20:  # Huffman's words would have up to 19 bits
            growing.append(growing[-1] + growing[-2])
        lengths = entropy.code_lengths(growing)
        self.assertEqual(max(lengths), 12)
        self.assertEqual(sum(2.0**-length for length in lengths), 1.0)
        self.assertEqual(entropy.code_lengths([0, 7, 0]), [0, 1, 0])
        self.assertEqual(entropy.code_words([2, 1, 3, 3]), [0b01, 0b0, 0b011, 0b111])

    def test_bytes_read_back_bit_by_bit(self):
        """By a reader that knows lengths and blocks only, one bit at a time; the last block is a short one."""
        source, _, _ = made({"source": "huffman", "bits": 3})
        code = source.words()["code"].tolist()
        lengths = [half for pair in code[:4] for half in (pair & 15, pair >> 4)]
        words = {(length, word): symbol for symbol, (length, word) in enumerate(zip(lengths, entropy.code_words(lengths))) if length}
        sizes, at, found = code[4:9], 9, []
        for block, size in enumerate(sizes):
            bits = [byte >> bit & 1 for byte in code[at:at + size] for bit in range(8)]
            at, place = at + size, 0
            for _ in range(min(128, 540 - 128 * block)):
                length = next(n for n in range(1, 13) if (n, sum(b << i for i, b in enumerate(bits[place:place + n]))) in words)
                found.append(words[length, sum(b << i for i, b in enumerate(bits[place:place + length]))])
                place += length
        self.assertEqual(at, len(code))
        scale = float(source.words()["scale"])
        torch.testing.assert_close(scale * (torch.tensor(found) - 4).float(), source().detach().reshape(-1))
        self.assertEqual(source.bits(), 8 * len(code))


class DistinctLevels(unittest.TestCase):
    def test_words_name_the_levels_of_every_input(self):
        shape = lt.Shape(12, 6, 3, 3, groups=3)
        source, _, _ = made({"source": "crew", "bits": 3}, shape)
        words = {name: iter(values.tolist()) for name, values in source.words().items() if name != "scale"}
        dense = source().detach().reshape(3, 4, 18)
        for group in range(3):
            for column in range(18):
                levels = [next(words["level"]) for _ in range(next(words["count"]))]
                self.assertEqual(levels, sorted(set(levels)))
                width = next(words["width"])
                indices = [sum(next(words["index"]) << bit for bit in range(width)) for _ in range(4)]
                wanted = [float(source.words()["scale"]) * (levels[index] - 4) for index in indices]
                torch.testing.assert_close(dense[group, :, column], torch.tensor(wanted))
        self.assertTrue(all(next(rest, None) is None for rest in words.values()))

    def test_the_rarest_level_becomes_its_nearest_neighbour(self):
        column = torch.tensor([5, 5, 5, -3, -3, 0, 0, 2, 2, 7])
        fewer, added = crew.merged(column)  # five levels, of which the 7 goes to the 5
        self.assertEqual(fewer.tolist(), [5, 5, 5, -3, -3, 0, 0, 2, 2, 5])
        self.assertEqual(added, 4)
        fewer, added = crew.merged(torch.tensor([1, 1, 3, 5, 5]))  # the 3 in the middle: to the lower one
        self.assertEqual((fewer.tolist(), added), ([1, 1, 1, 5, 5], 4))
        self.assertEqual(crew.merged(torch.tensor([4, 4]))[1], 0)

    def test_merging_stays_within_its_budget_and_weights_learn_straight_through(self):
        exact, _, _ = made({"source": "crew", "bits": 5})
        for budget in (0.004, 0.05):
            source, _, gradient = made({"source": "crew", "bits": 5, "crew": {"budget": budget}})
            error = float((source() - exact()).square().sum() / exact().square().sum())
            self.assertLess(0.5 * budget, error)
            self.assertLessEqual(error, budget)
            self.assertLess(source.bits(), exact.bits())
            source().backward(gradient)
            torch.testing.assert_close(source.weight.grad, gradient)

    def test_the_range_is_full_unless_clipped(self):
        for card, clipped in (({}, False), ({"crew": {"range": "clipped"}}, True)):
            source, _, _ = made({"source": "crew", "bits": 3, **card})
            self.assertEqual(float(source.clip) < 1, clipped)


class Seeds(unittest.TestCase):
    def test_the_register_runs_through_all_states(self):
        states, _ = seeds.register_cycle()
        self.assertEqual(sorted(states.tolist()), list(range(1, 65536)))
        self.assertEqual(states[:5].tolist(), [1, 2, 4, 8, 17])  # the fourth place is a tap
        third = seeds.seed_matrices(torch.tensor([8]), 8, 3, 5)[0, 1, 0]  # number 3: 20 steps behind the seed
        place = states.tolist().index(8)
        self.assertEqual(int(third), int(states[place + 20]) - 32768)

    def test_the_seed_is_the_best_of_all(self):
        """All 65535 by least squares in double precision, rounded as stored; weights of a block of one size."""
        torch.manual_seed(4)
        for block, count in ((8, 3), (12, 4)):
            w = torch.randn(3, block)
            every = torch.arange(1, 65536)
            u = seeds.seed_matrices(every, block, count, 1).double() / 32767
            singular = torch.linalg.svdvals(u)
            for i, (seed, exponent, t) in enumerate(zip(*seeds.search_seeds(w, count, 1))):
                exact = (torch.linalg.pinv(u) @ w[i].double()[:, None])[..., 0]
                e = (exact.abs().amax(1).log2().floor() - 2).clamp(-8, 7)
                rounded = (exact / 2**e[:, None]).round().clamp(-8, 7) * 2**e[:, None]
                errors = ((u @ rounded[..., None])[..., 0] - w[i].double()).square().sum(1)
                errors[singular[:, 0] > 100 * singular[:, -1]] = torch.inf
                own = (u[seed - 1] @ (t * 2.0 ** int(exponent)).double() - w[i].double()).square().sum()
                self.assertLess(abs(float(own - errors.min())), 1e-5)
                self.assertEqual(int(seed), int(errors.argmin()) + 1)

    def test_seeds_of_nearly_dependent_columns_are_left_out(self):
        singular = torch.linalg.svdvals(seeds.seed_matrices(torch.arange(1, 65536), 8, 3, 1).double())
        taken = (singular[:, 0] <= 100 * singular[:, -1]).nonzero()[:, 0] + 1
        self.assertLess(len(taken), 65535)
        self.assertEqual(seeds._seed_table(8, 3, 1)[0].tolist(), taken.tolist())

    def test_a_planted_block_is_found_and_nothing_is_the_first_seed(self):
        numbers = seeds.seed_matrices(torch.tensor([4711]), 8, 3, 9).float()[0] / 32767
        w = torch.stack([numbers @ torch.tensor([7.0, -4, 1]) * 2**-3, torch.zeros(8)])
        seed, exponent, t = seeds.search_seeds(w, 3, 9)
        self.assertEqual((int(seed[0]), int(exponent[0]), t[0].tolist()), (4711, -3, [7, -4, 1]))
        self.assertEqual((int(exponent[1]), t[1].tolist()), (-8, [0, 0, 0]))
        self.assertEqual(int(seed[1]), int(seeds._seed_table(8, 3, 9)[0][0]))

    def test_a_layer_reaches_its_published_signal_to_noise(self):
        """docs/models/weights/codes.md: 18.24 and 12.96 dB at stride 1; 2304 weights."""
        for bits, wanted in ((4, 18.24), (3, 12.96)):
            source, dense, _ = made({"source": "seedlm", "bits": bits}, lt.Shape(16, 16, 3, 3))
            error = float((source.eval()() - dense).square().sum() / dense.square().sum())
            self.assertLess(abs(-10 * torch.tensor(error).log10().item() - wanted), 0.4)
            self.assertEqual(source.bits() / 2304, bits)


class Mixing(unittest.TestCase):
    def test_words_are_those_of_random123(self):
        """Known answers of Philox4x32-10 in its distribution."""
        for word, wanted in ((0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
                             (0xFFFFFFFF, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD])):
            self.assertEqual([int(one) for one in mixing.philox((word,) * 4, (word,) * 2)], wanted)

    def test_an_axis_is_cut_into_powers_of_two(self):
        """7 = 4 + 2 + 1 rows and 5 = 4 + 1 columns, by matrices."""
        two = torch.tensor([[1.0, 1], [1, -1]])
        four, half = torch.kron(two, two) / 2, two / 2**0.5
        rows = torch.block_diag(four, half, torch.eye(1)) * mixing._signs(7, 0)
        columns = torch.block_diag(four, torch.eye(1)) * mixing._signs(5, 1)
        values = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(mixing.mix(values), rows @ values @ columns.T)
        torch.testing.assert_close(mixing.unmix(mixing.mix(values)), values)

    def test_laplacian_weights_lose_less_when_mixed(self):
        torch.manual_seed(6)
        dense = torch.distributions.Laplace(0.0, 1.0).sample((64, 64))
        decibels = []
        for transform in ("none", "hadamard"):
            source = lt.make_source({"source": "trellis", "state_bits": 8, "transform": transform}, lt.Shape(64, 64, linear=True))
            source.encode(dense)
            decibels.append(-10 * ((source.eval()() - dense).square().sum() / dense.square().sum()).log10().item())
        self.assertGreater(decibels[1] - decibels[0], 0.4)
        self.assertLess(abs(decibels[1] - 10.64), 0.35)  # as normal weights


class SmartDeal(unittest.TestCase):
    OPTIONS = {"momentum": 0.5, "weight_decay": 0.01, "dead_zone": 1e-4, "switch_bar": 2}

    def source(self, **options):
        return made({"source": "smart_deal", "exchange": {"theta": 0.2}, "smart_deal": {**self.OPTIONS, **options}})

    def gradient_of_coefficients(self, source, gradient):
        """By automatic differentiation of the product of every row with its basis."""
        c = source.coefficients.clone().requires_grad_()
        codes, scale = source._bases()
        rows = torch.einsum("rk,rkj->rj", c, (codes * scale[:, None, None]).detach()[source.place])
        rows.reshape(10, -1).backward(gradient.reshape(10, -1))
        return c.grad * source.mask

    def test_a_coefficient_moves_by_one_exponent_when_its_counter_is_full(self):
        source, _, gradient = self.source()
        top, average, counter, moved_up = float(source.top), 0.0, torch.zeros_like(source.coefficients), 0
        self.assertGreater(int((source.mask == 0).sum()), 20)  # which stay
        for step in range(5):
            push = gradient if step < 3 else -4 * gradient
            before, d = source.coefficients.clone(), self.gradient_of_coefficients(source, push)
            source().backward(push)
            average = 0.5 * average + d + 0.01 * before
            counter += torch.where((0.02 * average).abs() > 1e-4, -average.sign(), torch.zeros(())) * source.mask
            changed = source.own_step(0.02)
            for old, new, count, kept in zip(before.flatten().tolist(), source.coefficients.flatten().tolist(), counter.flatten().tolist(),
                                             source.mask.flatten().tolist()):
                if abs(count) < 2 or not kept:
                    self.assertEqual(new, old)
                elif old == 0:
                    self.assertEqual(new, 0.25 * (1 if count > 0 else -1))  # the first power above theta
                else:
                    grown = 2 * old if (old > 0) == (count > 0) else old / 2
                    wanted = 0 if abs(grown) < 0.2 else min(max(grown, -2.0**top), 2.0**top)
                    self.assertIn(new, (wanted, 0.0 if abs(grown) < 2.0 ** (top - 6) else wanted))
                moved_up += abs(new) > abs(old)
            counter[counter.abs() >= 2] = 0
            self.assertEqual(changed, int((before != source.coefficients).sum()))
        self.assertGreater(moved_up, 20)

    def test_gradients_add_up_and_epochs_begin_anew(self):
        one, _, gradient = self.source(dead_zone=0.0)
        two = copy.deepcopy(one)
        one().backward(gradient)
        two().backward(0.75 * gradient)
        two().backward(0.25 * gradient)
        one.own_step(0.1)
        two.own_step(0.1)
        torch.testing.assert_close(one._average, two._average)
        self.assertEqual(int(one._counters.abs().max()), 1)
        net = torch.nn.Sequential(lt.SourcedConv2d(one))
        one().backward(gradient)
        self.assertEqual(lt.own_steps(net, 0.1, epoch=1), 0)  # the second sign would have filled counters
        one().backward(gradient)
        self.assertGreater(lt.own_steps(net, 0.1, epoch=1), 0)

    def test_the_optimiser_trains_the_bases_alone(self):
        source, _, _ = self.source()
        self.assertEqual([name for name, _ in source.named_parameters()], ["basis"])
        self.assertIn("coefficients", source.state_dict())
        self.assertTrue(torch.equal(source.coefficients, source._powers()[0]))


def pair_of(source, **card):
    """Four layers of one shape and one of another, of one network."""
    torch.manual_seed(2)
    net = torch.nn.Sequential(*(torch.nn.Conv2d(6, 6, 3, bias=False) for _ in range(4)), torch.nn.Conv2d(6, 5, 1))
    dense = [layer.weight.detach().clone() for layer in net]
    return lt.regenerate(net, {"source": source, source: card, "bits": 6}), dense


class Sharing(unittest.TestCase):
    def test_layers_of_one_shape_store_and_train_one_tensor(self):
        net, _ = pair_of("shared_depth")
        self.assertEqual([name for name, _ in net.named_parameters()],
                         ["0.source.shared", "0.source.scale", *(f"{i}.source.scale" for i in (1, 2, 3)), "4.bias", "4.source.shared", "4.source.scale"])
        self.assertEqual(lt.stored_bits(net), 6 * (6 * 6 * 9 + 30))
        ratio = [net[i].source().detach() / net[0].source().detach() for i in range(4)]
        for i, one in enumerate(ratio):
            there = one[torch.isfinite(one)]
            torch.testing.assert_close(there, torch.full_like(there, float(net[i].source.scale / net[0].source.scale)))

    def test_groups_end_after_their_uses(self):
        net, _ = pair_of("shared_depth", uses=3)
        self.assertEqual([net[i].source.use for i in range(5)], [0, 1, 2, 0, 0])

    def test_tensor_and_scales_are_fitted_to_all_uses(self):
        for kind in ("shared_depth", "blend"):
            net, dense = pair_of(kind)
            orders = [net[i].source._order() for i in range(4)]
            given = [d.reshape(-1) if order is None else torch.empty(324).index_copy(0, order, d.reshape(-1)) for d, order in zip(dense, orders)]
            sizes = [g.square().mean().sqrt() for g in given]
            mean = sum(g / s for g, s in zip(given, sizes)) / 4 * sum(sizes) / 4
            torch.testing.assert_close(net[0].source.shared.detach(), mean)
            for i in range(4):
                made_of = net[i].source().detach()
                best = float((made_of * dense[i]).sum() / made_of.square().sum())
                self.assertAlmostEqual(best, 1.0, 5)  # a scale of least squares

    def test_gradients_of_all_uses_meet_in_the_tensor(self):
        net, _ = pair_of("blend", seed=5)
        pushes = [torch.randn(6, 6, 3, 3) for _ in range(4)]
        sum((net[i].source() * pushes[i]).sum() for i in range(4)).backward()
        levels, step = net[0].source._levels()
        expected = torch.zeros(324)
        for i in range(4):
            source, order = net[i].source, net[i].source._order()
            expected.index_add_(0, order, float(source.scale) * pushes[i].reshape(-1))
            wanted = (step * levels[order] * pushes[i].reshape(-1)).mean()
            torch.testing.assert_close(source.scale.grad[0], wanted)
        torch.testing.assert_close(net[0].source.shared.grad, expected)

    def test_blended_weights_are_rows_and_columns_in_other_places(self):
        net, _ = pair_of("blend")
        first, second = (net[i].source().detach() / net[i].source.scale.detach() for i in (0, 1))
        back = torch.empty(324).index_copy(0, net[0].source._order(), first.reshape(-1)).reshape(6, 6, 9)
        order = net[1].source._order().reshape(6, 6, 9)
        self.assertEqual(sorted(order.reshape(-1).tolist()), list(range(324)))
        torch.testing.assert_close(back.reshape(-1)[order], second.reshape(6, 6, 9))
        place = order[:, :, 0] // 9  # transposed: outputs of a row of weights are columns of the tensor
        self.assertTrue(all(len(set((row % 6).tolist())) == 1 for row in place))
        straight = lt.make_source({"source": "blend", "blend": {"transpose": False}}, lt.Shape(6, 6, 3, 3), "1", {})
        self.assertFalse(straight.transposed)

    def test_copies_and_chips_keep_their_layers_tied(self):
        net, _ = pair_of("shared_depth")
        copied = copy.deepcopy(net)
        with torch.no_grad():
            copied[0].source.shared.mul_(-1)
        torch.testing.assert_close(copied[3].source(), -net[3].source())
        back = lt.convert(torch.nn.Sequential(*net[:4]), "data/devices/mrr-bank.yaml").without_chip()
        with torch.no_grad():
            back[0].source.shared.mul_(-1)
        torch.testing.assert_close(back[3].source(), -net[3].source())

    def test_sources_made_one_by_one_meet_through_a_dict(self):
        card, shared = {"source": "shared_depth"}, {}
        uses = [lt.make_source(card, SHAPE, name, shared).use for name in "abc"]
        self.assertEqual(uses, [0, 1, 2])
        self.assertEqual(lt.make_source(card, SHAPE, "d").use, 0)


if __name__ == "__main__":
    unittest.main()
