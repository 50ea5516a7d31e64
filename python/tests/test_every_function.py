"""The users' programs `every_function.py` and `every_torch_function.py`: they run, and no public function is missing in them."""
import ast
import inspect
import pathlib
import unittest

import lightloom
from lightloom import calibration, memory, photonic

FOLDER = pathlib.Path(__file__).parent
# Made by functions alone, or with nothing of their own to call.
_NOT_CALLED = {"ChipNetwork.in_layer", "ChipNetwork.next_layer", "ChipNetwork.forward", "SourcedConv2d.forward", "SourcedLinear.forward", "Attention.forward",
               "OnnxNetwork.forward", "Source.forward"}


def named(file):
    """Every name and attribute that a program writes."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / file).read_text())):
        found |= {node.attr} if isinstance(node, ast.Attribute) else {node.id} if isinstance(node, ast.Name) else set()
    return found


def promised(module):
    """What a user of the module may call: its names, and the public methods and properties of its classes."""
    for name in module.__all__:
        yield name, name
        thing = getattr(module, name)
        for method, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not method.startswith("_") and (callable(value) or isinstance(value, (property, classmethod, staticmethod))):
                yield f"{name}.{method}", method


class Programs(unittest.TestCase):
    def whole(self, file, *modules):
        written = named(file)
        for module in modules:
            for where, name in promised(module):
                if where not in _NOT_CALLED:
                    self.assertIn(name, written, f"{module.__name__}.{where} is not in {file}")

    def test_every_function_is_called(self):
        import every_function

        self.whole("every_function.py", lightloom, calibration, memory, photonic)
        every_function.main()

    def test_every_function_for_pytorch_and_figures_is_called(self):
        try:
            import h5py  # noqa: F401
            import onnx  # noqa: F401

            import every_torch_function
        except ImportError as absent:
            self.skipTest(str(absent))
        import lightloom.plot
        import lightloom.torch

        self.whole("every_torch_function.py", lightloom.plot, lightloom.torch)
        every_torch_function.main()


if __name__ == "__main__":
    unittest.main()
