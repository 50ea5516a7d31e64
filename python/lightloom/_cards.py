"""Cards: read, changed by attribute, validated, written."""
import os

from . import _lightloom
from ._arrays import path as path_of
from ._arrays import text as text_of
from ._lightloom import CardError, Error

_KINDS = ("experiment", "core", "memory", "dram")


def _dotted(key):
    """Keyword arguments cannot hold dots: core__rows is core.rows."""
    return key.replace("__", ".")


class _Section:
    """A mapping within a card; reads and writes go to the card."""

    __slots__ = ("_card", "_path")

    def __init__(self, card, path):
        object.__setattr__(self, "_card", card)
        object.__setattr__(self, "_path", path)

    def _key(self, name):
        if not isinstance(name, str):
            raise Error(f"{name!r} is no key of a card (it must be text)")
        return f"{self._path}.{name}" if self._path else name

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the card gives no '{self._key(name)}' (resolved() has the defaults)") from None

    def __setattr__(self, name, value):
        if name.startswith("_"):
            raise AttributeError(f"'{name}' is no key of a card")
        self[name] = value

    def __getitem__(self, name):
        return self._card._value(self._key(name))

    def __setitem__(self, name, value):
        self._card._set(self._key(name), value)

    def __contains__(self, name):
        return self._card._tree.get(self._key(name)) is not None

    def __iter__(self):
        return iter(self.to_dict())

    def __dir__(self):
        return [*object.__dir__(self), *self.to_dict()]

    def __eq__(self, other):
        if isinstance(other, str):  # the path that stands there
            found = self._card._tree.get(self._path) if self._path else None
            return found is not None and found[0] == other
        return self.to_dict() == (other.to_dict() if isinstance(other, _Section) else other)

    __hash__ = None

    def __repr__(self):
        return repr(self.to_dict())

    def keys(self):
        """The keys given, in order."""
        return self.to_dict().keys()

    def to_dict(self):
        """The section as plain dicts, lists, numbers and texts; paths of cards within it stay paths."""
        found = self._card._tree.section(self._path)
        return {} if found is None else found


class Card(_Section):
    """A card of an experiment, a core, a memory or a DRAM.

    `source`: the path of a YAML file (shipped cards are found by their paths, ``data/...``), a dict,
    or another card, which is copied. Keys are attributes: ``card.core.rows = 64``; a section that is
    the path of another card is opened when a key below it is read or set. Setting checks nothing;
    `validate`, and every function that takes a card, reads all of it and raises `CardError`
    with every problem. Further arguments set keys: ``Card("x.yaml", core__rows=64)`` or
    ``Card("x.yaml", **{"core.rows": 64})``.
    """

    __slots__ = ("_tree", "_beside", "_name")

    def __init__(self, source, **set):
        object.__setattr__(self, "_card", self)
        object.__setattr__(self, "_path", "")
        if isinstance(source, Card):
            tree, beside, name = source._tree.copy(), source._beside, source._name
        elif isinstance(source, dict):
            tree, beside, name = _lightloom.Tree.of(source, "dict"), "./dict", "dict"
        elif isinstance(source, (str, os.PathLike)):
            name = path_of(source, "the path of a card")
            tree, beside = _lightloom.Tree.load(name), _lightloom.Tree.place(name)
        else:
            raise Error(f"a card is the path of a YAML file, a dict or a Card, not {type(source).__name__}")
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "_beside", beside)
        object.__setattr__(self, "_name", name)
        for key, value in set.items():
            self._set(_dotted(key), value)

    @classmethod
    def from_yaml(cls, text):
        """The card of a YAML text."""
        card = cls({})
        if not isinstance(text, str):
            raise Error(f"a card is YAML text, not {type(text).__name__} (Card reads files and dicts)")
        object.__setattr__(card, "_tree", _lightloom.Tree.parse(text_of(text, "the text"), "text"))
        return card

    def _value(self, path):
        found = self._tree.get(path)
        if found is None:
            raise KeyError(path)
        value, is_card = found
        return _Section(self, path) if is_card or isinstance(value, dict) else value

    def _set(self, path, value):
        if not isinstance(path, str) or not path or any(not word for word in path.split(".")):
            raise CardError(f"'{path}' is no key of a card (words joined by single dots are)")
        if isinstance(value, _Section):
            value = value.to_dict()
        self._tree.set(text_of(path, "the key"), value, self._beside)

    def to_dict(self):
        return self._tree.python() or {}

    def to_yaml(self):
        """The card as YAML text; `from_yaml` gives it back."""
        return self._tree.yaml()

    def write(self, path):
        """Writes the card as a YAML file. Paths of other cards in it stay as they are."""
        with open(path_of(path, "path"), "w", encoding="utf-8") as file:
            file.write(self.to_yaml())

    def validate(self, kind=None):
        """Reads all of the card. Raises `CardError` with every problem in `problems`; returns the card.

        `kind`: "experiment", "core", "memory" or "dram"; None: told by its keys.
        """
        self._tree.resolved(self._kind(kind))
        return self

    def resolved(self, kind=None):
        """A new card with every default filled in; raises what `validate` does."""
        card = Card({})
        object.__setattr__(card, "_tree", self._tree.resolved(self._kind(kind)))
        object.__setattr__(card, "_beside", self._beside)
        return card

    def _kind(self, kind):
        if kind is not None:
            if kind not in _KINDS:
                raise Error(f"kind is {kind!r} but may be {', '.join(_KINDS)}")
            return kind
        keys = self.to_dict().keys()
        if "dram" in keys:
            return "memory"
        if "organization" in keys or "timing" in keys:
            return "dram"
        return "core" if "kind" in keys else "experiment"

    def __repr__(self):
        return f"Card({self._name!r}):\n{self.to_yaml()}"


def card_of(card, set):
    """A copy of `card` (whatever `Card` takes) with the keys of `set` set."""
    return Card(card, **set)
