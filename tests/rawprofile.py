"""rawprofile.py - what `sonde -raw` prints, as Python objects, for tests and benchmarks to count in.

A location is (address, mapping number, [function names, innermost inlined first], [file:line of each]).
"""

import re
import subprocess


class Sample:
    def __init__(self, values, stack):
        self.values = values
        self.stack = stack  # location ids, leaf first
        self.labels = {}


class Profile:
    def __init__(self):
        self.header = {}  # "Period", "PeriodType", "Time", "Duration"
        self.comments = []
        self.types = []  # "cpu/nanoseconds"
        self.samples = []
        self.locations = {}
        self.mappings = {}  # id -> (start, limit, offset, file)

    def total(self, column=-1):
        return sum(s.values[column] for s in self.samples)

    def leaf_totals(self, column=-1):
        """Values by the physical function at the leaf: what a tool that knows no inlining sees."""
        sums = {}
        for s in self.samples:
            name = self.symbol(s.stack[0]) if s.stack else ""
            sums[name] = sums.get(name, 0) + s.values[column]
        return sums

    def cumulative(self, name, column=-1):
        """The value of all samples that have the function anywhere in their stack."""
        hit = {i for i, l in self.locations.items() if name in l[2]}
        return sum(s.values[column] for s in self.samples if not hit.isdisjoint(s.stack))

    def by_label(self, key, column=-1):
        sums = {}
        for s in self.samples:
            value = s.labels.get(key, "")
            sums[value] = sums.get(value, 0) + s.values[column]
        return sums

    def symbol(self, location):
        names = self.locations[location][2]
        return names[-1] if names else ""


SAMPLE = re.compile(r"^\s*(-?\d+(?:\s+-?\d+)*): ([\d ]*)$")
LOCATION = re.compile(r"^ *(\d+): 0x([0-9a-f]+) (?:M=(\d+) )?(?:\[F\] )?(.*)$")
LINE = re.compile(r"^(.*) (\S*):(-?\d+):(-?\d+) s=(-?\d+)(?:\(.*\))?$")
MAPPING = re.compile(r"^(\d+): 0x([0-9a-f]+)/0x([0-9a-f]+)/0x([0-9a-f]+) (.*?) ?(\S*) *(\[.*\])?$")


def _add_line(location, text):
    m = LINE.match(text.strip())
    if m:
        location[2].append(m[1])
        location[3].append(f"{m[2]}:{m[3]}")


def parse(text):
    p = Profile()
    part = "header"
    location = None
    for line in text.splitlines():
        if line in ("Samples:", "Locations", "Mappings"):
            part = "types" if line == "Samples:" else line
        elif part == "header":
            key, _, value = line.partition(": ")
            if key == "Comment":
                p.comments.append(value)
            else:
                p.header[key] = value
        elif part == "types":
            p.types = [t.replace("[dflt]", "") for t in line.split()]
            part = "Samples"
        elif part == "Samples":
            m = SAMPLE.match(line)
            if m:
                p.samples.append(Sample([int(v) for v in m[1].split()], [int(i) for i in m[2].split()]))
            else:
                for key, value in re.findall(r"(\S+?):\[(.*?)\]", line):
                    p.samples[-1].labels[key] = value
        elif part == "Locations":
            m = LOCATION.match(line)
            if m:
                location = (int(m[2], 16), int(m[3] or 0), [], [])
                p.locations[int(m[1])] = location
                _add_line(location, m[4])
            else:
                _add_line(location, line)
        elif part == "Mappings":
            m = MAPPING.match(line)
            if m:
                p.mappings[int(m[1])] = (int(m[2], 16), int(m[3], 16), int(m[4], 16), m[5] or m[6])
    return p


def read(tool, *arguments):
    """Run `TOOL -raw arguments...` and parse what it prints."""
    done = subprocess.run([tool, "-raw", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{tool} -raw {' '.join(arguments)}: {done.stderr.strip()}")
    return parse(done.stdout)
