"""Which layers of a network are of one group (nn/weights/sharing/share_groups.hpp)."""

import re


def group_key(by, shape, name):
    """What the layers of a group have in common: their shape, and by "name" all but the numbers between the dots of it."""
    return (shape, ".".join("#" if re.fullmatch("[0-9]+", word) else word for word in name.split(".")) if by == "name" else None)


def join(shared, key, most):
    """The group of that key that a layer joins, a list; after `most` layers a new one begins (0: never)."""
    uses = shared.get(key)
    if uses is None or len(uses) == most > 0:
        uses = shared[key] = []
    return uses
