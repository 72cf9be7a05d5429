"""Looking at a QR code as a camera would: the SVG is drawn on a page by rsvg-convert and read back by zbarimg."""
import os, re, struct, subprocess, zlib


def draw(svg, folder, page, name="page.png", scale=3, margin=60):
    """The SVG as a picture of so many pixels a unit, in the middle of a page of one colour; returns the PNG's name."""
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", svg)
    units = float(re.search(r'viewBox="0 0 (\d+)', svg).group(1))
    size = max(units * scale, 240)
    width = re.search(r'<svg[^>]*\swidth="([\d.]+)', svg)
    zoom = size / float(width.group(1)) if width else 1
    inner = '<g transform="translate(%d,%d) scale(%f)">%s</g>' % (margin, margin, zoom, body) if width else \
        '<svg x="%d" y="%d" width="%f" height="%f">%s</svg>' % (margin, margin, size, size, body)
    whole = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%d" height="%d"><rect width="100%%" height="100%%" fill="%s"/>%s</svg>' % (
        size + 2 * margin, size + 2 * margin, page, inner)
    source, png = os.path.join(folder, "page.svg"), os.path.join(folder, name)
    with open(source, "w", encoding="utf8") as f:
        f.write(whole)
    subprocess.run(["rsvg-convert", "-o", png, source], check=True, capture_output=True)
    return png


def scans_to(svg, text, folder, page):
    png = draw(svg, folder, page)
    out = subprocess.run(["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", png], capture_output=True)
    got = out.stdout.decode("utf8", "replace").rstrip("\n")
    assert got == text, "on a %s page it reads %r, not %r" % (page, got, text)


def pixels(png):
    """Rows of grey values (0-255) of an 8-bit RGB or RGBA PNG."""
    with open(png, "rb") as f:
        data = f.read()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and kind in (2, 6), (depth, kind)
    step, at, packed = {2: 3, 6: 4}[kind], 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    raw, line, rows, before = zlib.decompress(packed), width * step, [], bytearray(width * step)
    for y in range(height):
        how, row = raw[y * (line + 1)], bytearray(raw[y * (line + 1) + 1:(y + 1) * (line + 1)])
        for i in range(line):
            a, b, c = row[i - step] if i >= step else 0, before[i], before[i - step] if i >= step else 0
            if how == 4:
                p = a + b - c
                guess = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            else:
                guess = (0, a, b, (a + b) // 2)[how]
            row[i] = (row[i] + guess) & 255
        rows.append([sum(row[x * step:x * step + 3]) // 3 for x in range(width)])
        before = row
    return rows


def quiet_zone(svg, folder):
    """At least four modules of white around the symbol, drawn by the SVG itself (the page is red: neither black nor white)."""
    units = int(re.search(r'viewBox="0 0 (\d+)', svg).group(1))
    rows = pixels(draw(svg, folder, "red", "zone.png", scale=max(2, -(-300 // units)), margin=20))
    inside = [row[20:-20] for row in rows[20:-20]]
    dark = [(x, y) for y, row in enumerate(inside) for x, value in enumerate(row) if value < 40]
    left, top = min(x for x, _ in dark), min(y for _, y in dark)
    right, bottom = len(inside[0]) - 1 - max(x for x, _ in dark), len(inside) - 1 - max(y for _, y in dark)
    run = next((n for n, value in enumerate(inside[top + 1][left:]) if value > 200), 0)      # the finder pattern's edge: seven modules
    assert run, "the light modules are not drawn: the page shines through"
    module = run / 7
    for name, size in (("left", left), ("top", top), ("right", right), ("bottom", bottom)):
        assert size / module > 3.7, "quiet zone %s: %.1f modules" % (name, size / module)
    assert all(value > 240 for row in inside[2:int(module * 3)] for value in row[2:-2]), "the quiet zone is not white"
