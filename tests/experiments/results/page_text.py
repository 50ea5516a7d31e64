#!/usr/bin/python3
"""Prints the text of a report as headless Chromium shows it, tags left out.

usage: page_text.py report.html [#tables]
Exit code 0: printed, 77: no Chromium here.
"""
import html
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402

browser = chromium()
dom, _ = dump(browser, pathlib.Path(sys.argv[1]), *sys.argv[2:])
body = re.sub(r"<(script|style)\b.*?</\1>", "", dom, flags=re.DOTALL)
sys.stdout.reconfigure(encoding="utf-8")
print(re.sub(r"[ \n]+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body))))
