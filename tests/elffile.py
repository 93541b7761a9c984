"""elffile.py - as much of ELF64 as tests need: addresses in the file's own address space, names of one address."""

import os
import re
import struct
import subprocess

PT_LOAD = 1


def _output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout


class Elf:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            data = f.read()
        if data[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path} is not an ELF64 file")
        self.has_symbols = b".symtab\0" in data
        self.has_debug = b".debug_info\0" in data
        at, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        self.aliases = None  # name -> addresses, once asked for
        self.loads = []  # (file offset, address, size)
        for i in range(count):
            kind, _, offset, address, _, file_size = struct.unpack_from("<IIQQQQ", data, at + i * size)
            if kind == PT_LOAD:
                self.loads.append((offset, address, file_size))

    def debug_file(self):
        """The separate debug file where the build id says, or None."""
        notes = _output("readelf", "-n", self.path)
        m = re.search(r"Build ID: ([0-9a-f]{2})([0-9a-f]+)", notes)
        path = m and f"/usr/lib/debug/.build-id/{m[1]}/{m[2]}.debug"
        return path if path and os.path.exists(path) else None

    def is_whole(self):
        """It has symbols for all its functions, in itself or in its debug file."""
        return self.has_symbols or self.has_debug or self.debug_file() is not None

    def same_function(self, one, other):
        """Both names are given to one address by the symbol table: memcpy and memmove, munmap and __munmap@@GLIBC_2.2.5."""
        if self.aliases is None:
            self.aliases = {}
            for file in filter(None, (self.path, self.debug_file())):
                for line in _output("nm", "--defined-only", file).splitlines():
                    address, _, name = line.split(None, 2)
                    self.aliases.setdefault(name.partition("@")[0], set()).add(address)
        return one == other or bool(self.aliases.get(one, set()) & self.aliases.get(other, set()))

    def address(self, offset):
        """The address in the file's own address space of a file offset, or None."""
        for start, address, size in self.loads:
            if start <= offset < start + size:
                return offset - start + address
        return None
