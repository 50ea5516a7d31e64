#!/usr/bin/python3
"""Checks what the page of a sweep shows against the numbers embedded in it.

usage: sweep_page.py report.html
The front by comparing every pair of points; the map's colours by the side of 1 that a gain is on; axes by their coordinates; tables and
CSV files by what stands behind the charts. Exit code 0: all as it should be, 77: no Chromium here.
"""
import html.parser
import itertools
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402

PROBE = """<script>
document.documentElement.dataset.csv = lightloom.parts.csv({head: ["a,b", "c"], rows: [[1, 'x"y'], [null, NaN], [0.25, "two\\nlines"]]});
document.documentElement.dataset.shares = JSON.stringify([lightloom.sweepCharts.shares([4, 1, 0.5, 0.25], true),
                                                          lightloom.sweepCharts.shares([3, 5, 4], false), lightloom.sweepCharts.shares([1, 10, 1000], false)]);
const quantities = ["accuracy_chips_mean", "difference_source_float", "speedup", "energy_gain", "r2_source", "time", "steady_energy", "area", "mse_source"];
document.documentElement.dataset.directions = quantities.map(lightloom.sweepPage.direction).join(" ");
document.documentElement.dataset.front = lightloom.sweepCharts.front([[3, 8], [2, 9], [1, 5], [2, 7], [4, 9]].map(([x, y]) => ({x, y})), [1, -1])
  .map(({x, y}) => `${x},${y}`).join(" ");
const {crossings} = lightloom.curves, gains = [[1, 2], [2, 1], [3, 1], [4, 0.5], [20, 2]].map(([x, y]) => ({x, y}));
document.documentElement.dataset.crossings = JSON.stringify([crossings(gains, false), crossings([{x: 1, y: 4}, {x: 16, y: 0.25}], true)]);
document.documentElement.dataset.over = JSON.stringify(lightloom.data.over("energy", {source: 1}));
</script></body>"""


class Panels(html.parser.HTMLParser):
    """Panels by title: attributes of the canvas, rows of tables, styles of cells."""

    def __init__(self):
        super().__init__()
        self.panels, self.panel, self.text, self.cell = {}, None, None, None

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "h2":
            self.text = ""
        if self.panel is None:
            return
        if tag == "canvas":
            self.panel["canvas"] = found
        if tag == "tr":
            self.panel["rows"].append([])
        if tag in ("td", "th"):
            self.cell = ["", found.get("style", "")]

    def handle_endtag(self, tag):
        if tag == "h2" and self.text is not None:
            self.panel = self.panels.setdefault(self.text, {"rows": [], "canvas": {}})
            self.text = None
        if tag == "article":
            self.panel = None
        if tag in ("td", "th") and self.panel is not None and self.cell is not None:
            self.panel["rows"][-1].append(tuple(self.cell))
            self.cell = None

    def handle_data(self, data):
        if self.text is not None:
            self.text += data
        if self.cell is not None:
            self.cell[0] += data


def main():
    browser = chromium()
    page = pathlib.Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    results = json.loads(re.search(r'id="results">(.*?)</script>', text, re.S).group(1))
    page.write_text(text.replace("</body>", PROBE), encoding="utf-8")
    dom, _ = dump(browser, page, "#tables")
    root = html.unescape(re.search(r"<html[^>]*>", dom).group(0))
    assert 'data-errors="0"' in root, root
    parser = Panels()
    parser.feed(dom)
    panels = parser.panels

    assert 'data-csv="' + '"a,b",c\r\n1,"x""y"\r\n,\r\n0.25,"two\nlines"\r\n'.replace("\r\n", "\n") in root.replace("\r\n", "\n"), root
    gains, linear, decades = json.loads(re.search(r'data-shares="(.*?)"', root).group(1))
    assert gains == [1, 0, -0.5, -1], gains
    assert linear == [0, 1, 0.5], linear
    assert all(abs(a - b) < 1e-12 for a, b in zip(decades, [0, 1 / 3, 1])), decades

    assert 'data-directions="-1 -1 -1 -1 -1 1 1 1 1"' in root, root  # more accuracy and gain, less of the rest
    assert 'data-front="1,5 2,9"' in root, root  # of cost across and accuracy up

    plain, logarithmic = json.loads(re.search(r'data-crossings="(.*?)"', root).group(1))
    assert plain == [2, 12], plain  # two neighbours at 1 are one crossing
    assert abs(logarithmic[0] - 4) < 1e-9 and len(logarithmic) == 1, logarithmic

    arrays = {one["name"]: one for one in results["variables"]}
    axes = {one["name"]: one["values"] for one in results["axes"]}
    sizes = [len(axes[name]) for name in arrays["time"]["axes"]]
    first, second = arrays["time"]["axes"][:2]

    def value(name, a, b, source):
        return arrays[name]["values"][(a * sizes[1] + b) * sizes[2] + source]

    over = json.loads(re.search(r'data-over="(.*?)"', root).group(1))
    assert over == [value("energy", a, b, 1) for a, b in itertools.product(range(sizes[0]), range(sizes[1]))], over
    points = {f"{first} {axes[first][a]}, {second} {axes[second][b]}": (value("energy", a, b, 0), value("time", a, b, 0))
              for a, b in itertools.product(range(sizes[0]), range(sizes[1]))}
    best = {at for at, mine in points.items()
            if not any(other != mine and other[0] <= mine[0] and other[1] <= mine[1] for other in points.values())}
    rows = panels["What no other design beats"]["rows"][1:]
    assert len(rows) == len(points), rows
    for (at, _), (x, _), (y, _), (on, _) in rows:
        assert (float(x), float(y)) == points[at], (at, x, y)
        assert (on == "yes") == (at in best), (at, on, best)

    time = panels["Time over the sweep"]
    assert time["canvas"]["data-scale"] == "logarithmic", time["canvas"]
    assert [row[0][0] for row in time["rows"][1:]] == [str(one) for one in sorted(axes[first])], time["rows"]
    for a, row in enumerate(time["rows"][1:]):
        assert [float(cell) for cell, _ in row[1:]] == [value("time", a, b, 0) for b in range(sizes[1])], row
    gain = panels["Speed-up over the sweep"]["rows"]
    assert [float(cell) for cell, _ in gain[1][1:]] == [value("speedup", 0, b, 1) for b in range(sizes[1])], gain

    shown = [row for row in panels["Over two axes"]["rows"] if any(style for _, style in row)]
    assert len(shown) == sizes[1], shown
    for b, row in enumerate(shown):
        for a, (_, style) in enumerate(row[1:]):
            red, green, blue = (int(one) for one in re.search(r"rgb\((\d+), (\d+), (\d+)\)", style).groups())
            ratio = value("energy_gain", a, b, 1)
            assert (blue > red) == (ratio >= 1), (ratio, style)
            strength = float(re.search(r"(\d+)%", style).group(1)) if "%" in style else None
            if ratio == 1:
                assert strength == 0, style
    print("as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
