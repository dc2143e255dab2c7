"""Runs a command in a terminal of its own, and passes on what it writes. Lines of stdin: `size WIDTH HEIGHT`, `type TEXT` (as JSON).
When the command has ended, stderr gets its status and whether the terminal is as it was before."""

import fcntl, json, os, pty, select, struct, sys, termios


def resize(fd, width, height):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


ready, go = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    # The terminal's size is set, and its settings are read, before the command begins.
    os.read(ready, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
resize(terminal, 80, 24)
before = termios.tcgetattr(terminal)
os.write(go, b".")
sources = [terminal, 0]
said = b""
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            read = os.read(source, 65536)
        except OSError:
            read = b""
        if not read:
            sources.remove(source)
        elif source == terminal:
            os.write(1, read)
        else:
            *lines, said = (said + read).split(b"\n")
            for line in lines:
                word, rest = line.decode().split(" ", 1)
                if word == "size":
                    resize(terminal, *map(int, rest.split()))
                else:
                    os.write(terminal, json.loads(rest).encode())
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"status": status, "restored": termios.tcgetattr(terminal) == before}), file=sys.stderr)
