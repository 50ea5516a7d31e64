"""What type checkers make of the package: mypy's stubtest, and mypy over the code of every notebook. Exit 77 without mypy.

The stubs are compared with the imported package by stubtest; notebooks are checked as a user's editor would check them. The stubs, and the
programs `every_function.py` and `every_torch_function.py`, which call everything that is public, are checked strictly.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from support import SOURCE

# Packages that bring no types, or their own by many thousand lines.
SETTINGS = """[mypy]
ignore_missing_imports = True
follow_imports = silent
[mypy-torch.*,matplotlib.*,onnx.*]
follow_imports = skip
[mypy-yaml.*]
ignore_missing_imports = True
"""

# For the strict check PyTorch is looked into, where it brings types, as it would be for a user; the classes of stubs derive from its own.
STRICT = """[mypy]
[mypy-matplotlib.*,onnx.*,h5netcdf.*,tqdm.*]
ignore_missing_imports = True
"""
PROGRAMS = ("every_function.py", "every_torch_function.py")

# What stubs have on purpose and modules have not: names of types, and how the extension's classes are made.
ALLOWED = r"""lightloom\.(\w+\.)?(CardSource|Reals|Weights|Complexes|Sweep|Progress|Requests|At|Data|Batches|Maps|Named|Path|Section|Numbers)
lightloom\._lightloom\.\w+(\.__init__)?
lightloom\._cards\._Section\.__init__
lightloom\._arrays\._TEXTS
lightloom\.torch\.\w+\.Mapping\.get
lightloom\.torch\.Source\.__call__
lightloom\.torch\.sources\.rounding\._\w+
"""


def code_of(path):
    """A notebook's cells as one program."""
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    return "\n".join(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", "".join(cell["source"])) for cell in cells) + "\n"


def main():
    try:
        import mypy  # noqa: F401
    except ImportError:
        print("typed: mypy is not installed (Debian: python3-mypy)", file=sys.stderr)
        return 77
    packages = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder) / "mypy.ini"
        settings.write_text(SETTINGS)
        strict = pathlib.Path(folder) / "strict.ini"
        strict.write_text(STRICT)
        allowed = pathlib.Path(folder) / "allowed.txt"
        allowed.write_text(ALLOWED)
        around = {**os.environ, "MYPYPATH": packages, "MYPY_CACHE_DIR": folder}
        programs = []
        for path in sorted((SOURCE / "examples" / "notebooks").glob("*.ipynb")):
            programs.append(f"{path.stem.replace('-', '_')}.py")
            (pathlib.Path(folder) / programs[-1]).write_text(code_of(path))
        checked = [subprocess.run([sys.executable, "-m", "mypy.stubtest", "lightloom", "--ignore-missing-stub", "--ignore-unused-allowlist", "--concise",
                                   "--allowlist", allowed, "--mypy-config-file", settings],
                                  cwd=folder, env=around, check=False)]
        for program in programs:  # each its own program
            checked.append(subprocess.run([sys.executable, "-m", "mypy", "--check-untyped-defs", "--config-file", settings, program], cwd=folder, env=around, check=False))
        checked.append(strictly(strict, packages, around))
    return int(any(done.returncode for done in checked))


def strictly(settings, packages, around):
    """mypy --strict over the stubs and what calls them; without PyTorch over what needs none."""
    try:
        import torch  # noqa: F401
    except ImportError:
        torch = None
    tests, package = pathlib.Path(__file__).resolve().parent, pathlib.Path(packages) / "lightloom"
    stubs = sorted(path for path in package.rglob("*.pyi") if torch is not None or not {"torch", "plot"} & set(path.parts))
    programs = [tests / name for name in (PROGRAMS if torch is not None else PROGRAMS[:1])]
    return subprocess.run([sys.executable, "-m", "mypy", "--strict", "--config-file", settings, *programs, *stubs], cwd=settings.parent,
                          env={**around, "MYPYPATH": os.pathsep.join((packages, str(tests)))}, check=False)


if __name__ == "__main__":
    sys.exit(main())
