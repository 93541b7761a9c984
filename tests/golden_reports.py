"""golden_reports.py - the cases of tests/report_cases and their recorded outputs, for record_golden and e2e_reports.

tests/golden/reports/PROFILE.gz holds all outputs for one profile: "### ARGUMENTS" before each, and the first line says
which pprof made them."""
import glob, gzip, os, subprocess

tests = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(tests, 'golden', 'reports')

def profiles():
    names = (os.path.basename(p)[:-len('.pb.gz')] for p in glob.glob(tests + '/profiles/*.pb.gz'))
    return sorted(n for n in names if not n.endswith('_before'))

def cases():
    """{profile: [arguments as written]}"""
    found = {name: [] for name in profiles()}
    for line in open(tests + '/report_cases', encoding='utf-8'):
        if line.strip() and not line.startswith('#'):
            who, arguments = line.rstrip('\n').split(' ', 1)
            for name in found if who == '*' else who.split(','):
                found[name].append(arguments)
    return found

def run(binary, profile, arguments):
    """Standard output and exit status of one case.  Options come before files, as pprof wants it."""
    words = arguments.replace('$P', 'profiles').split(' ')
    files = [w for w in words if not w.startswith('-')]
    options = [w for w in words if w.startswith('-')]
    env = dict(os.environ, TZ='UTC', PPROF_BINARY_PATH='/nonexistent', HOME='/dev/null', LC_ALL='C')
    done = subprocess.run([binary, '-symbolize=none', *options, f'profiles/{profile}.pb.gz', *files], env=env, cwd=tests,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.stdout, done.returncode

def save(profile, version, outputs):
    os.makedirs(folder, exist_ok=True)
    with gzip.GzipFile(f'{folder}/{profile}.gz', 'wb', 9, mtime=0) as f:
        f.write(f'{version}\n'.encode())
        for arguments, (text, status) in outputs:
            f.write(f'### {status} {len(text)} {arguments}\n'.encode() + text)

def load(profile):
    """{arguments: (text, status)}, version"""
    data, found = gzip.open(f'{folder}/{profile}.gz').read(), {}
    version, _, data = data.partition(b'\n')
    while data:
        head, _, data = data.partition(b'\n')
        _, status, size, arguments = head.decode().split(' ', 3)
        found[arguments], data = (data[:int(size)], int(status)), data[int(size):]
    return found, version.decode()
