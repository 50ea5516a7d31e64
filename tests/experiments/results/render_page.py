#!/usr/bin/python3
"""Opens a report in headless Chromium and fails unless every chart was drawn and nothing complained.

usage: render_page.py report.html [least number of charts]
Exit code 0: drawn, 1: not drawn, 77: no Chromium here.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def chromium():
    """The browser's path. Without one it ends the program with 77, which counts as skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        print("chromium is not installed")
        sys.exit(77)
    return found


def dump(browser, page, fragment=""):
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}",
                 "--virtual-time-budget=10000", "--enable-logging=stderr", "--dump-dom", page.resolve().as_uri() + fragment]
        done = subprocess.run([browser, *flags], capture_output=True, text=True, timeout=120)
    return done.stdout, done.stderr


def main():
    browser = chromium()
    page, least = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    text = page.read_text(encoding="utf-8")
    outside = re.findall(r'(?:src|href)\s*=\s*"(?:https?:)?//[^"]*"', text)
    dom, log = dump(browser, page)
    root = re.search(r"<html[^>]*>", dom)
    found = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', root.group(0) if root else ""))
    complaints = [line for line in log.splitlines() if "CONSOLE" in line]
    problems = []
    if outside:
        problems.append(f"the page fetches {outside}")
    if found.get("ready") != "true":
        problems.append("the page's script did not finish")
    if int(found.get("charts", 0)) < least:
        problems.append(f"{found.get('charts', 0)} charts, expected at least {least}")
    if found.get("painted") != found.get("charts"):
        problems.append(f"only {found.get('painted')} of {found.get('charts')} charts are painted")
    if found.get("errors", "0") != "0":
        problems.append(f"errors: {found.get('error-text')}")
    if complaints:
        problems.append(f"console: {complaints}")
    print("\n".join(problems) or f"{found['charts']} charts drawn")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
