"""How long calls tell how far they are."""
import sys
import warnings

from ._lightloom import Error


class _Bar:
    """A bar of tqdm for every piece of work, drawn on standard error."""

    def __init__(self, tqdm):
        self._tqdm = tqdm
        self._bar = None
        self._title = None

    def __call__(self, title, unit, done, total, note):
        if title != self._title:
            self.close()
            self._bar, self._title = self._tqdm(total=total, desc=title, unit=" " + unit, leave=False), title
        self._bar.total = total
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self):
        if self._bar is not None:
            self._bar.close()
        self._bar = self._title = None


class progress_of:
    """What the argument `progress` stands for, as a context: None where nothing is told.

    None: a bar of tqdm if it is installed and somebody may look (a terminal, a notebook); True: the
    bar in any case; False: nothing; else a function of (title, unit, done, total, note).
    """

    def __init__(self, progress):
        if progress is None:
            progress = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
            tqdm = _tqdm(required=False) if progress else None
            self._tell = _Bar(tqdm) if tqdm else None
        elif progress is True:
            self._tell = _Bar(_tqdm(required=True))
        elif progress is False:
            self._tell = None
        elif callable(progress):
            self._tell = progress
        else:
            raise Error(f"progress is {progress!r} but may be None, True, False or a function of (title, unit, done, "
                        "total, note)")

    def __enter__(self):
        return self._tell

    def __exit__(self, *_):
        if isinstance(self._tell, _Bar):
            self._tell.close()


def _tqdm(required):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook without ipywidgets gets the bar of a terminal
            from tqdm.auto import tqdm
    except ImportError:
        if required:
            raise ImportError("progress=True draws its bar with tqdm, which is not installed (Debian: "
                              "python3-tqdm)") from None
        return None
    return tqdm
