"""gdb_steps.py - run inside gdb: step through what judged.c runs, and tell its judge every instruction; see there.

STEP_LIMIT is how many instructions of each run are stepped through (0 = all); STEP_FOLLOW=child follows children.
"""

import os
import struct

import gdb

RESET, STEP, END = 0, 1, 2
REGISTERS = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"]
LIMIT = int(os.environ.get("STEP_LIMIT") or 0)


def words(*values):
    return struct.pack(f"<{len(values)}Q", *(int(v) & (1 << 64) - 1 for v in values))


class Judge:
    def __init__(self):
        self.ask = open(os.environ["STEP_ASK"], "wb", buffering=0)
        self.say = open(os.environ["STEP_SAY"], "rb", buffering=0)

    def tell(self, message):
        self.ask.write(message)
        return bool(self.say.read(8))


def frames():
    """Those that are on the stack: no inlined ones, no tail calls, no trampolines of signals."""
    frame, found = gdb.newest_frame(), []
    while frame is not None:
        if frame.type() in (gdb.NORMAL_FRAME, gdb.ARCH_FRAME):
            found.append(frame)
        try:
            frame = frame.older()
        except gdb.error:  # it cannot go on
            break
    return found


def register(frame, name):
    return int(frame.read_register(name).cast(gdb.lookup_type("unsigned long")))


def is_alive():
    return gdb.selected_inferior().pid != 0


def step_through(judge, name):
    """From the marker's first instruction until the other marker, or the end of the process."""
    ends = int(gdb.parse_and_eval("(unsigned long)stepper_ends"))
    gdb.execute("finish", to_string=True)
    callers = frames()
    slots = [(f.pc(), register(f, "rsp") - 8) for f in callers[1:]]
    judge.tell(words(RESET, len(name)) + name.encode() + words(len(slots), *(w for s in reversed(slots) for w in s)))
    steps = 0
    gdb.execute("handle SIGUSR1 SIGUSR2 stop print pass", to_string=True)  # a step goes into the handler
    while is_alive() and register(gdb.newest_frame(), "rip") != ends and (not LIMIT or steps < LIMIT):
        newest = gdb.newest_frame()
        stack = [f.pc() for f in frames()]
        judge.tell(words(STEP, gdb.selected_inferior().pid, *(register(newest, r) for r in REGISTERS), len(stack), *stack))
        gdb.execute("stepi", to_string=True)
        steps += 1
    left_out = is_alive() and register(gdb.newest_frame(), "rip") != ends
    judge.tell(words(END, left_out))
    gdb.execute("handle SIGUSR1 SIGUSR2 nostop noprint pass", to_string=True)


def main():
    for command in ("set pagination off", "set confirm off", "set backtrace past-main on", "set backtrace past-entry on", "set backtrace limit 190", "set print inferior-events off",
                    "set startup-with-shell on", "set debuginfod enabled off"):
        gdb.execute(command, to_string=True)
    gdb.execute("break stepper_begins", to_string=True)
    gdb.execute(f"run {os.environ['STEP_ARGUMENTS']}", to_string=True)
    gdb.execute(f"set follow-fork-mode {os.environ.get('STEP_FOLLOW', 'parent')}", to_string=True)  # (The judge was the first child.)
    judge = Judge()
    while is_alive():
        step_through(judge, gdb.parse_and_eval("what").string())
        if is_alive():
            gdb.execute("continue", to_string=True)


main()
