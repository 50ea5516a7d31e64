"""The package and the notebooks keep to what Python 3.9 to 3.13 and NumPy 1 and 2 have in common, as far as their text tells."""
import ast
import json
import unittest

from support import SOURCE

OLDEST = (3, 9)
# Names of NumPy 1 that NumPy 2 has not, and those of 2 that 1 has not (the migration guide of NumPy 2.0).
GONE = """add_docstring add_newdoc add_newdoc_ufunc alltrue asfarray bool8 byte_bounds cast cfloat clongfloat compare_chararrays compat
complex_ cumproduct DataSource deprecate deprecate_with_doc disp fastCopyAndTranspose find_common_type float96 float_ geterrobj in1d Inf Infinity infty
int0 issctype issubclass_ issubsctype longcomplex longfloat lookfor mat maximum_sctype msort NaN nbytes NINF NZERO obj2sctype object0 PINF product PZERO
recfromcsv recfromtxt round_ row_stack safe_eval sctype2char sctypes seterrobj set_numeric_ops set_string_function singlecomplex sometrue source str0
string_ tracemalloc_domain trapz unicode_ void0 who
acos acosh asin asinh astype atan atan2 atanh bitwise_count bitwise_invert bitwise_left_shift concat cumulative_prod cumulative_sum isdtype long matrix_transpose
matvec permute_dims pow trapezoid ulong unique_all unique_counts unique_inverse unique_values unstack vecdot vecmat""".split()
METHODS = ("itemset", "newbyteorder", "ptp")  # of arrays, gone in NumPy 2; a dtype's newbyteorder stays
# Newer than Python 3.9, or gone by 3.13.
MODULES = ("tomllib", "distutils", "imp", "cgi", "cgitb", "crypt", "imghdr", "sndhdr", "pipes", "telnetlib", "asyncore", "asynchat",
           "smtpd", "pkg_resources")
NEWER = {"itertools": ("pairwise", "batched"), "math": ("cbrt", "exp2", "sumprod", "fma"), "datetime": ("UTC",), "typing": (
    "TypeAlias", "ParamSpec", "TypeGuard", "Self", "Never", "assert_type", "reveal_type", "override", "Unpack"), "types": ("NoneType", "EllipsisType"),
    "contextlib": ("chdir", "aclosing"), "enum": ("StrEnum",), "unittest": ("enterModuleContext",), "inspect": ("get_annotations", "getmembers_static"),
    "os": ("process_cpu_count",), "operator": ("call",), "functools": ("Placeholder",), "copy": ("replace",)}


def texts():
    """(name, text) of every program in Python."""
    for path in sorted((SOURCE / "python").rglob("*.py*")):
        if path.suffix in (".py", ".pyi"):
            yield path.relative_to(SOURCE), path.read_text(encoding="utf-8")
    for path in sorted((SOURCE / "examples/notebooks").glob("*.ipynb")):
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        for number, cell in enumerate(cells):
            lines = "".join(cell["source"]).splitlines()
            yield f"{path.name}, cell {number}", "\n".join("" if line.startswith("%") else line for line in lines)


def troubles(text):
    """What of a program some supported version does not have."""
    tree = ast.parse(text, feature_version=OLDEST)
    numpys = {"np", "numpy"}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from (f"module {name}" for name in names if name in MODULES)
            if isinstance(node, ast.ImportFrom):
                known = GONE if node.module == "numpy" else NEWER.get(node.module, ())
                yield from (f"{node.module}.{one.name}" for one in node.names if one.name in known)
        elif isinstance(node, ast.Attribute):
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if (of in numpys and node.attr in GONE) or node.attr in NEWER.get(of, ()):
                yield f"{of}.{node.attr}"
            if node.attr in METHODS and not (isinstance(node.value, ast.Attribute) and node.value.attr == "dtype"):
                yield f".{node.attr}"
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for keyword in node.keywords:
                if (name, keyword.arg) in (("zip", "strict"), ("dataclass", "slots"), ("dataclass", "kw_only")):
                    yield f"{name}({keyword.arg}=)"
                if name in ("array", "asarray") and keyword.arg == "copy":
                    yield f"{name}(copy=), whose False means another thing in NumPy 2"
        for given in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if given is not None and any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr) for part in ast.walk(given)):
                yield f"X | Y in a type, line {given.lineno}"


class Versions(unittest.TestCase):
    def test_nothing_is_too_new_or_gone(self):
        read = 0
        for where, text in texts():
            with self.subTest(str(where)):
                self.assertEqual(list(troubles(text)), [])
            read += 1
        self.assertGreater(read, 80)

    def test_what_is_too_new_or_gone_is_found(self):
        for text, said in (("np.float_(3)", "np.float_"), ("from numpy import trapezoid", "numpy.trapezoid"), ("x.ptp()", ".ptp"),
                           ("def f(x: int | None): ...", "X | Y"), ("def f() -> list[int | str]: ...", "X | Y"), ("zip(a, b, strict=True)", "zip(strict=)"),
                           ("import distutils", "module distutils"), ("itertools.pairwise(x)", "itertools.pairwise"),
                           ("np.array(x, copy=False)", "array(copy=)"), ("a.newbyteorder()", ".newbyteorder")):
            self.assertTrue(any(said in one for one in troubles(text)), text)
        self.assertEqual(list(troubles("a.dtype.newbyteorder(); np.trapzoid; int | None; zip(a, b)")), [])
        with self.assertRaises(SyntaxError):
            list(troubles("match x:\n    case 1: pass"))


if __name__ == "__main__":
    unittest.main()
