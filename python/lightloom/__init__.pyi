from typing import List

from . import calibration as calibration
from . import memory as memory
from . import photonic as photonic
from ._cards import Card as Card
from ._images import images as images
from ._lightloom import CardError as CardError
from ._lightloom import Error as Error
from ._lightloom import Failure as Failure
from ._studies import cost as cost
from ._studies import ratio as ratio
from ._studies import run as run
from ._studies import search as search
from ._studies import sweep as sweep
from ._studies import timeline as timeline
from ._studies import validate as validate
from ._threads import set_threads as set_threads
from ._threads import threads as threads

__version__: str
__all__: List[str]
