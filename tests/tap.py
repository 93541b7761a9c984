"""tap.py - the lines that tests/run counts: "ok 1 - text", "not ok 2 - text", "ok 3 - text # SKIP why"."""

import sys

_count = 0


def _line(state, text):
    global _count
    _count += 1
    print(f"{state} {_count} - {text}", flush=True)


def check(good, text, detail=""):
    """One promise; detail (anything that prints) is shown when it does not hold.  Returns good."""
    _line("ok" if good else "not ok", text)
    if not good and str(detail):
        for line in str(detail).splitlines()[:40]:
            print(f"#   {line}", flush=True)
    return good


def skip(text, why):
    _line("ok", f"{text} # SKIP {why}")


def done():
    print(f"1..{_count}")
    sys.exit(0)
