from typing import Any, List

version: str

class Error(ValueError): ...

class CardError(Error):
    problems: List[str]

class Failure(RuntimeError): ...

def __getattr__(name: str) -> Any: ...
