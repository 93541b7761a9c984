"""differential.py - command lines for sonde and pprof alike, and what their outputs must have in common.

A case is (profile, arguments).  Cases are drawn by numbers that a seed decides, from all commands and options and from
the names that the profile itself has.  What differs on purpose is taken out here and told in DIFFERENCES.md; what pprof
leaves to chance is asked of it again."""
import glob, gzip, itertools, lzma, os, random, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import protoreader, zoo

tests = os.path.dirname(os.path.abspath(__file__))
recorded = tests + '/golden/differential.xz'

LEGACY = ('.txt', '.txt.gz', '.prof.gz')
PLAIN = ['top', 'text', 'tree', 'traces', 'tags', 'raw', 'comments', 'dot', 'callgrind', 'proto', 'topproto']
READS_FILES = ('list', 'disasm', 'weblist')
REAL = ('mill', 'gperf')  # programs and sources of theirs may be on this machine, or others of the same name
PATTERN = ['peek', 'list', 'disasm', 'weblist']
PICTURES = ['svg', 'svg', 'png', 'gif', 'ps']
SMALL = ('one', 'java', 'rust', 'empty', 'columns', 'no_header', 'unit_bytes', 'go_threadcreate', 'mill_cpu')  # quickly drawn
WEIGHTED = PLAIN + ['top', 'tree', 'dot', 'peek', 'list', 'weblist', 'traces', 'tags', 'callgrind', 'peek', 'disasm']
BOOLS = ['noinlines', 'showcolumns', 'relative_percentages', 'compact_labels', 'call_tree', 'drop_negative', 'mean', 'all_frames',
         'trim=false', 'intel_syntax']
GRANULARITIES = ['functions', 'filefunctions', 'files', 'lines', 'addresses']
SHORTCUTS = ['inuse_space', 'inuse_objects', 'alloc_space', 'alloc_objects', 'total_delay', 'contentions', 'mean_delay']
FILTERS = ['focus', 'ignore', 'hide', 'show', 'show_from', 'prune_from']
TAGS = ['tagfocus', 'tagignore', 'tagshow', 'taghide', 'tagroot', 'tagleaf']
UNITS = ['minimum', 'auto', 'bytes', 'kb', 'megabytes', 'ns', 'us', 'ms', 'seconds', 'hrs', 'count', 'widgets', 'GCU', '']
RANGES = ['1kb:', ':1mb', '1kb:64kb', '16', '1ms:10ms', 'bytes=1kb:', 'request=2000', '-5', 'latency=:5ms', '1:9', 'x:y', '9:1']
BROKEN = ['(', 'a**', '[z-a]', '\\8', '(?=x)', 'a{1001}', '*', '(?P<n']

