#!/usr/bin/python3
"""Opens a page with gains over an axis, sources by their memory, or points of a list, and compares its panels with the results it embeds.

usage: curves_page.py report.html PANEL[,...]      (break-even, memory, points)
Exit code 0: as it should be, 77: no Chromium here.
"""
import html
import itertools
import json
import math
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402
from sweep_page import Panels  # noqa: E402


class Results:
    def __init__(self, json_text):
        data = json.loads(json_text)
        self.arrays = {one["name"]: one for one in data["variables"]}
        self.axes = {one["name"]: one["values"] for one in data["axes"]}
        self.attributes = data["attributes"]

    def at(self, name, **where):
        """The number of an array; axes that are not named at their first value."""
        place = 0
        for axis in self.arrays[name]["axes"]:
            place = place * len(self.axes[axis]) + where.get(axis, 0)
        return self.arrays[name]["values"][place]


def number(cell):
    return float(cell) if cell not in ("", "Infinity") else None


def check_break_even(results, panel):
    head, *rows = [[cell for cell, _ in row] for row in panel["rows"]]
    curves = "turned" in results.axes
    axis = "turned" if curves else results.attributes["sweep_axes"].split(",")[0]
    labels, values = (results.axes["baseline"] if curves else results.axes["source"][1:]), results.axes[axis]
    gain = (lambda line, i: results.at("breakeven_speedup", baseline=line, turned=i)) if curves else \
        (lambda line, i: results.at("speedup", **{"source": line + 1, axis: i}))
    assert head[1:] == labels + ["breaks even with"], head
    samples, marks = [row for row in rows if row[-1] == ""], [row for row in rows if row[-1] != ""]
    assert [[number(cell) for cell in row[:-1]] for row in samples] == \
        [[x, *(gain(line, i) for line in range(len(labels)))] for i, x in enumerate(values)], samples
    wanted = 0
    for line, label in enumerate(labels):
        at = sorted(number(row[0]) for row in marks if row[-1] == label)
        if curves:
            found = [one for one in (results.at("breakeven_speedup_at", baseline=line, crossing=i) for i in results.axes["crossing"]) if one is not None]
            assert at == found, (label, at, found)
        turns = [i for i in range(1, len(values)) if (gain(line, i - 1) > 1) != (gain(line, i) > 1)]
        assert len(at) == len(turns), (label, at, turns)
        for x, i in zip(at, turns):
            assert values[i - 1] <= x <= values[i], (label, x, values[i - 1:i + 1])
            if not curves:  # on the line between its neighbours, both axes logarithmic
                share = math.log(gain(line, i - 1)) / (math.log(gain(line, i - 1)) - math.log(gain(line, i)))
                assert abs(math.log(x) - math.log(values[i - 1]) - share * math.log(values[i] / values[i - 1])) < 1e-9, (label, x)
        wanted += len(turns)
    assert wanted > 0 and panel["canvas"]["data-crossings"] == str(wanted), (wanted, panel["canvas"])


def check_memory(results, panel):
    names = [name for name in results.attributes.get("sweep_axes", "").split(",") if name]
    places = [dict(zip([*names, "source"], one)) for one in itertools.product(*(range(len(results.axes[name])) for name in [*names, "source"]))]
    points = [(results.at("memory_ratio", **where), results.at("energy", **where)) for where in places]
    front = [one for one in points if not any(other != one and other[0] <= one[0] and other[1] <= one[1] for other in points)]
    rows = [[cell for cell, _ in row] for row in panel["rows"][1:]]
    assert sorted((number(row[1]), number(row[2])) for row in rows) == sorted(points)
    shown = sorted((number(row[1]), number(row[2])) for row in rows if row[3] == "yes")
    assert shown == sorted(set(front)), (shown, front)
    assert panel["canvas"]["data-front"] == str(len(shown))


def check_points(results, panel):
    along, arrays = results.attributes["coordinates"].split(" ")[0], results.arrays
    rows = [[cell for cell, _ in row] for row in panel["rows"][1:]]
    wanted = [(x, results.at("time", point=point)) for point, x in enumerate(arrays[along]["values"]) if x is not None]
    assert [(number(row[1]), number(row[2])) for row in rows] == wanted, rows
    assert panel["canvas"]["data-points"] == str(len(wanted)), panel["canvas"]
    assert all(f"{along.replace('_', ' ')} " in row[0] for row in rows), rows


def main():
    browser = chromium()
    page = pathlib.Path(sys.argv[1])
    results = Results(re.search(r'id="results">(.*?)</script>', page.read_text(encoding="utf-8"), re.S).group(1))
    dom, _ = dump(browser, page, "#tables")
    root = html.unescape(re.search(r"<html[^>]*>", dom).group(0))
    assert 'data-errors="0"' in root, root
    parser = Panels()
    parser.feed(dom)
    for kind in sys.argv[2].split(","):
        title, check = {"break-even": ("Where it breaks even", check_break_even), "memory": ("What memory buys", check_memory),
                        "points": ("Time over the sweep", check_points)}[kind]
        check(results, parser.panels[title])
    print("as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
