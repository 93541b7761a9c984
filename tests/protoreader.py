"""protoreader.py - profile.proto as text that shows what it says and not how it was encoded."""

def varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return n, at

def fields(data):
    """[(number, int or bytes)]"""
    at, out = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            n, at = varint(data, at)
            value, at = data[at:at + n], at + n
        else:
            raise ValueError(f'wire type {tag & 7}')
        out.append((tag >> 3, value))
    return out

def numbers(value):
    """A repeated number, packed or not."""
    if isinstance(value, int):
        return [value]
    out, at = [], 0
    while at < len(value):
        n, at = varint(value, at)
        out.append(n)
    return out

#          field: (name, what): s = string, n = number, N = numbers, else a message
VALUE_TYPE = {1: ('type', 's'), 2: ('unit', 's')}
LABEL = {1: ('key', 's'), 2: ('str', 's'), 3: ('num', 'n'), 4: ('num_unit', 's')}
SAMPLE = {1: ('location_id', 'N'), 2: ('value', 'N'), 3: ('label', LABEL)}
MAPPING = {1: ('id', 'n'), 2: ('memory_start', 'n'), 3: ('memory_limit', 'n'), 4: ('file_offset', 'n'), 5: ('filename', 's'), 6: ('build_id', 's'),
           7: ('has_functions', 'n'), 8: ('has_filenames', 'n'), 9: ('has_line_numbers', 'n'), 10: ('has_inline_frames', 'n')}
LINE = {1: ('function_id', 'n'), 2: ('line', 'n'), 3: ('column', 'n')}
LOCATION = {1: ('id', 'n'), 2: ('mapping_id', 'n'), 3: ('address', 'n'), 4: ('line', LINE), 5: ('is_folded', 'n')}
FUNCTION = {1: ('id', 'n'), 2: ('name', 's'), 3: ('system_name', 's'), 4: ('filename', 's'), 5: ('start_line', 'n')}
PROFILE = {1: ('sample_type', VALUE_TYPE), 2: ('sample', SAMPLE), 3: ('mapping', MAPPING), 4: ('location', LOCATION), 5: ('function', FUNCTION),
           7: ('drop_frames', 's'), 8: ('keep_frames', 's'), 9: ('time_nanos', 'n'), 10: ('duration_nanos', 'n'), 11: ('period_type', VALUE_TYPE),
           12: ('period', 'n'), 13: ('comment', 'S'), 14: ('default_sample_type', 's'), 15: ('doc_url', 's')}

def message(data, shape, strings):
    parts = {}
    for number, value in fields(data):
        if number not in shape:
            continue
        name, what = shape[number]
        if isinstance(what, dict):
            parts.setdefault(name, []).append(message(value, what, strings))
        elif what == 'S':
            parts.setdefault(name, []).extend(repr(strings[n]) for n in numbers(value))
        elif what == 'N':
            parts.setdefault(name, []).extend(map(str, numbers(value)))
        else:
            shown = repr(strings[value]) if what == 's' else str(value)
            if shown not in ("b''", '0'):
                parts[name] = [shown]
    parts.get('label', []).sort()  # which has no meaning
    return '{' + ' '.join(f'{name}=[{" ".join(values)}]' for name, values in sorted(parts.items())) + '}'

def text(data):
    """One line for each part of the profile, in their order within their kind."""
    strings = [value for number, value in fields(data) if number == 6]
    lines = {}
    for number, value in fields(data):
        if number not in PROFILE:
            continue
        name, what = PROFILE[number]
        if isinstance(what, dict):
            lines.setdefault(name, []).append(f'{name} {message(value, what, strings)}')
        elif what == 'S':
            lines.setdefault(name, []).extend(f'{name} {strings[n]!r}' for n in numbers(value))
        elif what == 's' and strings[value]:
            lines[name] = [f'{name} {strings[value]!r}']
        elif what == 'n' and value:
            lines[name] = [f'{name} {value}']
    return ''.join(line + '\n' for name in sorted(lines) for line in lines[name]).encode()
