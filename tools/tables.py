"""Reads the tables of the server (*.def): rows of macros, with comments and texts as C has them."""
import os, re
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf8") as f:
        return f.read()


def rows(path, word):
    """The arguments of each WORD(...) row of a table as raw text, comments taken away."""
    if not os.path.exists(os.path.join(ROOT, path)):
        return []
    text = re.sub(r"/\*.*?\*/", " ", read(path), flags=re.S)
    found = []
    for m in re.finditer(r"^\s*%s\s*\(" % word, text, re.M):
        depth, at, quoted = 1, m.end(), False
        while depth and at < len(text):
            c = text[at]
            if quoted:
                at += c == "\\"
                quoted = c != '"'
            elif c == '"':
                quoted = True
            else:
                depth += (c == "(") - (c == ")")
            at += 1
        found.append(text[m.end():at - 1])
    return found


def fields(row):
    """A row's arguments, split at the commas outside of texts."""
    return [x.strip() for x in re.findall(r'(?:"(?:\\.|[^"\\])*"|[^",])+|(?<=,)(?=,)', row)]


def text_of(field):
    """The text that a C string stands for; other fields as they are."""
    parts = re.findall(r'"((?:\\.|[^"\\])*)"', field)
    return re.sub(r"\\(.)", r"\1", "".join(parts)) if parts else ("" if field.startswith('"') else field)


def sections(path, words):
    """(comment, [(word, fields)]) for each comment of a line of its own and the rows of those words that follow it."""
    found = [("", [])]
    for piece in re.split(r"^(?=/\*)", read(path), flags=re.M):
        m = re.match(r"/\*(.*?)\*/\s*", piece, re.S)
        if m and found:
            found.append((" ".join(m.group(1).split()), []))
        for line in piece.splitlines():
            row = re.match(r"\s*(%s)\s*\((.*)\)\s*(?:/\*.*\*/)?\s*$" % "|".join(words), line)
            if row:
                found[-1][1].append((row.group(1), fields(row.group(2))))
    return [part for part in found if part[1]]
