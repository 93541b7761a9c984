"""zoo.py - profiles that no recorder makes, for comparing sonde with pprof: each breed shows one thing that is odd,
mongrels mix them.  zoo.write(folder) writes all of them, always the same bytes, and returns their names."""
import os, random, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from protowrite import Profile, block, number, packed, varint

CPP = ['main', 'net::Server::run(int)', 'std::vector<int, std::allocator<int> >::push_back(int const&)', '(anonymous namespace)::parse',
       'std::map<std::string, std::vector<int> >::operator[]', 'foo<bar<baz> >::qux', 'operator()', 'net::(anonymous namespace)::Pool::~Pool',
       'void std::__sort<int*>(int*, int*)', 'a::b::c::d::e::f', 'Lambda::{lambda(int)#1}::operator()(int) const']
GO = ['main.main', 'github.com/acme/shop/cart.(*Cart).Add', 'runtime.mallocgc', 'net/http.(*conn).serve', 'main.work[...]',
      'gopkg.in/yaml%2ev3.(*Node).Decode', 'main.main.func1', 'runtime.goexit', 'sync.(*Mutex).Lock', 'type..eq.main.T', 'strings.Map.func1.2']
JAVA = ['java.lang.Thread.run', 'com.acme.Shop.<init>', 'com.acme.Shop.lambda$main$0', 'org.acme.very.deep.package_.Name.method',
        'java.util.HashMap$Node.getKey', 'void com.acme.Shop.sell(int, java.lang.String)']
RUST = ['core::ops::function::FnOnce::call_once', '<alloc::vec::Vec<T> as core::ops::Drop>::drop', 'std::rt::lang_start::{{closure}}',
        'shop::cart::Cart::add::h0123456789abcdef']
MANGLED = ['_ZN3net6Server3runEi', '_ZNSt6vectorIiSaIiEE9push_backERKi', '_ZN12_GLOBAL__N_15parseEv', '_Z3fooi.isra.0', '_ZN3foo3barE',
           '__Z3bazv', '_RNvC4shop4main', '_notmangled', '_Zbroken']
ODD = ['', 'space in name', 'tab\tname', 'quote"name', "apo'strophe", 'back\\slash', '<tag>&amp;', 'größe', '大小', 'emoji \U0001f600', 'new\nline',
       'percent%d%s', '(parens)', '[brackets]', '{braces}', 'x' * 200, '-dash', '>redirect', 'a|b', '$dollar', '*star', 'comma,name', '#hash']
FILES = ['/home/dev/work/net/server.cc', 'net/../net/./parse.cc', '/proc/self/cwd/lib/util.h', 'lib//alloc.c', '', 'a.go', './rel.c',
         '/usr/local/go/src/runtime/proc.go', 'C:\\src\\win.c', 'größe.c', '/x/y.java', 'with space.c', '/proc/self/cwd/./b/c.cc']

def functions(rnd, names, files=FILES):
    return [(n, n if rnd.random() < .5 else '_Z%d' % k, rnd.choice(files), rnd.choice([0, 10 * k + 1])) for k, n in enumerate(names)]

def places(rnd, p, fs, n, mappings, inline=.3, columns=False, base=0x401000, step=64, nameless=.1):
    out = []
    for k in range(n):
        lines = [] if rnd.random() < nameless else [(rnd.choice(fs), rnd.randrange(0, 120), rnd.randrange(0, 9) if columns else 0)
                                                    for _ in range(1 + (rnd.random() < inline) + (rnd.random() < inline / 2))]
        out.append(p.location(rnd.choice(mappings), base + step * k if base else 0, lines))
    return out

def stacks(rnd, p, where, n, deep, values, labels=lambda i: []):
    for i in range(n):
        stack = [where[min(len(where) - 1, int(rnd.expovariate(.15)))] for _ in range(rnd.randrange(1, deep))]
        p.sample(stack + [where[-1]], values(i), labels(i))

