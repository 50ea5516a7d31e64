#!/usr/bin/python3
"""Opens a page with a roofline, tiles or a mesh in headless Chromium and compares what its panels say with the results it embeds.

usage: drawings_page.py report.html
Exit code 0: as it should be, 77: no Chromium here.
"""
import html
import json
import math
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402
from sweep_page import Panels  # noqa: E402

# Looks closer at the second quarter of the time, by what the buttons call.
PROBE = """<script>
document.documentElement.dataset.turned = [1.5, -0.5, 2, 0.25].map((halves) => lightloom.mesh.turned(halves * Math.PI) / Math.PI).join(" ");
if (lightloom.tileWindow) {
  const [from, to] = lightloom.tileWindow.now();
  document.querySelector('button[title="Look closer"]').click();
  document.documentElement.dataset.closer = lightloom.tileWindow.now().join(" ");
  lightloom.tileWindow.show(from + (to - from) / 4, (from + to) / 2);
  document.documentElement.dataset.whole = `${from} ${to}`;
  const quarter = (to - from) / 4, press = (title) => document.querySelector(`button[title="${title}"]`).click();
  press("Later");
  document.documentElement.dataset.later = (lightloom.tileWindow.now()[0] - from) / quarter;
  press("Earlier");
  document.documentElement.dataset.earlier = (lightloom.tileWindow.now()[0] - from) / quarter;
  const bars = new Set(), fill = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function(x, y, width, height) { if (height < 20) bars.add(Math.round(y)); fill.call(this, x, y, width, height); };
  lightloom.tileWindow.show(from, to);
  CanvasRenderingContext2D.prototype.fillRect = fill;
  document.documentElement.dataset.bars = bars.size;
  lightloom.tileWindow.show(from + quarter, from + 2 * quarter);
}
</script></body>"""


class Results:
    def __init__(self, json_text):
        data = json.loads(json_text)
        self.arrays = {one["name"]: one["values"] for one in data["variables"]}
        self.axes = {one["name"]: one["values"] for one in data["axes"]}
        self.kind = data["attributes"]["kind"]


def numbers(row):
    return [float(cell) if cell not in ("", "Infinity") else None for cell, _ in row]


def check_roofline(results, panels):
    rows = panels["Roofline"]["rows"][1:]
    layers, arrays = results.axes["layer"], results.arrays
    assert [row[0][0] for row in rows] == layers, rows
    for layer, row in enumerate(rows):
        wanted = [arrays[name][layer] for name in ("layer_intensity", "layer_attained", "layer_roof")]  # of the first source
        assert numbers(row[1:]) == wanted, (row, wanted)


def check_tiles(results, panels, root):
    stages, layers, arrays = results.axes["stage"], results.axes["layer"], results.arrays
    end = max(arrays["end"])
    whole = [float(one) for one in re.search(r'data-whole="([^"]*)"', root).group(1).split()]
    closer = [float(one) for one in re.search(r'data-closer="([^"]*)"', root).group(1).split()]
    assert whole == [0, end], whole
    assert abs(closer[0] - end / 4) < 1e-9 * end and abs(closer[1] - 3 * end / 4) < 1e-9 * end, closer
    later, earlier = (float(re.search(f'data-{name}="([^"]*)"', root).group(1)) for name in ("later", "earlier"))
    assert abs(later - 1.5) < 1e-9 and abs(earlier - 1) < 1e-9, (later, earlier)  # by half a window of a quarter
    lines = {(stage, arrays["visit_core"][visit]) for visit in results.axes["visit"] for stage in range(len(stages))
             if arrays["end"][visit * len(stages) + stage] > arrays["start"][visit * len(stages) + stage]}
    assert int(re.search(r'data-bars="(\d+)"', root).group(1)) == len(lines), lines  # a line for each core of a stage
    low, high = end / 4, end / 2
    wanted = []
    for visit in results.axes["visit"]:
        for stage, name in enumerate(stages):
            start, stop = (arrays[key][visit * len(stages) + stage] for key in ("start", "end"))
            if stop > start and stop >= low and start <= high:
                wanted.append([str(visit), layers[arrays["visit_layer"][visit]], str(arrays["visit_core"][visit]), name, start, stop])
    rows = [[cell for cell, _ in row] for row in panels["Tiles"]["rows"][1:]]
    assert len(wanted) > 3 and len(wanted) < len(arrays["start"]), len(wanted)
    assert [row[:4] + [float(row[4]), float(row[5])] for row in rows] == wanted, rows
    assert panels["Tiles"]["canvas"]["data-drawn"] == str(len(wanted)), panels["Tiles"]["canvas"]


def check_mesh(results, panels, dom):
    arrays = results.arrays
    wanted = [list(map(float, (device, *(arrays[name][device] for name in ("column", "top", "bottom", "theta", "phi")))))
              for device in results.axes["device"]]
    assert [numbers(row) for row in panels["The mesh"]["rows"][1:]] == wanted
    turned = [float(one) for one in re.search(r'data-turned="([^"]*)"', dom).group(1).split()]
    assert all(abs(a - b) < 1e-9 for a, b in zip(turned, [0.5, 0.5, 0, 0.25], strict=True)), turned
    drawn = re.findall(r'<g class="device"><title>device (\d+), column (\d+), modes (\d+) and (\d+):', dom)
    assert [list(map(float, one)) for one in drawn] == [row[:4] for row in wanted], drawn
    shades = re.findall(r'<g class="device">.*?stroke="color-mix\(in srgb, [^ ]+ (\d+)%', dom)
    turned = [abs(math.atan2(math.sin(row[4]), math.cos(row[4]))) for row in wanted]  # theta and -theta, and 2 pi more, let the same cross
    assert [abs(int(shade) - 100 * turn / math.pi) <= 0.5 + 1e-9 for shade, turn in zip(shades, turned, strict=True)].count(False) == 0, (shades, turned)


def main():
    browser = chromium()
    page = pathlib.Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    results = Results(re.search(r'id="results">(.*?)</script>', text, re.S).group(1))
    page.write_text(text.replace("</body>", PROBE), encoding="utf-8")
    dom, _ = dump(browser, page, "#tables")
    root = html.unescape(re.search(r"<html[^>]*>", dom).group(0))
    assert 'data-errors="0"' in root, root
    parser = Panels()
    parser.feed(dom)
    if results.kind == "timeline":
        check_tiles(results, parser.panels, root)
    elif results.kind == "decomposition":
        check_mesh(results, parser.panels, dom)
    else:
        check_roofline(results, parser.panels)
    print("as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
