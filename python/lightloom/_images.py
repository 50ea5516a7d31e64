"""Images of data sets, as networks get them."""
from . import _lightloom
from ._arrays import count
from ._cards import card_of
from ._results import array


def images(dataset, *, seed=0, **set):
    """The images of a data set: a dict of "train", "validation" and "test", each (samples, answers).

    `dataset`: the section ``dataset`` of a card as a dict, ``{"name": "fashion-mnist"}``, the path of
    one or a `Card`; further arguments set its keys. samples: (images, height, width, channels)
    float32, normalised as the section says. answers: labels, int64 (images); of a regression float32
    (images, numbers), of an autoencoder the samples. `seed`: that of the experiment, which draws the
    validation images from those for training; a run with the same section and seed trains, chooses
    and tests with these images in this order. Raises `CardError` for what is wrong with the section,
    `lightloom.Error` for files that are missing or broken.
    """
    parts = _lightloom.images(card_of(dataset, set)._tree, count(seed, "seed"))
    return {name: (array(samples), array(answers)) for name, (samples, answers) in parts.items()}