def start(rnd, types, mappings=1, flags='1111', header=True):
    p = Profile()
    for t in types:
        p.value_type(1, *t)
    for m in range(mappings):
        p.mapping(m + 1, 0x400000 + m * 0x10000000, 0x600000 + m * 0x10000000, m * 0x1000,
                  ['/usr/bin/server', '/usr/lib/libutil.so.1', '[vdso]', '', '/usr/lib/libutil.so.1', '//anon'][m % 6],
                  '%040x' % (m + 1) if m % 2 == 0 else '', flags)
    if header:
        p.value_type(11, *types[-1])
        p.body += number(9, 1700000000123456789) + number(10, 7000000000) + number(12, 10000000)
    return p

CPU = [('samples', 'count'), ('cpu', 'nanoseconds')]
HEAP = [('alloc_objects', 'count'), ('alloc_space', 'bytes'), ('inuse_objects', 'count'), ('inuse_space', 'bytes')]

def plain(rnd, names, types=CPU, n=60, **more):
    p = start(rnd, types, 2)
    where = places(rnd, p, functions(rnd, names), 25, [1, 1, 2], **more)
    stacks(rnd, p, where, n, 7, lambda i: [rnd.randrange(1, 9) * (10000000 if k else 1) for k in range(len(types))])
    return p

def no_mappings(rnd):
    p = start(rnd, CPU, 0)
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 20, [0]), 50, 6, lambda i: [1, 10000000])
    return p

def no_functions(rnd):
    p = start(rnd, CPU, 3, '0000')
    stacks(rnd, p, places(rnd, p, [('', '', '', 0)], 30, [1, 2, 3, 0], nameless=1), 60, 6, lambda i: [1, 10000000])
    return p

def nameless_functions(rnd):
    p = start(rnd, CPU, 2)
    stacks(rnd, p, places(rnd, p, [('', '', f, 3) for f in FILES], 20, [1, 2]), 50, 6, lambda i: [2, 20000000])
    return p

def negative(rnd):
    p = start(rnd, HEAP, 2)
    stacks(rnd, p, places(rnd, p, functions(rnd, CPP), 20, [1, 2]), 80, 6, lambda i: [rnd.randrange(-9, 9) * k for k in (1, 4096, 1, 512)])
    return p

def huge(rnd):
    p = Profile()
    p.value_type(1, 'events', 'count')
    top = (1 << 64) - 1
    p.body += block(3, number(1, top) + number(2, 1 << 63) + number(3, top) + number(4, 0) + number(5, p.s('/boot/vmlinux')))
    for k in range(12):
        p.body += block(5, number(1, top - k) + number(2, p.s('kernel_%d' % k)) + number(4, p.s('k%d.c' % k)))
        p.body += block(4, number(1, (1 << 63) + k) + number(2, top) + number(3, top - 4096 * k) + block(4, number(1, top - k) + number(2, (1 << 40) + k)))
    for i in range(40):
        p.sample([(1 << 63) + rnd.randrange(12) for _ in range(rnd.randrange(1, 6))], [1 << rnd.randrange(0, 40)], [])
    return p

def labels(rnd):
    p = start(rnd, CPU, 2)
    def some(i):
        out = [('thread', rnd.choice(['main', 'worker', 'größer', 'io']), '')]
        if i % 2:
            out += [('bytes', 1 << rnd.randrange(4, 24), rnd.choice(['', 'bytes', 'kb']))]
        if i % 3 == 0:
            out += [('request', rnd.randrange(1, 9) * 1000, ''), ('latency', i * 1000, 'us'), ('latency', i, 'ms')]
        if i % 4 == 0:
            out += [('path', '/a/%d' % (i % 3), ''), ('path', '/b', ''), ('plain', i % 6 + 1, ''), ('weird key', 'a=b:c', '')]
        return out if i % 9 else []
    stacks(rnd, p, places(rnd, p, functions(rnd, CPP), 20, [1, 2]), 120, 6, lambda i: [1 + i % 3, 10000000 * (1 + i % 3)], some)
    return p

