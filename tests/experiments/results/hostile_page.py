#!/usr/bin/python3
"""Opens pages whose texts try to be markup and script in headless Chromium: nothing of them may run, nothing may complain.

usage: hostile_page.py page.html...
Whatever would have run says so in the attribute `data-broken` of the page. Exit code 0: nothing, 1: something, 77: no Chromium here.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing beside the sources
from render_page import chromium, dump  # noqa: E402

# What a browser does with a page, called from it: every control once, every table opened.
PROBE = r"""<script>
for (const one of document.querySelectorAll("details")) one.open = true;
for (const one of document.querySelectorAll("select"))
  for (const option of one.options) { one.value = option.value; one.dispatchEvent(new Event("change")); }
for (const one of document.querySelectorAll("article, td, th, a, button, svg *")) one.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
const root = document.documentElement.dataset;
root.markup = document.querySelectorAll("img, iframe, object, embed, base, [onload], [onerror], [onmouseover], [srcdoc], [href^='javascript']").length;
root.turned = /[\u202a-\u202e\u2066-\u2069]/.test(document.title + document.body.innerText);
root.scripts = document.scripts.length;
root.probed = "true";
</script></body>"""


def problems_of(browser, path):
    text = path.read_text(encoding="utf-8")
    if "</body>" not in text:
        return ["the page has no end"]
    head, _, tail = text.rpartition("</body>")
    path.write_text(head + PROBE + tail, encoding="utf-8")
    dom, log = dump(browser, path, "#tables")
    root = re.search(r"<html[^>]*>", dom)
    found = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', root.group(0) if root else ""))
    problems = [f"console: {line}" for line in log.splitlines() if "CONSOLE" in line]
    if "broken" in found:
        problems.append("a text of the page ran as a script")
    if found.get("probed") != "true":
        problems.append("the page's own scripts did not come to their end")
    if found.get("errors", "0") != "0":
        problems.append(f"errors: {found.get('error-text')}")
    if found.get("markup") != "0":
        problems.append("a text of the page became markup")
    if found.get("turned") != "false":
        problems.append("a text turns the letters around it")
    if int(found.get("scripts", 0)) != text.count("<script") + 1:
        problems.append("a text of the page became a script")
    return problems


def main():
    browser = chromium()
    bad = 0
    for name in sys.argv[1:]:
        for problem in problems_of(browser, pathlib.Path(name)):
            print(f"{name}: {problem}")
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
