from typing import Any, Dict, Tuple

import numpy as np
from numpy.typing import NDArray

from ._cards import CardSource

def images(dataset: CardSource, *, seed: int = 0, **set: Any) -> Dict[str, Tuple[NDArray[np.float32], NDArray[Any]]]: ...