def odd_labels(rnd):
    p = start(rnd, CPU, 1)
    keys = ['', 'a', 'key with space', 'quote"', 'k=v', 'k:v', 'größe', 'alignment', 'request', 'x' * 90]
    def some(i):
        return [(rnd.choice(keys), rnd.choice(['', 'v', 'v w', '"', 'a,b', 'new\nline', 'größe', '<&>']), '') for _ in range(i % 4)] + \
               [(rnd.choice(keys), rnd.choice([-5, 1, 1024, 1 << 40]), rnd.choice(['', 'bytes', 'ms', 'widgets', 'B', 'hrs', 'GCU'])) for _ in range(i % 3)]
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 15, [1]), 80, 5, lambda i: [1, 10000000], some)
    return p

def recursive(rnd):
    p = start(rnd, CPU, 1)
    where = places(rnd, p, functions(rnd, ['main', 'fib', 'walk', 'visit', 'even', 'odd']), 8, [1], nameless=0)
    for i in range(60):
        stack = [where[i % 3]] * rnd.randrange(1, 30) + [where[3], where[4]] * rnd.randrange(0, 9) + [where[-1]]
        p.sample(stack, [1, 10000000], [])
    return p

def inlined(rnd):
    p = start(rnd, CPU, 2)
    stacks(rnd, p, places(rnd, p, functions(rnd, CPP), 20, [1, 2], inline=.9), 80, 6, lambda i: [1, 10000000])
    return p

def empty(rnd):
    return start(rnd, CPU, 1)

def empty_stacks(rnd):
    p = start(rnd, CPU, 1)
    where = places(rnd, p, functions(rnd, GO), 5, [1])
    for i in range(9):
        p.sample([], [i, i * 1000], [('thread', 'main', '')])
        p.sample([where[i % 5]], [i, i * 1000], [])
    return p

def zeros(rnd):
    p = start(rnd, CPU, 1)
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 9, [1]), 20, 5, lambda i: [0, 0])
    return p

def many_types(rnd):
    return plain(rnd, GO, [('a', 'count'), ('b', 'bytes'), ('c', 'seconds'), ('d', 'widgets'), ('e', 'GCU'), ('f', '')])

def contention(rnd):
    p = plain(rnd, GO, [('contentions', 'count'), ('delay', 'nanoseconds')])
    p.body += number(14, p.s('delay'))
    return p

def heap(rnd):
    p = start(rnd, HEAP, 2)
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 25, [1, 2]), 90, 7,
           lambda i: [9, 9 << (i % 20), 3, 3 << (i % 20)], lambda i: [('bytes', 1 << (i % 20), 'bytes')])
    p.body += number(14, p.s('inuse_space'))
    return p

def odd_names(rnd):
    return plain(rnd, ODD)

def java(rnd):
    return plain(rnd, JAVA)

def rust(rnd):
    return plain(rnd, RUST)

def mangled(rnd):
    p = start(rnd, CPU, 1)
    fs = [(n, n, rnd.choice(FILES), 0) for n in MANGLED] + [('', n, 'x.cc', 0) for n in MANGLED]
    stacks(rnd, p, places(rnd, p, fs, 30, [1]), 60, 6, lambda i: [1, 10000000])
    return p

def same_names(rnd):
    p = start(rnd, CPU, 5)
    fs = [('same', 'same', f, k) for k, f in enumerate(FILES[:6])]
    stacks(rnd, p, places(rnd, p, fs, 40, [1, 2, 3, 4, 5]), 80, 6, lambda i: [1, 10000000])
    return p

def comments(rnd):
    p = plain(rnd, CPP)
    for c in ['first', '#hidden', '', 'größe "quoted" <&>', 'x' * 120, '# spaced']:
        p.body += number(13, p.s(c))
    p.body += number(15, p.s('https://example.com/?a=b&c=d'))
    return p

def drop_frames(rnd):
    p = plain(rnd, ['main', 'malloc', 'my_alloc', 'operator new(unsigned long)', '.hidden', 'lock_slow', 'user', 'keep_me'])
    p.body += number(7, p.s('malloc|my_.*|operator new|hidden|lock_.*')) + number(8, p.s('my_alloc'))
    return p

def bad_drop_frames(rnd):
    p = plain(rnd, ['main', 'malloc'], n=9)
    p.body += number(7, p.s('mal(loc'))
    return p

