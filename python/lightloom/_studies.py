"""Whole studies of experiment cards."""
import json
import os

from . import _lightloom
from ._arrays import count, flag, path, real, text
from ._cards import Card, card_of
from ._lightloom import Error
from ._progress import progress_of
from ._results import dataset


def _command(name, card, set):
    settings = "".join(f", {key}={value!r}" for key, value in set.items())
    source = card._name if isinstance(card, Card) else card if isinstance(card, (str, os.PathLike)) else "dict"
    return f"lightloom.{name}({os.fspath(source)!r}{settings})"


def run(card, *, progress=None, **set):
    """One experiment: everything its card measures.

    `card`: a `Card`, the path of one, or a dict; further arguments set its keys (``chips=4``,
    ``core__rows=32``). Returns the xarray.Dataset that ``lightloom run`` writes to its file:
    accuracies, stored bits, times in s and energies in J, by source, chip, layer
    (docs/use/results-files.md). `progress`: None (a bar of tqdm where one can be seen), True, False
    or a function of (title, unit, done, total, note). Raises `CardError` for what is wrong with the
    card, `Failure` for work that cannot be done, KeyboardInterrupt on Ctrl-C.
    """
    with progress_of(progress) as tell:
        return dataset(_lightloom.run(card_of(card, set)._tree, _command("run", card, set), tell))


def cost(card, *, progress=None, **set):
    """Time, energy, area and stored bits of a card's network under every source, without data.

    Returns what `run` returns with ``measure=["cost"]``, and takes and raises the same.
    """
    with progress_of(progress) as tell:
        return dataset(_lightloom.cost(card_of(card, set)._tree, _command("cost", card, set), tell))


def ratio(card=None, *, model="", dataset_name="", **set):
    """Parameters and stored bits of a network under a weight source and its baselines.

    `model`, `dataset_name`: network and data set in the place of the card's ("": the card's).
    Returns an xarray.Dataset by source and layer: the storage variables of `run`.
    """
    tree = card_of({} if card is None else card, set)._tree
    return dataset(_lightloom.ratio(tree, text(model, "model"), text(dataset_name, "dataset_name")))


def sweep(card, *, output=None, progress=None, **set):
    """The grid of experiments of a card's section ``sweep``.

    Returns the xarray.Dataset that ``lightloom sweep`` writes, over the swept axes. `output`: a file
    (.h5) in which finished points are kept, and from which they are taken up again; None keeps
    nothing. Interrupted, it raises KeyboardInterrupt; the file then holds what was finished.
    """
    file = "" if output is None else path(output, "output")
    with progress_of(progress) as tell:
        return dataset(_lightloom.sweep(card_of(card, set)._tree, _command("sweep", card, set), file, tell))


def timeline(card, source="", **set):
    """When every tile is fetched, regenerated, written, computed with and its results written back.

    The schedule behind `cost`, of one batch that finds empty buffers. `source`: label of the card's
    weight source or of a baseline ("": the card's own). Returns an xarray.Dataset over visit (of a
    tile to a core, in order) and stage: start and end in s; visit_layer and visit_core, numbers of
    the visit's layer and core; time in s. `lightloom.plot.timeline` draws it. Raises `CardError` for
    what is wrong with the card, `lightloom.Error` for a source that it has not.
    """
    label = text(source, "source")
    return dataset(_lightloom.timeline(card_of(card, set)._tree, _command("timeline", card, set), label))


def validate(*cards, settings=None, progress=None):
    """Published chips, predicted beside measured: the dict that ``lightloom validate --json`` prints.

    `cards`: paths of chips' cards (none: all that are shipped, data/chips). `settings`: {key: value}
    on top of one card. A dict of chips, each with inputs, fit, predictions (predicted, published,
    ratio, unit, reason) and consequences, and of agreement (docs/use/validate.md). Raises
    `lightloom.Error` with the problems of all cards.
    """
    paths = [path(card, "the path of a chip's card") for card in cards]
    if settings and len(paths) != 1:
        raise Error("settings change the card of one chip (name that card)")
    words = [] if settings is None else _settings(settings)
    with progress_of(progress) as tell:
        return json.loads(_lightloom.validate(paths, words, tell))


def _settings(settings):
    """["key=value"] of a dict."""
    if not isinstance(settings, dict):
        raise Error(f"settings are {settings!r} but must be a dict of keys and values")
    try:
        return [f"{text(key, 'a key of settings')}={json.dumps(value)}" for key, value in settings.items()]
    except (TypeError, ValueError) as problem:
        if isinstance(problem, Error):
            raise
        raise Error(f"settings hold a value that has no place in a card ({problem})") from None


def search(card, *, budget=None, sensitivity="trained", images=512, candidates=0, fine_tune=False, weights=None,
           progress=None, **set):
    """Settings per layer of multi-level weights within a budget, or what a card's section ``search`` lists.

    `budget`: {"memory": ratio}, {"time": seconds} or {"energy": joules}. `sensitivity`: "trained",
    "relative" or "measured" (on `images` images). `candidates`: uniform settings to train beside
    what is found, 0: none. `fine_tune`: train what was found and the best uniform setting. Returns
    (xarray.Dataset, `Card`): expected harm, memory ratio, time and energy of what was found, and the
    experiment with the settings found.

    A card with a section ``search`` says itself what is searched, by gradients: it takes none of
    these arguments, and the Dataset is what ``lightloom search --results`` writes, its epochs and
    networks (docs/models/weights/differentiable-search.md). `weights`: the file (.h5) for the
    weights found, None: they are not kept. Raises `CardError` for what is wrong with the card,
    `lightloom.Error` for arguments that say nothing or that the section has no use for.
    """
    options = _lightloom.SearchOptions()
    options.budget = "" if budget is None else _budget(budget)
    options.weights = "" if weights is None else path(weights, "weights")
    options.sensitivity = text(sensitivity, "sensitivity")
    options.images, options.candidates = count(images, "images", 1, 2**31 - 1), count(candidates, "candidates", 0, 2**31 - 1)
    options.fine_tune = flag(fine_tune, "fine_tune")
    with progress_of(progress) as tell:
        parts, tree = _lightloom.search(card_of(card, set)._tree, _command("search", card, set), options, tell)
    found = Card({})
    object.__setattr__(found, "_tree", tree)
    return dataset(parts), found


def _budget(budget):
    if isinstance(budget, str):
        return text(budget, "budget")
    if isinstance(budget, dict) and len(budget) == 1:
        (what, limit), = budget.items()
        return f"{text(what, 'the budget')}={real(limit, f'the budget of {what}')!r}"
    raise Error(f"budget is {budget!r} but must be one of {{'memory': ratio}}, {{'time': seconds}}, "
                "{'energy': joules}")
