"""The section `weights` of a card as torch modules: which source a layer gets (docs/use/cards.md)."""

import re

from ..._lightloom import Error
from . import sizes as level_sizes
from .binary import SubbitSource, TiledSource, XorSource
from .codes import ProjectedSource, TrellisSource
from .crew import CrewSource
from .direct import (CirculantSource, DenseSource, FloatSource, IntegerSource, LearnedStepSource, PowerSource,
                     TernarySource)
from .entropy import HuffmanSource
from .exchange import ExchangeSource, SmartDealSource, exchangeable
from .multilevel import MultilevelSource
from .retrained import RetrainedSource
from .seeded import SubspaceSource, SupermaskSource
from .seeds import SeedSource
from .shared import make_shared
from .stacked import make_stacked

# Linear layers of sources that do not take them, where a card has no fc_bits.
_LINEAR_BITS = {"dense": 32, "integer": "own", "ternary": 2, "multilevel": "factors", "stacked": "factors", "low_rank": "bits",
                "bsconv": "bits", "dsconv": "bits", "penni": "bits", "circulant": "bits", "supermask": 1, "tiled": 1, "xor": 1,
                **dict.fromkeys(("huffman", "crew", "seedlm", "trellis", "shared_depth", "blend"), "own")}  # others: 8
_DEFAULT_BITS = {"power_of_two": 4, "low_rank": 32, "bsconv": 32, "dsconv": 32, "penni": 32, "circulant": 32,
                 "ternary": 2, "huffman": 4, "crew": 4, "seedlm": 4, "trellis": 2}
SOURCES = ("dense", "integer", "lsq", "ternary", "power_of_two", "huffman", "crew", "multilevel", "low_rank", "bsconv", "dsconv",
           "penni", "circulant", "smart_exchange", "smart_deal", "supermask", "tiled", "subbit", "xor", "subspace", "seedlm", "trellis",
           "shared_depth", "blend", "stacked")


