"""The users' programs `every_function.py` and `every_torch_function.py`: they run, and no public function is missing in them."""
import inspect
import sys
import unittest

import lightloom
from lightloom import calibration, memory, photonic


def code_of(thing):
    """What runs where a function, method or property is used; None for constants."""
    if isinstance(thing, property):
        thing = thing.fget
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    return getattr(thing, "__code__", None)


def heirs(kind):
    """All classes that derive from one."""
    for heir in kind.__subclasses__():
        yield heir
        yield from heirs(heir)


def promised(module):
    """What a user of the module may call, and the codes that may do it: its functions, the makers of its classes, their public methods and properties."""
    for name in module.__all__:
        thing = getattr(module, name)
        if not inspect.isclass(thing):
            yield name, {code_of(thing)}
            continue
        yield name, {code_of(vars(thing).get("__init__"))}
        for method, value in vars(thing).items():
            if not method.startswith("_") and (callable(value) or isinstance(value, (property, classmethod, staticmethod))):
                yield f"{name}.{method}", {code_of(vars(kind).get(method)) for kind in (thing, *heirs(thing))}


def run_by(program):
    """Every piece of Python's code that a program runs."""
    found = set()
    sys.setprofile(lambda frame, event, _: found.add(frame.f_code) if event == "call" else None)
    try:
        program()
    finally:
        sys.setprofile(None)
    return found


class Programs(unittest.TestCase):
    def whole(self, program, *modules):
        found = run_by(program)
        for module in modules:
            for where, codes in promised(module):
                codes.discard(None)
                self.assertTrue(not codes or codes & found, f"{module.__name__}.{where} is not called")

    def test_every_function_is_called(self):
        import every_function

        self.whole(every_function.main, lightloom, calibration, memory, photonic)

    def test_every_function_for_pytorch_and_figures_is_called(self):
        try:
            import h5py  # noqa: F401
            import onnx  # noqa: F401

            import every_torch_function
        except ImportError as absent:
            self.skipTest(str(absent))
        import lightloom.plot
        import lightloom.torch

        self.whole(every_torch_function.main, lightloom.plot, lightloom.torch)


if __name__ == "__main__":
    unittest.main()
