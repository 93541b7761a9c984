"""protowrite.py - write profile.proto from Python: profiles that no recorder would make.

Profile is built piece by piece; profile(...) is the bytes of a small one, from its stacks."""
import gzip

def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))

def number(field, n):
    return varint(field << 3) + varint(n) if n else b''

def block(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data

def packed(field, numbers):
    return block(field, b''.join(map(varint, numbers))) if numbers else b''

class Profile:
    def __init__(self):
        self.strings, self.body, self.functions, self.locations = {'': 0}, b'', {}, {}

    def s(self, text):
        return self.strings.setdefault(text, len(self.strings))

    def value_type(self, field, kind, unit):
        self.body += block(field, number(1, self.s(kind)) + number(2, self.s(unit)))

    def mapping(self, i, start, limit, offset, name, build_id, flags):
        self.body += block(3, number(1, i) + number(2, start) + number(3, limit) + number(4, offset) +
                           number(5, self.s(name)) + number(6, self.s(build_id)) +
                           b''.join(number(7 + k, f == '1') for k, f in enumerate(flags)))

    def function(self, name, system_name, file, start):
        key = (name, system_name, file, start)
        if key not in self.functions:
            i = self.functions[key] = len(self.functions) + 1
            self.body += block(5, number(1, i) + number(2, self.s(name)) + number(3, self.s(system_name)) +
                               number(4, self.s(file)) + number(5, start))
        return self.functions[key]

    def location(self, mapping, address, lines, folded=False):
        key = (mapping, address, tuple(lines), folded)
        if key not in self.locations:
            i = self.locations[key] = len(self.locations) + 1
            refs = b''.join(block(4, number(1, self.function(*f)) + number(2, line) + number(3, column))
                            for f, line, column in lines)
            self.body += block(4, number(1, i) + number(2, mapping) + number(3, address) + refs + number(5, folded))
        return self.locations[key]

    def sample(self, stack, values, labels):
        data = packed(1, stack) + packed(2, values)
        for key, value, unit in labels:
            label = number(1, self.s(key))
            label += number(2, self.s(value)) if isinstance(value, str) else number(3, value) + number(4, self.s(unit))
            data += block(3, label)
        self.body += block(2, data)

    def bytes(self):
        return self.body + b''.join(block(6, text.encode('utf-8', 'surrogateescape')) for text in self.strings)

    def write(self, path):
        with gzip.GzipFile(path, 'wb', 9, mtime=0) as f:
            f.write(self.bytes())

def profile(samples, types=(('samples', 'count'), ('cpu', 'nanoseconds')), period=('cpu', 'nanoseconds', 10000000),
            mappings=('/bin/program',), comments=(), time=0, duration=0, default=''):
    """samples: (stack, values[, labels]).  A stack is a list of frames, leaf first; a frame is a name, or (name, file,
    line, mapping number), or a list of those, innermost inlined first.  A name None is a location without lines.
    labels: {key: text or number or (number, unit)}."""
    p, addresses = Profile(), {}

    def location(frame):
        frames = [f if isinstance(f, tuple) else (f, '', 0, 1) for f in (frame if isinstance(frame, list) else [frame])]
        address = addresses.setdefault(tuple(frames), 0x1010 + 16 * len(addresses))
        return p.location(frames[0][3], address, [((name, name, file, 0), line, 0) for name, file, line, _ in frames if name is not None])

    def label(key, value):
        return (key, value, '') if not isinstance(value, tuple) else (key, *value)

    for kind, unit in types:
        p.value_type(1, kind, unit)
    for stack, values, *labels in samples:
        p.sample([location(f) for f in stack], values, [label(k, v) for k, v in (labels[0] if labels else {}).items()])
    for i, name in enumerate(mappings, 1):
        p.mapping(i, 0x1000 * i, 0x100000 + 0x1000 * i, 0, name, '', '1111')
    p.value_type(11, *period[:2])
    p.body += number(12, period[2]) + number(9, time) + number(10, duration) + packed(13, [p.s(c) for c in comments]) + number(14, p.s(default))
    return p.bytes()
