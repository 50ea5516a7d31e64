"""What every source of weights is: a module whose call gives a layer's dense weight."""

import torch

from .sizes import Shape


class Source(torch.nn.Module):
    """Where a layer's weight comes from.

    Calling it gives the dense weight of `shape.dense` as the hardware regenerates it; gradients go
    straight through what is rounded. `parameters()` are trained; buffers are fixed by `encode`.
    """

    kind = ""
    file_names: dict = {}  # of buffers that weight files call otherwise

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape

    def encode(self, dense):
        """Fits the parameters to a dense weight (a tensor of `shape.dense`)."""
        raise NotImplementedError

    def words(self):
        """The stored words by stream, integers as a memory holds them (scales are floats)."""
        raise NotImplementedError

    def stored(self):
        """[(stream, words, bits of a word, counted)]: counted as the published ratios do."""
        raise NotImplementedError

    def file_values(self):
        """(name, tensor) of all that weight files keep: what is trained as weight.*, what `encode` fixed as constant.*"""
        for own, value in self.named_parameters():
            yield f"weight.{own}", value
        kept = self.state_dict()
        for own, value in self.named_buffers():
            if own in kept:
                yield f"constant.{self.file_names.get(own, own)}", value

    def settle(self):
        """Makes the words those of the weights of now; a source whose words follow at once has nothing to do."""

    def penalty(self):
        """The source's own regulariser; 0 where its card asks for none."""
        return 0.0

    def bits(self, counted=True):
        """Stored bits; those that published ratios count, or all."""
        return sum(words * width for _, words, width, own in self.stored() if own or not counted)

    def _checked(self, dense):
        dense = torch.as_tensor(dense)
        if tuple(dense.shape) != tuple(self.shape.dense):
            raise ValueError(f"a {self.kind} source of a weight {self.shape.dense} cannot be fitted to one "
                             f"of {tuple(dense.shape)}")
        if not dense.is_floating_point():
            raise ValueError(f"a weight must be real floating numbers, not {dense.dtype}")
        if not torch.isfinite(dense).all():
            raise ValueError("a weight with infinities or values that are no numbers cannot be fitted")
        return dense.detach().to(torch.float32)


def odd_words(levels, bits):
    """Words of odd levels: (n + 2**bits - 1) / 2; one bit: the sign."""
    if bits == 1:
        return (levels >= 0).long()
    return (levels.long() + (2**bits - 1)) // 2


def offset_words(levels, bits):
    """Words of integers: n + 2**(bits - 1); one bit: the sign."""
    if bits == 1:
        return (levels >= 0).long()
    return levels.long() + 2 ** (bits - 1)
