"""elffile.py - as much of ELF64 as tests need: from a mapped address back to the file's own address space."""

import os
import re
import struct
import subprocess

PT_LOAD = 1


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
        self.loads = []  # (file offset, address, size)
        for i in range(count):
            kind, _, offset, address, _, file_size = struct.unpack_from("<IIQQQQ", data, at + i * size)
            if kind == PT_LOAD:
                self.loads.append((offset, address, file_size))

    def is_whole(self):
        """It has symbols for all its functions, in itself or in a debug file where its build id says."""
        if self.has_symbols or self.has_debug:
            return True
        notes = subprocess.run(["readelf", "-n", self.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        m = re.search(r"Build ID: ([0-9a-f]{2})([0-9a-f]+)", notes)
        return bool(m and os.path.exists(f"/usr/lib/debug/.build-id/{m[1]}/{m[2]}.debug"))

    def address(self, offset):
        """The address in the file's own address space of a file offset, or None."""
        for start, address, size in self.loads:
            if start <= offset < start + size:
                return offset - start + address
        return None
