#!/usr/bin/python3
"""Prints arrays and axes as the page's scripts see them, as JSON.

usage: page_arrays.py report.html NAME...
Exit code 77: no Chromium here.
"""
import html
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402

PROBE = """<script>
document.documentElement.dataset.arrays = JSON.stringify(NAMES.map((name) => (lightloom.data.variable(name) ?? lightloom.data.axis(name)).values));
</script></body>"""


def main():
    browser = chromium()
    page = pathlib.Path(sys.argv[1])
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE.replace("NAMES", str(sys.argv[2:]))), encoding="utf-8")
    dom, _ = dump(browser, page)
    print(html.unescape(re.search(r'data-arrays="([^"]*)"', dom).group(1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
