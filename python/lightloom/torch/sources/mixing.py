"""Fixed random signs and Walsh-Hadamard transforms that make weights of any law nearly normal (docs/models/weights/codes.md)."""

import math

import torch

from .seeded import walsh_hadamard

_WORD = 0xFFFFFFFF
_HAAR = 6  # the purpose of these numbers among the program's


def _product(a, b):
    """(high, low) word of products of 32-bit words in int64."""
    return ((a >> 16) * b + ((a & 0xFFFF) * b >> 16)) >> 16, (a & 0xFFFF) * (b & _WORD) + ((a >> 16) * b << 16) & _WORD


def philox(counter, key):
    """Four words of 32 bits of counters [4 tensors or numbers] under a key [2]: Philox4x32-10 (Salmon et al., SC 2011)."""
    c0, c1, c2, c3 = (torch.as_tensor(word, dtype=torch.int64) for word in counter)
    k0, k1 = key
    for _ in range(10):
        high0, low0 = _product(c0, 0xD2511F53)
        high1, low1 = _product(c2, 0xCD9E8D57)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return c0, c1, c2, c3


def _signs(count, axis):
    """-1 or 1 for every row (axis 0) or column (axis 1), the same for all layers."""
    key = tuple(int(word) for word in philox((_HAAR, 0, 0, 0), (0, 0))[:2])
    lowest = philox((torch.arange(count), 0, axis, 0), key)[0] & 1
    return (1 - 2 * lowest).float()


def _transformed(values):
    """Rows through orthonormal transforms, cut into the powers of two that their length is the sum of, the largest first."""
    parts, first, length = [], 0, values.shape[1]
    while first < length:
        size = 1 << (length - first).bit_length() - 1
        norm = torch.tensor(1 / math.sqrt(size), dtype=values.dtype, device=values.device)
        parts.append(walsh_hadamard(values[:, first:first + size]) * norm)
        first += size
    return torch.cat(parts, 1)


def mix(values):
    """A matrix of weights through signs and transforms along both axes."""
    rows, columns = (_signs(count, axis).to(values.device) for axis, count in enumerate(values.shape))
    values = _transformed((values * rows[:, None]).T.contiguous()).T
    return _transformed((values * columns).contiguous())


def unmix(values):
    """The inverse of `mix`."""
    rows, columns = (_signs(count, axis).to(values.device) for axis, count in enumerate(values.shape))
    values = _transformed(values.contiguous()) * columns
    return _transformed(values.T.contiguous()).T * rows[:, None]
