"""protowrite.py - write small profiles of any content, for tests: protowrite.profile(...) is the bytes of one."""


def _varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def _number(field, n):
    return _varint(field << 3) + _varint(n) if n else b""


def _block(field, data):
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _packed(field, numbers):
    return _block(field, b"".join(map(_varint, numbers))) if numbers else b""


def profile(samples, types=(("samples", "count"), ("cpu", "nanoseconds")), period=("cpu", "nanoseconds", 10000000),
            mappings=("/bin/program",), comments=(), time=0, duration=0, default=""):
    """samples: (stack, values[, labels]).  A stack is a list of frames, leaf first; a frame is a name, or (name, file,
    line, mapping number), or a list of those, innermost inlined first.  A name None is a location without lines.
    labels: {key: text or number or (number, unit)}."""
    strings, body, functions, locations = {"": 0}, b"", {}, {}

    def s(text):
        return strings.setdefault(text, len(strings))

    def line(frame):
        nonlocal body
        name, file, number, _ = frame
        if (name, file) not in functions:
            functions[name, file] = len(functions) + 1
            body += _block(5, _number(1, functions[name, file]) + _number(2, s(name)) + _number(3, s(name)) + _number(4, s(file)))
        return _block(4, _number(1, functions[name, file]) + _number(2, number))

    def location(frame):
        nonlocal body
        frames = [f if isinstance(f, tuple) else (f, "", 0, 1) for f in (frame if isinstance(frame, list) else [frame])]
        key = tuple(frames)
        if key not in locations:
            lines = b"".join(line(f) for f in frames if f[0] is not None)
            locations[key] = len(locations) + 1
            body += _block(4, _number(1, locations[key]) + _number(2, frames[0][3]) + _number(3, 0x1000 + 16 * len(locations)) + lines)
        return locations[key]

    def label(key, value):
        if isinstance(value, str):
            return _number(1, s(key)) + _number(2, s(value))
        number, unit = value if isinstance(value, tuple) else (value, "")
        return _number(1, s(key)) + _number(3, number) + _number(4, s(unit))

    for kind, unit in types:
        body += _block(1, _number(1, s(kind)) + _number(2, s(unit)))
    for stack, values, *labels in samples:
        ids = [location(f) for f in stack]
        body += _block(2, _packed(1, ids) + _packed(2, values) +
                       b"".join(_block(3, label(k, v)) for k, v in (labels[0] if labels else {}).items()))
    for i, name in enumerate(mappings, 1):
        body += _block(3, _number(1, i) + _number(2, 0x1000 * i) + _number(3, 0x100000 + 0x1000 * i) + _number(5, s(name)) +
                       _number(7, 1) + _number(8, 1) + _number(9, 1) + _number(10, 1))
    body += _block(11, _number(1, s(period[0])) + _number(2, s(period[1]))) + _number(12, period[2])
    body += _number(9, time) + _number(10, duration) + _packed(13, [s(c) for c in comments]) + _number(14, s(default))
    return b"".join(_block(6, t.encode("utf-8", "surrogateescape")) for t in strings) + body