def perf(rnd):
    p = Profile()
    p.value_type(1, 'cycles_sample', 'count')
    p.value_type(1, 'cycles_event', 'count')
    p.mapping(1, 0x400000, 0x500000, 0, '/usr/bin/server', 'ab' * 20, '1000')
    p.mapping(2, 0xffffffff81000000, 0xffffffff82000000, 0, '[kernel.kallsyms]_stext', '', '1000')
    p.mapping(3, 0x7ffd00000000, 0x7ffd00001000, 0, '[vdso]', '', '1000')
    fs = [(n, n, '', 0) for n in ('do_syscall_64', 'schedule', 'main', 'work', '[unknown]', '__vdso_gettimeofday')]
    where = places(rnd, p, fs, 30, [1, 2, 3], inline=0)
    stacks(rnd, p, where, 70, 9, lambda i: [1, 1000000 + i * 7919], lambda i: [('pid', 100 + i % 2, ''), ('comm', 'server', '')])
    return p

def units(unit):
    return lambda rnd: plain(rnd, GO, [('value', unit)])

def overflowing(rnd):
    p = start(rnd, CPU, 1)
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 9, [1]), 12, 4, lambda i: [1, (1 << 62) + i])
    return p

def columns(rnd):
    return plain(rnd, CPP, columns=True, inline=.5)

def no_addresses(rnd):
    p = start(rnd, CPU, 1)
    fs = functions(rnd, JAVA)
    where = [p.location(1, 0, [(f, 5 * k + 1, 0)]) for k, f in enumerate(fs)]
    stacks(rnd, p, where, 40, 6, lambda i: [1, 10000000])
    return p

def no_header(rnd):
    p = start(rnd, [('x', 'y')], 1, header=False)
    stacks(rnd, p, places(rnd, p, functions(rnd, GO), 9, [1]), 30, 5, lambda i: [i])
    return p

def wide(rnd):
    p = start(rnd, CPU, 2)
    fs = functions(rnd, ['f%03d' % k for k in range(300)])
    where = places(rnd, p, fs, 400, [1, 2])
    for i in range(700):
        p.sample([rnd.choice(where) for _ in range(rnd.randrange(2, 12))] + [where[0]], [1, 10000000 * rnd.randrange(1, 30)], [])
    return p

def deep(rnd):
    p = start(rnd, CPU, 1)
    where = places(rnd, p, functions(rnd, ['d%02d' % k for k in range(90)]), 100, [1], nameless=0)
    for i in range(20):
        p.sample(where[i:] + where[:5], [1, 10000000], [])
    return p

def folded(rnd):
    p = start(rnd, CPU, 1)
    fs = functions(rnd, CPP)
    where = [p.location(1, 0x401000 + k, [(rnd.choice(fs), k, 0)], k % 2 == 0) for k in range(20)]
    stacks(rnd, p, where, 40, 5, lambda i: [1, 10000000])
    return p

def unused(rnd):
    p = plain(rnd, GO)
    for k in range(3):
        p.function('unused%d' % k, 'unused', 'u.c', k)
        p.mapping(10 + k, 0x70000000 + k * 4096, 0x70001000 + k * 4096, 0, '/unused.so', '', '0000')
    return p

def one(rnd):
    p = start(rnd, CPU, 1)
    p.sample([p.location(1, 0x401000, [(('only', 'only', 'only.c', 1), 7, 0)])], [1, 10000000], [])
    return p

def bad_reference(rnd):
    p = one(rnd)
    p.body += block(2, packed(1, [77]) + packed(2, [1, 2]))
    return p

def bad_values(rnd):
    p = one(rnd)
    p.body += block(2, packed(1, [1]) + packed(2, [1, 2, 3]))
    return p

