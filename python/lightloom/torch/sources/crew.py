"""Integers stored input by input, as the levels that occur and an index of every output (docs/models/weights/codes.md)."""

import torch

from .direct import IntegerSource
from .source import offset_words


def index_bits(levels):
    """The least bits that tell so many levels apart."""
    return max(levels - 1, 0).bit_length()


def merged(column):
    """(column, squared error) after the rarest levels became their nearest neighbours, until an index needs a bit less."""
    levels, indices, uses = (part.tolist() for part in torch.unique(column, return_inverse=True, return_counts=True))
    bits, place = index_bits(len(levels)), dict(enumerate(levels))
    if bits == 0:
        return column, 0.0
    value = {number: level for number, level in place.items()}  # what each first level has become
    while len(levels) > 1 << bits - 1:
        rarest = min(range(len(uses)), key=uses.__getitem__)
        to = _nearest(levels, rarest)
        value = {number: levels[to] if now == levels[rarest] else now for number, now in value.items()}
        uses[to] += uses[rarest]
        del uses[rarest], levels[rarest]
    found = torch.tensor([value[index] for index in indices])
    return found, float((found - column).double().square().sum())


def _nearest(levels, at):
    """The neighbour of a level, the one below where both are as near."""
    if at == 0:
        return 1
    if at + 1 == len(levels):
        return at - 1
    return at + 1 if levels[at + 1] - levels[at] < levels[at] - levels[at - 1] else at - 1


class CrewSource(IntegerSource):
    """Integers of 2 to 8 bits whose hardware multiplies an input by each of its levels once (CREW, Riera et al., arXiv 2107.09408)."""

    kind = "crew"

    def __init__(self, shape, bits, card):
        super().__init__(shape, bits, card.get("scales", "layer"), card.get("weight_clip", 0.0))
        own = card.get("crew", {})
        self.full, self.budget = own.get("range", "full") == "full", own.get("budget", 0.0)

    def encode(self, dense):
        super().encode(dense)
        if self.full:
            self.clip.fill_(1.0)

    def _columns(self, levels):
        """Levels of the weights as (inputs of all groups, outputs that each feeds)."""
        groups = self.shape.groups
        return levels.reshape(groups, self.shape.out // groups, -1).transpose(1, 2).reshape(-1, self.shape.out // groups)

    def _rounded(self):
        levels, scales = super()._rounded()
        if self.budget <= 0:
            return levels, scales
        merged_columns = self._merged(self._columns(levels).long().cpu()).to(levels)
        per_group = merged_columns.reshape(self.shape.groups, -1, merged_columns.shape[1]).transpose(1, 2)
        return per_group.reshape(levels.shape), scales

    def _merged(self, columns):
        """Columns with levels merged in their order, as far as the budget of squared error reaches."""
        left = float(torch.cumsum(self.budget * self._in_order(columns).double() ** 2, 0)[-1])
        found = []
        for column in columns:
            fewer, added = merged(column) if left > 0 else (column, 0.0)
            within = left > 0 and added <= left
            left -= added if within else 0.0
            found.append(fewer if within else column)
        return torch.stack(found)

    def _in_order(self, columns):
        return columns.reshape(self.shape.groups, -1, columns.shape[1]).transpose(1, 2).reshape(-1)

    def words(self):
        levels, scales = self._rounded()
        counts, widths, values, indices = [], [], [], []
        for column in self._columns(levels).long().cpu():
            own, index = torch.unique(column, return_inverse=True)
            counts.append(len(own))
            widths.append(index_bits(len(own)))
            values.append(own)
            indices.append((index[:, None] >> torch.arange(widths[-1]) & 1).reshape(-1))
        return {"count": torch.tensor(counts), "width": torch.tensor(widths),
                "level": offset_words(torch.cat(values), self.width), "index": torch.cat(indices), "scale": scales}

    def stored(self):
        words = self.words()
        widths = {"count": self.width, "width": 4, "level": self.width, "index": 1}
        return [(name, len(words[name]), width, True) for name, width in widths.items()] + [("scale", self.groups, 32, False)]
