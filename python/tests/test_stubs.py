"""The types of the package say what its functions take: every public name, argument and default of both is the same."""
import ast
import inspect
import pathlib
import unittest

import lightloom
from lightloom import _cards, _images, _studies, _threads, calibration, memory, photonic

FOLDER = pathlib.Path(lightloom.__file__).parent


def public(name):
    return not name.startswith("_") or name in ("__init__", "__add__", "__len__")


def signatures(tree, prefix=""):
    """{"Class.method": (argument, default text) in order} of a stub or a source."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found.update(signatures(node, node.name + "."))
        elif isinstance(node, ast.FunctionDef) and public(node.name):
            arguments = node.args
            positional = [a.arg for a in arguments.posonlyargs + arguments.args]
            defaults = [None] * (len(positional) - len(arguments.defaults)) + [ast.unparse(d) for d in arguments.defaults]
            keywords = list(zip([a.arg for a in arguments.kwonlyargs],
                                [d and ast.unparse(d) for d in arguments.kw_defaults]))
            rest = [(a.arg, "*") for a in (arguments.vararg, arguments.kwarg) if a]
            found[prefix + node.name] = list(zip(positional, defaults)) + keywords + rest
    return found


class Stubs(unittest.TestCase):
    def test_stubs_and_sources_agree(self):
        for module in (_cards, _images, _studies, _threads, calibration, memory, photonic):
            name = module.__name__.rpartition(".")[2]
            stub = signatures(ast.parse((FOLDER / f"{name}.pyi").read_text()))
            source = signatures(ast.parse((FOLDER / f"{name}.py").read_text()))
            self.assertEqual(stub, source, name)
            self.assertTrue(stub)

    def test_every_public_function_says_what_it_does(self):
        for module in (lightloom, calibration, memory, photonic):
            self.assertTrue(module.__doc__)
            for name in module.__all__:
                thing = getattr(module, name)
                if inspect.isclass(thing) or inspect.isfunction(thing):
                    self.assertTrue(inspect.getdoc(thing), f"{module.__name__}.{name}")
                for method, value in vars(thing).items() if inspect.isclass(thing) else ():
                    if public(method) and not method.startswith("__") and (callable(value) or isinstance(value, property)):
                        self.assertTrue(inspect.getdoc(getattr(thing, method)), f"{module.__name__}.{name}.{method}")

    def test_the_package_says_that_it_is_typed(self):
        self.assertTrue((FOLDER / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