def mongrel(rnd):
    types = rnd.choice([CPU, HEAP, [('contentions', 'count'), ('delay', 'nanoseconds')], [('v', rnd.choice(['count', 'bytes', 'ms', 'x']))]])
    p = start(rnd, types, rnd.randrange(1, 6), rnd.choice(['1111', '1110', '1000', '0000']), rnd.random() < .8)
    names = rnd.sample(CPP + GO + JAVA + RUST + ODD + MANGLED, rnd.randrange(4, 30))
    where = places(rnd, p, functions(rnd, names), rnd.randrange(3, 60), [0, 1, 1], rnd.random(), rnd.random() < .3, nameless=rnd.random() * .3)
    sign = rnd.random() < .2
    keys = rnd.sample(['thread', 'bytes', 'request', 'path', 'k v', 'größe'], rnd.randrange(0, 4))
    def some(i):
        return [(k, rnd.choice(['a', 'b', 'c d']), '') if rnd.random() < .6 else (k, rnd.randrange(1, 1 << 20), rnd.choice(['', 'bytes', 'ms']))
                for k in keys if rnd.random() < .7]
    stacks(rnd, p, where, rnd.randrange(1, 150), rnd.randrange(2, 12),
           lambda i: [rnd.randrange(-5 if sign else 0, 20) * rnd.choice([1, 1000, 1 << 20]) for _ in types], some)
    if rnd.random() < .3:
        p.body += number(7, p.s('malloc|runtime\\..*|foo.*'))
    if rnd.random() < .3:
        p.body += number(14, p.s(types[0][0]))
    return p

BREEDS = {f.__name__: f for f in (
    no_mappings, no_functions, nameless_functions, negative, huge, labels, odd_labels, recursive, inlined, empty, empty_stacks, zeros,
    many_types, contention, heap, odd_names, java, rust, mangled, same_names, comments, drop_frames, bad_drop_frames, perf, overflowing,
    columns, no_addresses, no_header, wide, deep, folded, unused, one, bad_reference, bad_values)}
BREEDS.update({'unit_' + name: units(unit) for name, unit in (
    ('count', 'count'), ('bytes', 'bytes'), ('kb', 'kb'), ('seconds', 'seconds'), ('us', 'microseconds'), ('hours', 'hrs'), ('gcu', 'mGCU'),
    ('odd', 'widgets'), ('none', ''))})
BREEDS.update({'mongrel_%02d' % k: mongrel for k in range(16)})

TEXTS = {
    'threads.txt': '--- threadz 1 ---\n\n--- Thread 7f794ab90940 (name: main/14748) stack: ---\n  PC: 0x00bc8f1c: Work\n  0x0040be31: main\n'
                   '  0x0040be30: start\n--- Thread 7f794abaf940 (name: io/14749) stack: ---\n  0x00bc8f1d: Work\n  0x0040be31: main\n'
                   '--- Memory map: ---\n00400000-00fcb000: cached binary /usr/bin/server\n',
    'contention.txt': '--- contentionz 1 ---\ncycles/second = 3201000000\nsampling period = 100\nms since reset = 16502830\ndiscarded samples = 0\n'
                      '19490304       27 @ 0xbccc97 0xc61202 0x42ed5f 0x42edc1\n     768        1 @ 0xbccc97 0xa42dc7 0xa456e4\n'
                      '    5760        2 @ 0xbccc97 0xb82b73 0xb82bcb\n--- Memory map: ---\n00400000-00fcb000: cached binary /usr/bin/server\n',
    'growth.txt': 'heap profile:      3:      3072 [     3:      3072] @ growthz\n     1:     1024 [     1:     1024] @ 0x4aa8cd 0x4aa886 0x4aa653\n'
                  '     2:     2048 [     2:     2048] @ 0x4aa8cd 0x4d2133\n--- Memory map: ---\n00400000-00fcb000: cached binary /usr/bin/server\n',
    'java.txt': '--- heapz 1 ---\nformat = java\nresolution=bytes\n     7048     5 @ 0x00000003 0x00000002\n     4752     2 @ 0x00000004 0x00000002\n'
                '\n0x00000002 com.acme.Shop.main (Shop.java:10)\n0x00000003 com.acme.Shop.sell (Shop.java:20)\n0x00000004 com.acme.Shop.buy (Shop.java)\n',
    'no_profile.txt': 'this is no profile\n',
    'nothing.txt': '',
}

def write(folder):
    for name, breed in BREEDS.items():
        breed(random.Random('zoo ' + name)).write(f'{folder}/{name}.pb.gz')
    for name, text in TEXTS.items():
        with open(f'{folder}/{name}', 'w', encoding='utf-8') as f:
            f.write(text)
    return sorted([name + '.pb.gz' for name in BREEDS] + list(TEXTS))