class Zoo:
    """The folder that cases run in, with all profiles."""
    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.names = zoo.write(folder)
        for path in sorted(glob.glob(tests + '/profiles/*.pb.gz') + glob.glob(tests + '/profiles/recorded/*')):
            name = os.path.basename(path)
            with open(path, 'rb') as f, open(f'{folder}/{name}', 'wb') as out:
                out.write(f.read())
            self.names.append(name)
        os.symlink(tests + '/profiles/src', folder + '/src')
        self.env = dict(os.environ, TZ='UTC', PPROF_BINARY_PATH='/nonexistent', HOME=folder, TMPDIR=folder, LC_ALL='C')

    def run(self, binary, case):
        """(failed, stdout, stderr) as the two programs must agree on."""
        arguments = case[1]
        done = subprocess.run([binary, *arguments], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        done.stdout = done.stdout.replace(self.folder.encode(), b'ZOO')  # where relative sources were looked for
        return done.returncode != 0, output(arguments, done.stdout), messages(arguments, done.stderr, done.returncode != 0)

# ---- what both must print ----

def command_of(arguments):
    for a in arguments:
        name = a.lstrip('-').split('=')[0]
        if name in PLAIN + PATTERN + PICTURES:
            return name
    return ''

# What became less is green here and blue there, both with little red; what hardly changed is yellowish grey or grey.
COLOUR = re.compile(rb'#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b')
HUE = re.compile(rb'^(\S+) (\S+) \S+ (nodecolor|edgecolor)$', re.M)

def same_colour(found):
    red, green, blue = found.groups()
    return b'#less' if red < max(green, blue) else b'#little' if red == green else found[0]

def same_hue(found):
    hue, saturation = float(found[1]), float(found[2])
    return b'less' if hue > .16667 else b'little' if hue > .16666 or saturation == 0 else found[0]

NODELET = re.compile(rb'^(N\d+_\d+ \[label = ")(.*?)(" id="N)', re.M | re.S)

def output(arguments, text):
    command = command_of(arguments)
    if command in ('proto', 'topproto') and text[:2] == b'\x1f\x8b':
        text = protoreader.text(gzip.decompress(text))
        if any(a.endswith(LEGACY) for a in arguments):  # the same pattern in other words
            text = re.sub(rb'^(drop|keep)_frames .*\n', b'', text, flags=re.M)
        return text
    if command in ('dot', 'svg'):
        text = COLOUR.sub(same_colour, text)
    if command == 'dot':  # pprof leaves labels as they are, which dot does not bear
        text = NODELET.sub(lambda m: m[1] + re.sub(rb'\\(["\\])', rb'\1', m[2]) + m[3], text)
    if command == 'ps':
        text = HUE.sub(same_hue, text)
    if command == 'svg':  # the script is our own
        return re.sub(rb'<!\[CDATA\[.*?\]\]>', b'', text, flags=re.S)
    if command == 'weblist':  # the styles and the script are our own
        return re.sub(rb'<head>.*?</head>', b'', text, flags=re.S).replace(b' onClick="pprof_toggle_asm(event)"', b'')
    if command == 'disasm':  # pprof says on stdout that a binary is missing
        return re.sub(rb'^(stat .*: no such file or directory|error .*)\n', b'', text, flags=re.M)
    return text

OWN_WORDS = re.compile(r'^(no source of |no code of |no symbols for |frame pattern |-tools has no effect)')

def messages(arguments, text, failed):
    lines = text.decode('utf-8', 'replace').splitlines()
    if 'usage:' in lines:  # pprof's help, where sonde refers to --help
        lines = lines[:lines.index('usage:')] + ['usage']
    said = []
    for line in lines:
        line = re.sub(r'^(pprof|sonde): ', 'error: ', line)
        line = re.sub(r' \(sonde --help lists all commands\)$', '', line)
        line = re.sub(r'^(error: conflicting options set).*', r'\1', line)  # of three, we name two
        line = re.sub(r"^(?:cannot read ')?([\w.]+\.(?:gz|txt))'?: (?:malformed|parsing|unrecognized|empty) .*", r'\1: unusable', line)  # in own words
        if not OWN_WORDS.match(line):
            said.append(line)
    return said

def unordered(text):
    """The lines in any order, without the numbers that pprof gives nodes and names by their order."""
    text = re.sub(rb'\b(N+|node|NN)\d+(_\d+)?\b', b'N', text)
    text = re.sub(rb'\[\d+/\d+\]|\(\d+\)', b'', text)
    text = re.sub(rb'^((calls=0 )?)(\*|[-+]\d+|0x[0-9a-f]+) ', rb'\1', text, flags=re.M)  # callgrind: from that before
    return sorted(text.splitlines())

def same(ours, theirs):
    if ours[0] != theirs[0] or ours[1] != theirs[1]:
        return False
    return same_error(ours[2], theirs[2]) if ours[0] else sorted(ours[2]) == sorted(theirs[2])

def sorted_words(line):
    return sorted(re.findall(r'\S+', line.replace('[', ' ').replace(']', ' ')))

def same_error(ours, theirs):
    if any('failed to fetch' in line or 'problem fetching' in line for line in theirs):
        return bool(ours)  # what is wrong with the file, in one sentence
    if theirs[-1:] == ['usage'] or any('incompatible' in line or 'must set at most one' in line for line in theirs):
        return bool(ours)
    return sorted(map(sorted_words, ours)) == sorted(map(sorted_words, theirs))

def shape(text):
    """What is left when the very choice of nodes is up to chance, as in the cut of a call tree: how much is shown."""
    return len(re.findall(rb'^N\d+ \[label', text, re.M)), re.findall(rb'Showing nodes accounting for [^ ]+, |Dropped \d+ nodes?', text)

TAG = re.compile(rb'(N+\d+)_\d+ \[label = .* tooltip="(-?)([^"]*)"')

def ties_sorted(text):
    """A graph with the tags of a node that weigh the same, but for the sign, in one order: pprof takes none of them for the larger."""
    out, tags = [], []  # tags: (node, weight, is negative, lines)

    def add_tags():
        for _, equal in itertools.groupby(tags, lambda t: t[:2]):
            equal = list(equal)
            if len({is_negative for _, _, is_negative, _ in equal}) > 1:
                equal.sort(key=lambda t: t[3])
            out.extend(line for t in equal for line in t[3])
        tags.clear()

    for line in text.splitlines():
        tag = TAG.match(line)
        line = re.sub(rb'\b(N+\d+)_\d+\b', rb'\1', line)
        if tag:
            tags.append((tag[1], tag[3], bool(tag[2]), [line]))
        elif tags and line.startswith(b'N') and b' -> ' + tags[-1][0] + b' [' in line:
            tags[-1][3].append(line)
        else:
            add_tags()
            out.append(line)
    add_tags()
    return out

def compare(case, ours, ask):
    """How ours compares with what ask() answers: 'same', 'chance' or 'different', and one of the answers."""
    answers = []
    while len(answers) < 10:
        answers.append(ask())
        if same(ours, answers[-1]):
            return ('same' if len(answers) == 1 else 'chance'), answers[-1]
        varied = any(a[1] != answers[0][1] for a in answers)
        if varied and any(unordered(ours[1]) == unordered(a[1]) and same((0, b'', ours[2]), (0, b'', a[2])) for a in answers):
            return 'chance', answers[-1]
    if '-call_tree' in case[1] and any(unordered(a[1]) != unordered(answers[0][1]) and shape(a[1]) == shape(ours[1]) for a in answers):
        return 'chance', answers[-1]
    if any(ties_sorted(ours[1]) == ties_sorted(a[1]) and same((0, b'', ours[2]), (0, b'', a[2])) for a in answers):
        return 'chance', answers[-1]
    return 'different', answers[-1]

def judge(z, sonde, pprof, case):
    """(verdict, ours, theirs), the outputs only where they differ.  Bytes of a picture show colours and order that cannot be taken out: its graph decides then."""
    ours = z.run(sonde, case)
    verdict, theirs = compare(case, ours, lambda: z.run(pprof, case))
    command = command_of(case[1])
    if verdict == 'different' and command in PICTURES:
        graph = case[0], ['-dot' if a == '-' + command else a for a in case[1]]
        return judge(z, sonde, pprof, graph)
    return (verdict, ours, theirs) if verdict == 'different' else (verdict, None, None)

# ---- drawing cases ----

class Words:
    """What a profile has to say: names, files and labels to make patterns of."""
    def __init__(self, z, sonde, profile):
        text = subprocess.run([sonde, '-symbolize=none', '-raw', profile], env=z.env, cwd=z.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120).stdout.decode('utf-8', 'replace')
        locations = text.partition('\nLocations\n')[2].partition('\nMappings\n')[0]
        self.names = sorted(set(re.findall(r'(?:M=\d+ |^ {13})(?:\[F\] )?(.*?) [^ ]*:-?\d+:-?\d+ s=', locations, re.M)))[:60] or ['main']
        self.files = sorted(set(re.findall(r' ([^ ]*):-?\d+:-?\d+ s=', locations)))[:30] or ['x.c']
        self.keys = sorted(set(re.findall(r'(?:^ {16}| )([\w ]+):\[', text.partition('\nLocations\n')[0], re.M)))[:9] or ['thread']
        self.types = re.findall(r'(\w+)/\w*', (re.search(r'^Samples:\n(.*)', text, re.M) or ['', ''])[1]) or ['cpu']
        self.addresses = re.findall(r': (0x[0-9a-f]+) ', locations)[:30] or ['0x401000']

def pattern(rnd, w):
    kind = rnd.random()
    name = rnd.choice(w.names)
    if kind < .3 and name:
        return re.escape(name[:30]).replace('\\ ', ' ').replace('\n', '.')
    if kind < .6 and name:
        a = rnd.randrange(len(name))
        return re.sub(r'[^\w.:/]', '.', name[a:a + rnd.randrange(1, 9)]) or '.'
    if kind < .75:
        return re.sub(r'[^\w./-]', '.', os.path.basename(rnd.choice(w.files))) or 'c$'
    if kind < .8:
        return rnd.choice(['server', 'libutil', 'vdso', 'no such thing'])
    if kind < .83:
        return rnd.choice(BROKEN)
    return rnd.choice(['.', 'a|e', '^m', '[aeiou]n', '(?i)MAIN', 'run|main', '::', '\\(', '\\d', '.*Add', '^$', 'e$'])

def tag_value(rnd, w):
    key = rnd.choice(w.keys)
    return rnd.choice([key, key + '=.', key + '=a', 'main', 'worker,main', 'thread=main,io', '^t', rnd.choice(RANGES), rnd.choice(RANGES),
                       f'{key},thread', 'no such'])

def option(rnd, w, profile, others):
    kind = rnd.random()
    if kind < .3:
        return f'-{rnd.choice(FILTERS)}={pattern(rnd, w)}'
    if kind < .42:
        return f'-{rnd.choice(TAGS)}={tag_value(rnd, w)}'
    if kind < .57:
        return '-' + rnd.choice(BOOLS)
    if kind < .69:
        return '-' + rnd.choice(GRANULARITIES)
    if kind < .74:
        return '-' + rnd.choice(['cum', 'flat'])
    if kind < .79:
        return f'-nodecount={rnd.choice([0, 1, 2, 5, 10, 40, 1000, -1])}'
    if kind < .83:
        return f'-{rnd.choice(["nodefraction", "edgefraction"])}={rnd.choice(["0", "0.01", "0.1", "0.5", "1", "-0.1"])}'
    if kind < .87:
        return f'-unit={rnd.choice(UNITS)}'
    if kind < .9:
        return f'-sample_index={rnd.choice(w.types + ["0", "1", "9", "space", "nonsense"])}'
    if kind < .92:
        return '-' + rnd.choice(SHORTCUTS)
    if kind < .94:
        return f'-divide_by={rnd.choice(["2", "10", "0.5", "1000", "0", "-1"])}'
    if kind < .97:
        return f'-{rnd.choice(["base", "diff_base"])}={rnd.choice(others)}'
    return rnd.choice(['-normalize', '-add_comment=a comment', '-buildid=abcd', '-trim_path=/home/dev:/usr', '-source_path=src', '-trim=0',
                       '-source_path=/x/work:/y/net', '-seconds=5', '-timeout=3', '-symbolize=none:force', '-output=/dev/stdout'])

def once(arguments):
    """pprof takes the last of several equal options; so do we, but for -base, of which we take all."""
    seen, out = set(), []
    for a in reversed(arguments):
        name = a.split('=')[0]
        if name not in seen:
            seen.add(name)
            out.append(a)
    return out[::-1]

def draw(z, sonde, per_profile, seed, only=None):
    """The first cases of a profile are the same whatever their number is."""
    cases = []
    for profile in [only] if only else z.names:
        rnd = random.Random(f'{seed} {profile}')
        w = Words(z, sonde, profile)
        stem = profile.split('.')[0]
        # pprof itself makes two functions of one number out of the largest.
        may = lambda a: not (stem == 'huge' and a.startswith(('-tagroot', '-tagleaf')))
        others = [n for n in (stem + '_before.pb.gz', stem.replace('_before', '') + '.pb.gz') if n in z.names] * 2 + [profile, rnd.choice(z.names)]
        for i in range(per_profile):
            command = WEIGHTED[i % len(WEIGHTED)]
            if stem in SMALL and rnd.random() < .15:
                command = rnd.choice(PICTURES)
            if command in READS_FILES and stem.startswith(REAL):
                command = 'peek'
            if command in PATTERN:
                by_address = command in ('disasm', 'weblist') and rnd.random() < .1
                command += '=' + (rnd.choice(w.addresses) if by_address else pattern(rnd, w))
            arguments = [option(rnd, w, profile, others) for _ in range(rnd.choice([0, 1, 1, 2, 2, 3, 4]))]
            arguments = [a for a in arguments if may(a) and not (command in PICTURES and a == '-call_tree')]
            if rnd.random() < .01:
                arguments.append('-' + rnd.choice(PLAIN))  # one output format too many
            if command.startswith('weblist'):
                arguments.append('-output=/dev/stdout')
            files = [profile] if rnd.random() < .95 else [profile, rnd.choice(others)]
            cases.append((profile, once(['-symbolize=none', '-' + command, *arguments]) + files))
    return cases

# ---- recorded outputs ----

def save(version, results):
    """Each output once, however many cases have it."""
    texts, number, lines = [], {}, []
    for (profile, arguments), (failed, text, said) in results:
        if text not in number:
            number[text] = len(texts)
            texts.append(text)
        lines.append(repr((profile, arguments, failed, number[text], said)))
    with lzma.open(recorded, 'wb', preset=9 | lzma.PRESET_EXTREME) as f:
        f.write(f'{version}\n{len(lines)} {len(texts)}\n'.encode() + ''.join(line + '\n' for line in lines).encode() +
                b''.join(b'%d\n' % len(t) + t for t in texts))

def load():
    """version, [(case, result)]"""
    import ast
    with lzma.open(recorded) as f:
        version = f.readline().decode().strip()
        n_lines, n_texts = map(int, f.readline().split())
        lines = [ast.literal_eval(f.readline().decode()) for _ in range(n_lines)]
        texts = [f.read(int(f.readline())) for _ in range(n_texts)]
    return version, [((profile, arguments), (failed, texts[k], said)) for profile, arguments, failed, k, said in lines]
