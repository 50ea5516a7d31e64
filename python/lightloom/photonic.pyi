from typing import Any, Dict, List, Union

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from ._cards import CardSource
from ._cores import Core as Core
from ._cores import MatrixOnChip as MatrixOnChip
from ._cores import ProductsOnChip as ProductsOnChip
from ._devices import Crosstalk as Crosstalk
from ._devices import Heater as Heater
from ._devices import Ring as Ring

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
__all__: List[str]

def haar(n: int, seed: int = 0, shot: int = 0) -> Complexes: ...
def decompose(U: ArrayLike, mesh: str = "clements", device: str = "mzi", target: str = "unitary",
              tolerance: float = 0.0) -> Mesh: ...

class Mesh:
    theta: Reals
    phi: Reals
    screen: Reals
    outer: Reals
    column: NDArray[np.int64]
    top: NDArray[np.int64]
    bottom: NDArray[np.int64]
    def __init__(self, found: Any) -> None: ...
    @property
    def modes(self) -> int: ...
    @property
    def devices(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def error(self) -> float: ...
    @property
    def distance_from_unitary(self) -> float: ...
    @property
    def rounded(self) -> bool: ...
    @property
    def attenuation(self) -> Reals: ...
    @property
    def scale(self) -> float: ...
    @property
    def left(self) -> Dict[str, NDArray[Any]]: ...
    def matrix(self, theta: Union[ArrayLike, None] = None, phi: Union[ArrayLike, None] = None,
               screen: Union[ArrayLike, None] = None) -> Complexes: ...
    def heated(self, crosstalk: CardSource, *, mode_um: float = 25.0, column_um: float = 300.0,
               aware: bool = False) -> Complexes: ...
    def to(self, convention: str) -> Dict[str, NDArray[Any]]: ...
    def dataset(self, convention: str = "lightloom") -> xarray.Dataset: ...
