"""lightloom.torch.from_torch and to_torch: a network to lightloom and back is the same function."""
import copy
import subprocess
import unittest

from support import PROGRAM, SOURCE, scratch

try:
    import onnx  # noqa: F401
    import torch
    import yaml
except ImportError as absent:
    raise unittest.SkipTest(f"no PyTorch, ONNX or PyYAML here: {absent}") from absent

import lightloom.torch as lt
from lightloom.torch import models
from lightloom.torch.onnx_operators import OPERATORS


class Mixed(torch.nn.Module):
    """Of everything a little: groups, strides, pools, norms, a gate of channels, a flattened map."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(8)
        self.body = torch.nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=4)
        self.gate = torch.nn.Conv2d(8, 8, 1)
        self.head = torch.nn.Linear(8 * 2 * 3, 6)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(torch.relu(self.norm(self.stem(x))), 2)
        x = torch.nn.functional.silu(self.body(x))
        x = x * torch.sigmoid(self.gate(x.mean(dim=(2, 3), keepdim=True)))
        return self.head(torch.flatten(x, 1))


def random_norms(net):
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    return net.eval()


def saved_by_the_program(card, folder):
    with open(f"{folder}/card.yaml", "w", encoding="utf-8") as file:
        yaml.safe_dump(card, file)
    subprocess.run([PROGRAM, "onnx", "save", f"{folder}/card.yaml", "-o", f"{folder}/back.onnx", "--quiet"], check=True,
                   capture_output=True, cwd=SOURCE)
    return f"{folder}/back.onnx"


class Operators(unittest.TestCase):
    """What ONNX says of operations, on numbers small enough to do by hand."""

    def same(self, found, expected):
        torch.testing.assert_close(found, torch.tensor(expected, dtype=found.dtype))

    def test_shapes(self):
        x = torch.arange(6.0).reshape(1, 2, 3)
        self.assertEqual(tuple(OPERATORS["Reshape"]({}, x, torch.tensor([0, -1])).shape), (1, 6))
        self.assertEqual(tuple(OPERATORS["Flatten"]({"axis": 2}, x).shape), (2, 3))
        self.same(OPERATORS["Shape"]({"start": 0, "end": 1}, x), [1])
        self.same(OPERATORS["Gather"]({"axis": 1}, x[0], torch.tensor([2, 0])), [[2, 0], [5, 3]])
        self.same(OPERATORS["Expand"]({}, torch.tensor([[1.0, 2]]), torch.tensor([2, 1])), [[1, 2], [1, 2]])
        self.same(OPERATORS["Transpose"]({"perm": [1, 0]}, x[0]), [[0, 3], [1, 4], [2, 5]])
        self.same(OPERATORS["Pad"]({}, torch.tensor([[1.0, 2]]), torch.tensor([0, 1, 1, 0]), torch.tensor(7.0)), [[7, 1, 2], [7, 7, 7]])
        self.same(OPERATORS["Slice"]({}, x[0], *(torch.tensor([v]) for v in (0, 2**31, 1, 2))), [[0, 2], [3, 5]])

    def test_means_over_axes_of_an_attribute_or_an_input(self):
        x = torch.arange(24.0).reshape(1, 2, 3, 4)
        self.same(OPERATORS["ReduceMean"]({"axes": [2, 3], "keepdims": 0}, x), [[5.5, 17.5]])
        self.same(OPERATORS["ReduceMean"]({}, x[0, :, 0], torch.tensor([-1])), [[1.5], [13.5]])
        self.same(OPERATORS["ReduceMean"]({}, x[0, 0, :2]), [[3.5]])

    def test_pools_at_the_edge(self):
        x, how = torch.tensor([[[[1.0, 2], [3, 4]]]]), {"kernel_shape": [2, 2], "strides": [1, 1], "pads": [1, 1, 0, 0]}
        self.same(OPERATORS["AveragePool"](how, x), [[[[1, 1.5], [2, 2.5]]]])
        self.same(OPERATORS["AveragePool"]({**how, "count_include_pad": 1}, x), [[[[0.25, 0.75], [1, 2.5]]]])
        self.same(OPERATORS["MaxPool"](how, -x), [[[[-1, -1], [-1, -1]]]])

    def test_quantisers_round_and_let_gradients_through(self):
        x = torch.tensor([-1.0, 0.26, 0.74, 200], requires_grad=True)
        scale, zero = torch.tensor(0.5), torch.tensor(3, dtype=torch.uint8)
        back = OPERATORS["DequantizeLinear"]({}, OPERATORS["QuantizeLinear"]({}, x, scale, zero), scale, zero)
        self.same(back.detach(), [-1, 0.5, 0.5, 126])
        back.sum().backward()
        self.same(x.grad, [1, 1, 1, 0])

    def test_norms_are_of_one_position_or_one_group(self):
        x = torch.tensor([[[1.0, 3], [2, 2]]])
        self.same(OPERATORS["LayerNormalization"]({"epsilon": 0}, x[:, :1], torch.tensor([2.0, 2]), torch.tensor([1.0, 1])), [[[-1, 3]]])
        self.same(OPERATORS["InstanceNormalization"]({"epsilon": 1e-9}, x, torch.ones(2), torch.zeros(2)), [[[-1, 1], [0, 0]]])
        self.same(OPERATORS["HardSigmoid"]({"alpha": 0.5}, torch.tensor([-2.0, 0.2, 3])), [0, 0.6, 1])


@unittest.skipUnless(PROGRAM, "no program to go through")
class ThereAndBack(unittest.TestCase):
    def back(self, net, image, weights=None):
        dataset = {"name": "mine", "channels": image[0], "height": image[1], "width": image[2], "classes": 6}
        with scratch() as folder:
            card = lt.from_torch(net, f"{folder}/net", image, dataset, weights=weights)
            return lt.to_torch(saved_by_the_program(card, folder)).eval()

    def test_a_network_comes_back_as_it_went(self):
        torch.manual_seed(3)
        x = torch.rand(5, 3, 8, 12)
        net = random_norms(Mixed())
        found = self.back(net, (3, 8, 12))
        with torch.no_grad():
            torch.testing.assert_close(found(x), net(x), atol=1e-5, rtol=1e-5)
        self.assertEqual([name for name, _ in lt.weight_layers(found)], [name for name, _ in lt.weight_layers(net)])
        self.assertGreater(float(net(x).std()), 0.01)  # and not all alike

    def test_regenerated_weights_come_back_as_the_hardware_has_them(self):
        torch.manual_seed(4)
        x, card = torch.rand(5, 3, 8, 12), {"source": "multilevel", "intra": 2, "cross": 4, "bits": {"basis": 3, "intra": 4, "cross": 4}}
        net = random_norms(Mixed())
        student = lt.regenerate(copy.deepcopy(net), card).eval()
        found = self.back(student, (3, 8, 12), card)
        with torch.no_grad():
            torch.testing.assert_close(found(x), student(x), atol=1e-4, rtol=1e-4)
            self.assertGreater(float((student(x) - net(x)).norm() / net(x).norm()), 0.05)

    def test_what_came_back_trains_and_goes_on_chips(self):
        torch.manual_seed(5)
        x = torch.rand(8, 3, 8, 12)
        found = self.back(random_norms(Mixed()), (3, 8, 12))
        before = copy.deepcopy(found.state_dict())
        optimiser = torch.optim.SGD(found.parameters(), 0.1)
        torch.nn.functional.cross_entropy(found(x), torch.arange(8) % 6).backward()
        optimiser.step()
        self.assertTrue(all(not torch.equal(before[name], value) for name, value in found.named_parameters()))
        chip = lt.convert(found, {"kind": "ideal", "rows": 16, "columns": 16}).calibrate(x)
        with torch.no_grad():
            torch.testing.assert_close(chip(x), found(x), atol=1e-3, rtol=1e-3)

    def test_layers_of_equal_values_keep_their_own_names(self):
        net, x = models.resnet20(classes=6).eval(), torch.rand(2, 3, 32, 32)  # untrained: every normalisation like the others
        found = self.back(net, (3, 32, 32))
        self.assertEqual([name for name, _ in lt.weight_layers(found)], [name for name, _ in lt.weight_layers(net)])
        with torch.no_grad():
            torch.testing.assert_close(found(x), net(x), atol=1e-4, rtol=1e-4)

    def test_networks_of_the_program_are_pytorchs(self):
        torch.manual_seed(6)
        net, x = random_norms(models.resnet20()), torch.rand(2, 3, 32, 32)
        with scratch() as folder:
            weights = {"source": "integer", "bits": 8}
            student = lt.regenerate(copy.deepcopy(net), weights).eval()
            lt.save(student, f"{folder}/w.h5", {"model": "resnet20", "dataset": "cifar10", "weights": weights})
            card = {"model": "resnet20", "dataset": {"name": "cifar10"}, "weights": {**weights, "file": f"{folder}/w.h5"}}
            found = lt.to_torch(saved_by_the_program(card, folder)).eval()
        with torch.no_grad():
            torch.testing.assert_close(found(x), student(x), atol=1e-4, rtol=1e-4)

    def test_what_cannot_be_taken_is_named(self):
        net = Mixed()
        with self.assertRaisesRegex(ValueError, "leave `weights` out"):
            lt.from_torch(net, "nowhere", (3, 8, 12), weights={"source": "ternary"})
        with self.assertRaisesRegex(ValueError, "was given"):
            lt.from_torch(lt.regenerate(net, {"source": "ternary"}), "nowhere", (3, 8, 12))
        graph = onnx.helper.make_graph([onnx.helper.make_node("NonZero", ["x"], ["y"], name="odd")], "g",
                                       [onnx.helper.make_tensor_value_info("x", 1, [1])], [onnx.helper.make_tensor_value_info("y", 7, [1, 1])])
        with scratch() as folder:
            onnx.save(onnx.helper.make_model(graph), f"{folder}/odd.onnx")
            with self.assertRaisesRegex(ValueError, "'odd' is a NonZero"):
                lt.to_torch(f"{folder}/odd.onnx")


if __name__ == "__main__":
    unittest.main()
