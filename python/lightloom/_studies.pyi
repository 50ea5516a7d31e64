import os
from typing import Any, Callable, Dict, Tuple, Union

import xarray

from ._cards import Card, CardSource

Progress = Union[None, bool, Callable[[str, str, int, int, str], Any]]

def run(card: CardSource, *, progress: Progress = None, **set: Any) -> xarray.Dataset: ...
def cost(card: CardSource, *, progress: Progress = None, **set: Any) -> xarray.Dataset: ...
def ratio(card: Union[CardSource, None] = None, *, model: str = "", dataset_name: str = "", **set: Any) -> xarray.Dataset: ...
def sweep(card: CardSource, *, output: Union[str, "os.PathLike[str]", None] = None, progress: Progress = None,
          **set: Any) -> xarray.Dataset: ...
def search(card: CardSource, *, budget: Union[str, Dict[str, float]], sensitivity: str = "trained", images: int = 512,
           candidates: int = 0, fine_tune: bool = False, progress: Progress = None,
           **set: Any) -> Tuple[xarray.Dataset, Card]: ...
