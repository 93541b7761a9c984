"""protowriter.py - write profile.proto from Python: profiles that no recorder would make."""
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

    def write(self, path):
        table = b''.join(block(6, text.encode()) for text in self.strings)
        with gzip.GzipFile(path, 'wb', 9, mtime=0) as f:
            f.write(self.body + table)
