"""What the tests of the package share. The environment says where things are: PYTHONPATH the built package,
LIGHTLOOM_PROGRAM the built program, LIGHTLOOM_SOURCE the tree."""
import json
import os
import pathlib
import subprocess
import tempfile
from typing import Any, Dict, Optional

SOURCE = pathlib.Path(os.environ.get("LIGHTLOOM_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("LIGHTLOOM_PROGRAM", "lightloom")

# Two short trainings on generated digits, two chips.
SMALL: Dict[str, Any] = {
    "name": "small",
    "dataset": {"name": "glyphs", "train_limit": 300, "test_limit": 60},
    "model": {"name": "cnn3"},
    "teacher": {"epochs": 1, "batch": 50, "optimizer": "radam", "rate": 0.002},
    "weights": {"source": "multilevel", "intra": 2, "cross": 12, "bits": {"basis": 4, "intra": 4, "cross": 4}, "activations": 8},
    "train": {"epochs": 1, "batch": 50, "optimizer": "radam", "rate": 0.002},
    "core": {"card": "data/devices/mrr-bank.yaml", "rows": 32, "columns": 32},
    "generator": "data/generators/photonic.yaml",
    "memory": "data/memory/lpddr4-edge.yaml",
    "chips": 2,
    "seed": 7,
}


def program(*words: object, folder: Optional[str] = None) -> Any:
    """What the program prints with --json."""
    done = subprocess.run([PROGRAM, *map(str, words), "--json", "--quiet"], cwd=folder or SOURCE, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.stderr}")
    return json.loads(done.stdout)


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """A folder of its own, removed with the object."""
    return tempfile.TemporaryDirectory(prefix="lightloom-python-")