def matches(pattern, name):
    """Whether a layer's name matches a card's pattern, in which `*` stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def checked(card):
    """The section; raises what the program does for what is wrong with it (`CardError` with all problems), and for other sources."""
    from ..._cards import Card

    if not isinstance(card, dict):
        raise Error(f"weights: must be a mapping such as {{'source': 'multilevel', 'intra': 2}}, not {card!r}")
    Card({"name": "weights", "weights": card}).validate("experiment")
    for source in [card.get("source", "dense"), *(layer["source"] for layer in card.get("layers", []) if "source" in layer)]:
        if source not in SOURCES:
            raise Error(f"weights.source: '{source}' is no source of this package (it has {', '.join(SOURCES)})")
    return card


def card_for(card, name):
    """What holds for the layer of that name: the card under its first matching override."""
    for layer in card.get("layers", []):
        if matches(layer["layer"], name):
            own = {key: value for key, value in card.items() if key != "layers"}
            if layer.get("source", card.get("source")) != card.get("source"):
                own.pop("bits", None)  # another source has its own
            for key, value in layer.items():
                nested = isinstance(value, dict) and isinstance(own.get(key), dict)
                own[key] = {**own[key], **value} if nested else value
            own.pop("layer", None)
            return own
    return {key: value for key, value in card.items() if key != "layers"}


def _factor_bits(card):
    bits = card.get("bits", {})
    return {name: bits.get(name, 32) for name in ("basis", "intra", "cross")}


def linear_bits(card):
    """Bits of linear layers."""
    if card.get("fc_bits", 0) > 0:
        return card["fc_bits"]
    source = card.get("source", "dense")
    rule = _LINEAR_BITS.get(source, 8)
    if rule == "factors":
        return 8 if min(_factor_bits(card).values()) < 16 else 32
    if rule == "bits":
        return 8 if card.get("bits", 32) < 16 else 32
    return card.get("bits", _DEFAULT_BITS.get(source, 8)) if rule == "own" else rule


def _dense(card, shape):
    bits = linear_bits(card) if shape.linear else card.get("dense_bits", 32)
    return FloatSource(shape) if bits >= 16 else DenseSource(shape, bits)


def _level_sizes(card, shape):
    source = card["source"]
    if source in ("multilevel", "low_rank"):
        share = card.get("cross_share", 0)
        cross = int(share * shape.out / shape.groups + 0.5) if share > 0 else card.get("cross", 0)
        intra = card.get("intra", 0) if source == "multilevel" else 0
        return level_sizes.two_level(shape, intra, cross, card.get("expansion", "allowed"))
    if source == "bsconv":
        return level_sizes.blueprint(shape)
    if source == "dsconv":
        return level_sizes.separable(shape)
    return level_sizes.shared_kernels(shape, card.get("kernels", 2))


def _generated(card, shape):
    sizes = _level_sizes(card, shape)
    if (shape.linear and card.get("linear", "rounded") != "generated") or not sizes.generated:
        return _dense(card, shape)
    if card["source"] == "multilevel":
        bits = _factor_bits(card)
    else:
        bits = dict.fromkeys(("basis", "intra", "cross"), card.get("bits", 32))
    return MultilevelSource(shape, sizes, bits, linear_bits(card) < 16, card.get("quant_ratio", 1.0),
                            card.get("orthogonality"), card.get("projection"))


def _slice(card, shape, name, shared):
    if shape.linear and card.get("linear", "rounded") != "generated":
        return _dense(card, shape)
    return make_stacked(card, shape, name, _factor_bits(card), linear_bits(card) < 16, shared) or _dense(card, shape)


def make_source(card, shape, name="", shared=None):
    """The source of one layer of a card's section `weights`; layers it cannot take are stored dense.

    shared: a dict, the same for all layers of a network, through which those of `shared_depth`, `blend` and `stacked` find each other.
    """
    return source_of(checked(card), shape, name, {} if shared is None else shared)


def source_of(card, shape, name, shared):
    """`make_source` of a section that is checked."""
    card = card_for(card, name)
    made = _own_source(card, shape, name, shared)
    if card.get("retraining", "codes") == "codes" or isinstance(made, ProjectedSource):
        return made
    return RetrainedSource(made)


def _own_source(card, shape, name, shared):
    source = card.get("source", "dense")
    bits = card.get("bits", _DEFAULT_BITS.get(source, 8))
    width = linear_bits(card) if shape.linear else bits
    if source == "integer":
        return IntegerSource(shape, width, card.get("scales", "layer"), card.get("weight_clip", 0.0))
    if source == "lsq":
        return LearnedStepSource(shape, width)
    if source == "ternary" and (not shape.linear or width == 2):
        return TernarySource(shape, card.get("scales", "layer"), card.get("weight_clip", 0.0))
    if source == "power_of_two" and not shape.linear:
        return PowerSource(shape, bits)
    if source == "circulant" and not shape.linear and shape.groups == 1:
        return CirculantSource(shape, card.get("block", 4), bits)
    if source == "smart_exchange" and exchangeable(shape):
        return ExchangeSource(shape, **card.get("exchange", {}))
    if source == "smart_deal" and exchangeable(shape):
        return SmartDealSource(shape, card.get("smart_deal", {}), **card.get("exchange", {}))
    if source == "huffman":
        return HuffmanSource(shape, width, card.get("scales", "layer"), card.get("weight_clip", 0.0))
    if source == "crew":
        return CrewSource(shape, width, card)
    if source == "seedlm":
        return SeedSource(shape, width, **card.get("seedlm", {}))
    if source in ("shared_depth", "blend"):
        return make_shared(card, shape, name, width, shared)
    if source == "stacked":
        return _slice(card, shape, name, shared)
    if source in ("multilevel", "low_rank", "bsconv", "dsconv", "penni"):
        return _generated(card, shape)
    if source in _SHORT and (not shape.linear or _takes_linear(card, source)):
        made = _SHORT[source](card, shape, name)
        if made is not None:
            return made
    return _dense(card, shape)


def _takes_linear(card, source):
    if source == "subspace":
        return card.get("subspace", {}).get("linear", "rounded") == "generated"
    return source == "trellis" or linear_bits(card) == 1


def _subbit(card, shape, name):
    return SubbitSource(shape, name, **card.get("subbit", {})) if (shape.height, shape.width, shape.linear) == (3, 3, False) else None


def _trellis(card, shape, _):
    bits = linear_bits(card) if shape.linear else card.get("bits", _DEFAULT_BITS["trellis"])
    return TrellisSource(shape, bits, card.get("state_bits", 12), card.get("transform", "none"))


# Sources of about a bit a weight or less, and of codes: functions of (card, shape, name), None for layers that they leave dense.
_SHORT = {"supermask": lambda card, shape, name: SupermaskSource(shape, name, **card.get("supermask", {})),
          "tiled": lambda card, shape, _: TiledSource(shape, **card.get("tiled", {})),
          "xor": lambda card, shape, _: XorSource(shape, **card.get("xor", {})), "subbit": _subbit, "trellis": _trellis,
          "subspace": lambda card, shape, name: SubspaceSource(shape, name, card.get("bits", 8), card.get("subspace", {}))}
