"""A program in a terminal of its own (a pty), and the picture that this terminal would show: cells with their colours, drawn for a dark
and a light theme, for a QR reader to read."""
import fcntl, os, pty, re, select, signal, struct, subprocess, tempfile, termios, time

DARK, LIGHT = ((0xE0, 0x10)), ((0x18, 0xF8))      # the grey of default text and background in each theme
MODULE = 6                                         # pixels


class Terminal:
    def __init__(self, command, env, rows=60, columns=120, cwd=None):
        self.output, self.command, self.code = "", command, None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                for one in (signal.SIGINT, signal.SIGQUIT):     # ignored, and inherited so, where the tests run in the background
                    signal.signal(one, signal.SIG_DFL)
                os.chdir(cwd or "/")
                os.execvpe(command[0], command, env)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return None
        try:
            data = os.read(self.fd, 65536)
        except OSError:                            # the other side is gone
            data = b""
        self.output += data.decode("utf8", "replace")
        return data

    def expect(self, text, timeout=20, begin=0):
        end = time.monotonic() + timeout
        while text not in self.output[begin:]:
            if time.monotonic() > end or self._read(0.2) == b"":
                raise AssertionError("%r did not come: %r" % (text, self.output[-600:]))

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def send(self, line, end="\n"):
        os.write(self.fd, (line + end).encode())

    def wait(self, timeout=30):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._read(0.2) == b"":
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError("it did not end: %r" % self.output[-600:])
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code


def cells(text):
    """The lines of a terminal's output as lists of (character, foreground, background); None: the theme's own colour."""
    lines, fg, bg = [[]], None, None
    for m in re.finditer("\x1b\\[([0-9;]*)m|\x1b\\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|([\\s\\S])", text):
        if m.group(2) == "\n":
            lines.append([])
        elif m.group(2) and m.group(2) >= " ":
            lines[-1].append((m.group(2), fg, bg))
        elif m.group(1) is not None:
            codes = [int(x or 0) for x in m.group(1).split(";")]
            while codes:
                c = codes.pop(0)
                if c in (38, 48):
                    assert codes.pop(0) == 5, "a colour that this reader does not know"
                    value = {16: 0x00, 231: 0xFF}[codes.pop(0)]
                    fg, bg = (value, bg) if c == 38 else (fg, value)
                elif c in (0, 39, 49):
                    fg, bg = (None if c != 49 else fg), (None if c != 39 else bg)
    return lines


def picture(text, theme):
    """A PGM of the whole screen: each character is one module wide and two high."""
    grid, (ink, paper) = cells(text), theme
    width = max(len(line) for line in grid) + 4
    rows = []
    for line in grid:
        upper, lower = [], []
        for char, fg, bg in line:
            fg, bg = ink if fg is None else fg, paper if bg is None else bg
            upper.append(fg if char in "\u2580\u2588" else bg)
            lower.append(fg if char in "\u2584\u2588" else bg)
        for half in (upper, lower):
            half += [paper] * (width - len(half))
            rows += [b"".join(bytes([x]) * MODULE for x in half)] * MODULE
    return b"P5\n%d %d\n255\n" % (width * MODULE, len(rows)) + b"".join(rows)


def read_qr(text, theme):
    """What zbarimg reads in the picture, or "" if it finds nothing."""
    with tempfile.NamedTemporaryFile(suffix=".pgm") as f:
        f.write(picture(text, theme))
        f.flush()
        out = subprocess.run(["zbarimg", "--raw", "-q", "-S*.disable", "-Sqrcode.enable", f.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return out.stdout.strip()
