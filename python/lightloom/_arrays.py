"""What callers hand over as arrays: checked once, copied only where type or layout ask for it."""
import operator
import os

import numpy as np

from ._lightloom import Error


def numbers(given, name, axes, dtype=np.float64):
    """`given` as a C-contiguous array of `dtype` with that number of axes. Whether its numbers are finite the extension asks."""
    if type(given) is np.ndarray and given.dtype is _EXACT[dtype] and given.ndim == axes and given.flags.c_contiguous and given.flags.aligned:
        return given
    found = _array(given, name)
    if found.dtype.kind == "c" and dtype is not np.complex128:
        raise Error(f"{name} is complex (it must be real numbers; .real takes their real parts)")
    if found.ndim != axes:
        raise Error(f"{name} has the shape {found.shape} but must have {axes} {'axis' if axes == 1 else 'axes'}")
    with np.errstate(all="ignore"):
        return np.require(found, dtype, "CA")


_EXACT = {kind: np.dtype(kind) for kind in (np.float64, np.float32, np.complex128)}


def integers(given, name, axes=1):
    """`given` as a C-contiguous array of 64-bit whole numbers."""
    found = _array(given, name)
    if found.dtype.kind not in "biu":
        raise Error(f"{name} is an array of {found.dtype} but must be whole numbers")
    if found.ndim != axes:
        raise Error(f"{name} has the shape {found.shape} but must have {axes} {'axis' if axes == 1 else 'axes'}")
    if found.dtype == np.uint64 and found.size and int(found.max()) > np.iinfo(np.int64).max:  # as numbers of NumPy both round to doubles
        raise Error(f"{name} holds {found.max()}, which is beyond 2^63")
    return np.require(found, np.int64, "CA")


def _array(given, name):
    try:
        found = np.asarray(given)
    except Exception as problem:  # ragged lists raise one type in NumPy 1 and another in 2
        raise Error(f"{name} is no array of numbers ({problem})") from None
    if found.dtype.kind not in "biufc":
        raise Error(f"{name} is an array of {found.dtype} but must be numbers")
    return found


def like(result, given):
    """The numbers of the library in the shape of what was given; a scalar for a scalar."""
    found = np.asarray(result)
    shape = given.shape if type(given) is np.ndarray else np.shape(given)
    if found.shape != shape:
        found = found.reshape(shape)
    return found if shape else found[()]


def flat(given, name):
    """`given` of any shape as one axis of float64."""
    if type(given) is not np.ndarray:
        given = _array(given, name)
    return numbers(given.reshape(-1), name, 1)


def axes_of(given, name, *known):
    """How many axes `given` has where that is among `known`, else the first of these, which `numbers` then asks for."""
    axes = given.ndim if type(given) is np.ndarray else _array(given, name).ndim
    return axes if axes in known else known[0]


def count(given, name, least=0, most=2**64 - 1):
    """A whole number within bounds."""
    try:
        value = operator.index(given)
    except TypeError:
        value = None
    if value is None or isinstance(given, (bool, np.bool_)) or not least <= value <= most:
        raise Error(f"{name} is {given!r} but must be a whole number from {least} to {most}")
    return value


def real(given, name, least=-np.inf):
    """A finite number of at least `least`."""
    value = np.nan
    if not isinstance(given, _TEXTS) and getattr(given, "ndim", 0) == 0 and getattr(given, "dtype", _REAL).kind != "c":
        try:
            value = float(given)
        except (TypeError, ValueError, OverflowError):
            pass
    if not np.isfinite(value) or value < least:
        raise Error(f"{name} is {given!r} but must be a finite number" + (f" of at least {least}" if least > -np.inf else ""))
    return value


_TEXTS, _REAL = (str, bytes), np.dtype(np.float64)


def positive(given, name):
    """A finite number above 0."""
    value = real(given, name)
    if value <= 0:
        raise Error(f"{name} is {given!r} but must be positive")
    return value


def flag(given, name):
    """True or False."""
    if not isinstance(given, (bool, np.bool_)):
        raise Error(f"{name} is {given!r} but must be True or False")
    return bool(given)


def text(given, name):
    """A text that can be written down."""
    if not isinstance(given, str):
        raise Error(f"{name} is {given!r} but must be text")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise Error(f"{name} {given!r} holds codes that are no letters") from None
    if "\0" in given:
        raise Error(f"{name} {given!r} holds a zero, at which texts end")
    return given


def path(given, name):
    """The path of a file as text."""
    try:
        found = os.fspath(given)
    except TypeError:
        found = None
    return text(given if found is None else found, name)


def items(given, name):
    """The parts of what may be gone through."""
    try:
        return list(given)
    except TypeError:
        raise Error(f"{name} is {given!r} but must be a list") from None


def one_of(given, name, known):
    """One of some words."""
    if not isinstance(given, str) or given not in known:
        raise Error(f"{name} is {given!r} but must be one of {', '.join(known)}")
    return given
