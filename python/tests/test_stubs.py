"""The types of the package say what its functions take: every public name, argument and default of both is the same."""
import ast
import importlib
import inspect
import pathlib
import unittest

import lightloom
import lightloom._lightloom as extension
from lightloom import _cards, _cores, _devices, _images, _studies, _threads, calibration, memory, photonic

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


_CALLED = {"ChipNetwork": ("forward", "calibrate", "chip_layers", "counts", "without_chip")}  # the rest is for its layers


def of_runtime(thing, where):
    """The same of what is imported."""
    for part in where.split(".")[1:]:
        thing = inspect.getattr_static(thing, part)
    thing = thing.fget if isinstance(thing, property) else thing
    found = []
    for name, parameter in inspect.signature(thing).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            found.append((name, "*"))
        else:
            found.append((name, None if parameter.default is parameter.empty else ast.unparse(ast.parse(repr(parameter.default)).body[0].value)))
    return found


class Stubs(unittest.TestCase):
    def test_stubs_and_sources_agree(self):
        for module in (_cards, _cores, _devices, _images, _studies, _threads, calibration, memory, photonic):
            name = module.__name__.rpartition(".")[2]
            stub = signatures(ast.parse((FOLDER / f"{name}.pyi").read_text()))
            source = signatures(ast.parse((FOLDER / f"{name}.py").read_text()))
            self.assertEqual(stub, source, name)
            self.assertTrue(stub)

    def test_the_packages_of_figures_and_of_pytorch_are_typed_whole(self):
        for name in ("lightloom.plot", "lightloom.torch", "lightloom.torch.models"):
            try:
                module = importlib.import_module(name)
            except ImportError as absent:
                self.skipTest(str(absent))
            tree = ast.parse(pathlib.Path(module.__file__).with_suffix(".pyi").read_text())
            stub, names = signatures(tree), {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
            wanted = getattr(module, "__all__", [one for one, thing in vars(module).items() if getattr(thing, "__module__", "") == name])
            self.assertEqual(names, {one for one in wanted if callable(getattr(module, one)) and public(one)}, name)
            for where, arguments in stub.items():
                if not where.endswith(".__init__") or "__init__" in vars(getattr(module, where.partition(".")[0])):
                    self.assertEqual(arguments, of_runtime(getattr(module, where.partition(".")[0]), where), f"{name}.{where}")
            for one in names:  # and the other way round
                for method, thing in vars(getattr(module, one)).items() if inspect.isclass(getattr(module, one)) else ():
                    if inspect.isfunction(thing) and public(method) and one not in ("Shape", "OnnxNetwork") and method in _CALLED.get(one, (method,)):
                        self.assertIn(f"{one}.{method}", stub, name)

    def test_the_extensions_own_names_are_typed_whole(self):
        tree = ast.parse((FOLDER / "_lightloom.pyi").read_text())
        typed = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        held = {name: thing for name, thing in vars(extension).items() if not name.startswith("__") and callable(thing)}
        self.assertEqual(set(typed), set(held))
        for name, thing in held.items():
            if isinstance(typed[name], ast.ClassDef) and not issubclass(thing, Exception):
                own = {method for method in vars(thing) if not method.startswith("_")}
                self.assertEqual({node.name for node in typed[name].body if isinstance(node, ast.FunctionDef)} - {"__init__"}, own, name)
            elif not isinstance(typed[name], ast.ClassDef):
                self.assertEqual(len(typed[name].args.args), (thing.__doc__ or "").partition(")")[0].count(": "), name)

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
