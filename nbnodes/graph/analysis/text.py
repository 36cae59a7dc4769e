"""A cell's text becomes a tree; of IPython's own syntax it is said what it may do. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nbnodes.graph.analysis.record import Doubt, FileUse
from nbnodes.notebook.python import parse_cell

_STATEMENT = re.compile(  # `%time total = f(x)` is the statement, timed
    r"^(?P<indent>[ \t]*)%(?:time|timeit|memit|prun|lprun|mprun)[ \t]+"
    r"(?:-\w+[ \t]*\d*[ \t]+)*(?=[^-\s])",
    re.MULTILINE,
)
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>!|[\w.]+)(?P<rest>[^\n]*)\n?")
_LINE_MAGIC = re.compile(r"%(?P<name>\w+)(?P<rest>.*)")
_WORD = re.compile(r"[^\W\d]\w*")
_SHELLS = {"bash", "sh", "script", "system", "sx", "!", "cmd", "perl", "ruby", "python2", "pypy"}
_SHOWS = {"html", "HTML", "javascript", "js", "latex", "markdown", "svg", "SVG"}
_WRITES = {"writefile", "file"}
_SETTINGS = {
    *("matplotlib", "config", "load_ext", "reload_ext", "unload_ext", "autoreload", "precision"),
    *("colors", "xmode", "pdb", "aimport", "set_env", "env", "cd", "autosave", "doctest_mode"),
    *("pprint", "automagic", "autocall", "gui", "alias", "rehashx", "page", "autoawait"),
}
_SHOWN = {
    *("who", "whos", "who_ls", "pwd", "ls", "ll", "history", "lsmagic", "magic", "pinfo", "pdoc"),
    *("psource", "pfile", "quickref", "pip", "conda", "mamba", "uv", "time", "timeit", "notebook"),
    *(
        "watermark",
        "memit",
        "system",
        "sx",
        "cat",
        "head",
        "more",
        "less",
        "mkdir",
        "cp",
        "mv",
        "rm",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Magic:
    """A line of IPython's.

    Attributes:
        text: The line.
        is_setting: Whether it sets something up and nothing else, so that it can be repeated.
        words: The words in it that may be names.
    """

    text: str
    is_setting: bool
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellText:
    """A cell's text, taken apart.

    Attributes:
        lines: Its lines, those of the tree.
        tree: Its Python.
        magics: Its lines of IPython's, by their number.
        opaque: Why nobody can tell what it does.
        doubts: What else is doubtful.
        files: The files that its magics use.
        words: The words of its magics that may be names.
        stores: Names that its magics bind.
        binds: Whether its statements bind names in the notebook.
        is_reduced: Whether the tree lacks some of its statements.
        is_foreign: Whether all of it is in another language.
    """

    lines: tuple[str, ...]
    tree: ast.Module
    magics: Mapping[int, Magic] = field(default_factory=dict)
    opaque: tuple[Doubt, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    files: tuple[FileUse, ...] = ()
    words: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    binds: bool = True
    is_reduced: bool = False
    is_foreign: bool = False


def cell_text(source: str) -> CellText:
    """Take a cell's text apart."""
    source = _undented(source)
    magic = _CELL_MAGIC.match(source)
    if magic is None or magic["name"] in ("time", "prun"):
        return _python(_STATEMENT.sub(lambda m: m["indent"], source))
    name, rest = magic["name"], magic["rest"]
    body = "\n" * magic.group().count("\n") + source[magic.end() :]
    if name in ("timeit", "memit"):
        return replace(_python(body), binds=False)
    if name == "capture":
        stores = frozenset(word for word in rest.split() if word.isidentifier())
        return replace(_python(body), stores=stores)
    return _foreign(source, name, rest)


def _foreign(source: str, name: str, rest: str) -> CellText:
    """Say of a cell in another language what it may do."""
    lines, empty = tuple(source.split("\n")), ast.Module(body=[], type_ignores=[])
    words = frozenset(_WORD.findall(rest))
    if name in _SHELLS and "--out" not in rest and "--err" not in rest:
        doubts = ((1, f"`%%{name}` runs another program"),)
        files = (FileUse(path="*", writes=True),)
        return CellText(
            is_foreign=True, lines=lines, tree=empty, doubts=doubts, files=files, words=words
        )
    if name in _SHOWS:
        return CellText(is_foreign=True, lines=lines, tree=empty, words=words)
    path = rest.replace("-a ", "").strip()
    if name in _WRITES and path and not path.endswith(".py"):
        doubts = ((1, f"writes the file {path}"),)
        files = (FileUse(path=re.sub(r"[{$].*", "*", path), writes=True),)
        return CellText(
            is_foreign=True, lines=lines, tree=empty, doubts=doubts, files=files, words=words
        )
    why = ((1, f"nobody can tell what `%%{name}` reads and changes"),)
    return CellText(is_foreign=True, lines=lines, tree=empty, opaque=why)


def _python(source: str) -> CellText:
    lines = tuple(source.split("\n"))
    parsed = parse_cell(source)
    if parsed is None:
        why = ((1, "it is not Python, and nobody can tell what it reads and changes"),)
        return CellText(lines=lines, tree=ast.Module(body=[], type_ignores=[]), opaque=why)
    magics: dict[int, Magic] = {}
    opaque: list[Doubt] = []
    doubts: list[Doubt] = []
    files: list[FileUse] = []
    words: set[str] = set()
    for number, line in enumerate(lines, 1):
        if line.strip() not in parsed.escapes:
            continue
        escape = line.strip()
        magics[number] = Magic(
            text=escape, is_setting=_is_setting(escape), words=frozenset(_WORD.findall(escape))
        )
        words |= magics[number].words if not magics[number].is_setting else set()
        _judge(escape, number, opaque, doubts, files)
    return CellText(
        lines=lines,
        tree=parsed.tree,
        magics=magics,
        opaque=tuple(opaque),
        doubts=tuple(doubts),
        files=tuple(files),
        words=frozenset(words),
    )


def _judge(
    escape: str, line: int, opaque: list[Doubt], doubts: list[Doubt], files: list[FileUse]
) -> None:
    """Say what a line of IPython's may do."""
    if re.match(r"[^%!?]*=\s*[!%]", escape) or escape.startswith("!"):
        magic = _LINE_MAGIC.search(escape) if "!" not in escape else None
        doubts.append((line, f"`{escape}` runs another program"))
        files.append(FileUse(path="*", writes=True))
        if magic is not None and magic["name"] not in _SHOWN:
            opaque.append((line, f"nobody can tell what `%{magic['name']}` reads and changes"))
        return
    magic = _LINE_MAGIC.match(escape)
    if magic is None or _is_setting(escape):
        return
    name = magic["name"]
    if name not in _SHOWN:
        opaque.append((line, f"nobody can tell what `%{name}` reads and changes"))
    elif name in ("pip", "conda", "mamba", "uv"):
        doubts.append((line, f"`%{name}` changes what is installed"))
    elif name in ("system", "sx", "mkdir", "cp", "mv", "rm", "cat", "head", "more", "less"):
        doubts.append((line, f"`%{name}` runs another program"))
        files.append(FileUse(path="*", writes=True))


def _is_setting(escape: str) -> bool:
    magic = _LINE_MAGIC.match(escape)
    if magic is None or magic["name"] not in _SETTINGS:
        return False
    return not re.search(r"[{$]", magic["rest"])


def _undented(source: str) -> str:
    """Take the first line's indent off every line, as IPython does."""
    indent = re.match(r"[ \t]+(?=\S)", source)
    return re.sub(f"^{indent.group()}", "", source, flags=re.MULTILINE) if indent else source
