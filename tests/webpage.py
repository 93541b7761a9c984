"""webpage.py - what the tests of the page share: a server, and the page as a browser shows it.

The server keeps its saved views below `folder`, which is the test's own."""

import json
import os
import re
import signal
import subprocess
import tempfile

SONDE = os.path.join(os.environ.get("SONDE_BUILD", "build/release"), "sonde")
MILL, BEFORE = "tests/profiles/mill_cpu.pb.gz", "tests/profiles/mill_cpu_before.pb.gz"
GUARD = 240
READY = "document.documentElement.dataset.ready"

folder = tempfile.mkdtemp()
environment = {**os.environ, "XDG_CONFIG_HOME": folder}


class Server:
    def __init__(self, *args, **more):
        self.process = subprocess.Popen([SONDE, "web", *args], stderr=subprocess.PIPE, text=True, env={**environment, **more})
        self.url = re.search(r"http://\S+", self.process.stderr.readline()).group()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(GUARD)


def settled(page):
    """Wait until what the address says is drawn."""
    page.wait(f"{READY} === location.pathname.split('/').pop() + location.search || {READY} === 'error'")


def show(page, url):
    page.value(f"delete {READY}")
    page.open(url)
    page.wait(READY)


def errors_of(page):
    """What the console has, but for what the browser says by itself when a server ends while the page asks how it goes."""
    return [e for e in page.errors if "data/status" not in e]


def rows(page, n=5):
    return page.value(f"[...document.querySelectorAll('.body .row')].slice(0, {n}).map(r => [...r.children].map(c => c.textContent))")


def reference(*args):
    run = subprocess.run([SONDE, "top", *args], capture_output=True, text=True, timeout=GUARD)
    return run.stdout.splitlines()


def box_of(page, name):
    """Where on the page the flame graph has a box of this name: its middle, or None."""
    return page.value(f"""(() => {{
      const f = window.sonde.flame, t = f.tree, r = f.canvas.getBoundingClientRect();
      for (let i = 0; i < t.size; i++)
        if (t.name(i) === {json.dumps(name)})
          return [r.left + ((t.x[i] + t.w[i] / 2) - f.left) * f.scale * f.width, r.top + f.rowTop(t.depth[i]) - f.element.scrollTop + 10];
      return null; }})()""")
