"""Integers stored by an optimal prefix code of their own layer (docs/models/weights/quantisers.md)."""

import torch

from .direct import IntegerSource

_LONGEST, _BLOCK = 12, 128  # bits of a word; weights that are decoded one after the other


def code_lengths(counts):
    """Bits of the words of an optimal prefix code of at most 12 bits, by package-merge (Larmore and Hirschberg, 1990).

    counts: how often each symbol occurs. 0 for those that do not, 1 for one that is alone.
    """
    lengths = [0] * len(counts)
    singles = sorted(((count, (symbol,)) for symbol, count in enumerate(counts) if count > 0), key=lambda one: one[0])
    if len(singles) == 1:
        lengths[singles[0][1][0]] = 1
    packages = singles
    for _ in range(_LONGEST - 1):
        pairs = [(a[0] + b[0], a[1] + b[1]) for a, b in zip(packages[::2], packages[1::2])]
        packages = sorted(singles + pairs, key=lambda one: one[0])
    for _, symbols in packages[:2 * len(singles) - 2]:
        for symbol in symbols:
            lengths[symbol] += 1
    return lengths


def code_words(lengths):
    """The canonical code of such lengths: words in order of length, then of symbol; a word's first bit is the lowest."""
    words, following = [0] * len(lengths), 0
    for length in range(1, _LONGEST + 1):
        for symbol in (symbol for symbol, own in enumerate(lengths) if own == length):
            words[symbol] = int(f"{following:0{length}b}"[::-1], 2)
            following += 1
        following <<= 1
    return words


def coded(symbols, count):
    """Bytes of symbols below `count`: the lengths, two a byte; how many bytes each block has; the blocks."""
    lengths = code_lengths(torch.bincount(symbols, minlength=count).tolist())
    own, words = torch.tensor(lengths)[symbols], torch.tensor(code_words(lengths))[symbols]
    blocks = -(-len(symbols) // _BLOCK)
    block = torch.arange(len(symbols)) // _BLOCK
    sizes = -(-torch.zeros(blocks, dtype=torch.int64).index_add_(0, block, own) // 8)
    before = torch.cumsum(own, 0) - own  # bits of earlier symbols, then those of the same block
    within = before - before[block * _BLOCK]
    begins = 8 * (torch.cumsum(sizes, 0) - sizes)[block] + within
    bits = torch.zeros(8 * int(sizes.sum()), dtype=torch.int64)
    for bit in range(max(lengths)):
        there = own > bit
        bits[begins[there] + bit] = words[there] >> bit & 1
    table = torch.tensor(lengths)
    return torch.cat([table[::2] | table[1::2] << 4, sizes, (bits.reshape(-1, 8) << torch.arange(8)).sum(1)])


class HuffmanSource(IntegerSource):
    """Integers of 2 to 8 bits, their levels and training, stored by an optimal prefix code."""

    kind = "huffman"

    def words(self):
        integers = super().words()
        return {"code": coded(integers["weight"].cpu(), 1 << self.width), "scale": integers["scale"]}

    def stored(self):
        return [("code", len(self.words()["code"]), 8, True), ("scale", self.groups, 32, False)]
