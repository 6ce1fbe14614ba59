"""LaTeX, as authors type it into titles and abstracts, as Unicode.

pylatexenc knows the symbols, accents and styled letters; finding the LaTeX among prose is done here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

_TEX = re.compile(r"[\\$~]|[\^_]\{")
_TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|\$|[{}^_~]|[^\\${}^_~]+|\\", re.DOTALL)
_DEEPEST = 40


def to_unicode(text: str) -> str:
    """Return a text with its LaTeX as Unicode; the same text where it is none, or none that can be read."""
    if "``" in text:
        text = text.replace("``", "“").replace("''", "”")
    if not _TEX.search(text):
        return text
    try:
        return _Tex(_TOKEN.findall(text)).shown()
    except (RecursionError, ValueError, LookupError):
        return text


class _Tex:
    """One text's pieces on their way to Unicode.

    pylatexenc knows the symbols and accents. Its parser is not used: it takes `%` for a comment, loses the
    contents of macros that it does not know, raises on half-typed input and costs 10 ms a text. Here braces
    and dollars are matched in one pass before, and one without a match is a plain sign.
    """

    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces
        self.end_of: dict[int, int] = {}
        self._match_groups()
        self._match_maths()

    def shown(self) -> str:
        return self._run(0, len(self.pieces), math=False)

    def _match_groups(self) -> None:
        opened: list[int] = []
        for i, piece in enumerate(self.pieces):
            if piece == "{":
                opened.append(i)
                if len(opened) > _DEEPEST:
                    raise ValueError("nested too deep to be prose")
            elif piece == "}" and opened:
                self.end_of[opened.pop()] = i

    def _match_maths(self) -> None:
        """Match dollars by Pandoc's rule (`$5 and $7` are prices), and where the body can only be TeX."""
        opened = -1
        for i, piece in enumerate(self.pieces):
            if piece in ("\\(", "\\["):
                opened = i
            elif piece in ("\\)", "\\]") and opened >= 0 and self.pieces[opened][1:] == _OPENS[piece[1:]]:
                self.end_of[opened], opened = i, -1
            elif piece == "$":
                if opened >= 0 and self.pieces[opened] == "$" and self._is_maths(opened, i):
                    self.end_of[opened], opened = i, -1
                else:
                    opened = i

    def _is_maths(self, start: int, end: int) -> bool:
        if end == start + 1:
            return False
        first, last = self.pieces[start + 1][0], self.pieces[end - 1][-1]
        after = self.pieces[end + 1][0] if end + 1 < len(self.pieces) else ""
        tex = any(piece[0] in "\\^_{" for piece in self.pieces[start + 1 : end])
        tight = not first.isspace() and not last.isspace()
        return (tight and (tex or not after.isdigit())) or (tex and not after.isalnum())

    def _run(self, i: int, end: int, *, math: bool) -> str:
        out: list[str] = []
        while i < end:
            piece = self.pieces[i]
            closed = self.end_of.get(i, end)
            if piece[:1] == "\\" and len(piece) > 1:
                i = self._macro(i, end, math, out)
            elif closed < end and piece == "$":
                out.append(self._run(i + 1, closed, math=True).strip())
                i = closed + 1
            elif closed < end:
                self._group(i, closed, math, out)
                i = closed + 1
            elif piece in ("^", "_") and (math or self.end_of.get(i + 1, end) < end):
                argument, i = self._argument(i + 1, end, math=True)
                out.append(_script(piece, argument))
            else:
                out.append(" " if piece == "~" and self._ties(i) else piece)
                i += 1
        return "".join(out)

    def _group(self, i: int, closed: int, math: bool, out: list[str]) -> None:
        """Show a group without its braces where TeX would hide them for sure: in maths and beside a macro."""
        inner = self._run(i + 1, closed, math=math)
        macro = self.pieces[i - 1][:1] == "\\" if i else False
        if math or macro or self.pieces[i + 1][:1] == "\\":
            out.append(inner)
        else:
            out.append("{" + inner + "}")

    def _argument(self, i: int, end: int, *, math: bool) -> tuple[str, int]:
        """Return what a macro at `i - 1` applies to, and where the text goes on."""
        if i < end and self.pieces[i].isspace():
            i += 1
        if i >= end:
            return "", i
        piece, closed = self.pieces[i], self.end_of.get(i, end)
        if piece == "{" and closed < end:
            return self._run(i + 1, closed, math=math), closed + 1
        if piece[:1] == "\\" and len(piece) > 1:
            out: list[str] = []
            i = self._macro(i, end, math, out)
            return "".join(out), i
        piece = piece.lstrip()
        self.pieces[i] = piece[1:]
        return piece[:1], i

    def _ties(self, i: int) -> bool:
        """Tell a tie (`Fig.~1`, `image~(WSI)`) from "about" (`~10%`) and from a range (`6~300x`)."""
        before = self.pieces[i - 1][-1:] if i else ""
        after = self.pieces[i + 1][:1] if i + 1 < len(self.pieces) else ""
        return bool(before.strip() and before not in "(/" and after.strip()) and not (
            before.isdigit() and after.isdigit()
        )

    def _macro(self, i: int, end: int, math: bool, out: list[str]) -> int:
        """Show the macro at `i` and return where the text goes on."""
        name = self.pieces[i][1:]
        here = "".join(out[-1:])[-1:]
        following = self.pieces[i + 1] if i + 1 < end else ""
        grouped = following == "{" and self.end_of.get(i + 1, end) < end
        i += 1
        if name in _ACCENTS and (grouped or (name[0] not in _LETTERS and following[:1].strip()) or name == "H"):
            argument, i = self._argument(i, end, math=math)
            # arXiv's own pages mangle Greek: `\b{eta}` for beta, `\k{appa}` for kappa.
            out.append(_SIGNS.get(name + argument) or _symbol(name + argument) or _accented(name, argument))
        elif name in _MATH_ACCENTS:
            argument, i = self._argument(i, end, math=math)
            out.append(_accented(_MATH_ACCENTS[name], argument))
        elif name == "@":
            out.append("@" if here.isalnum() and following[:1].isalnum() else "")
        elif name in _SIGNS:
            out.append(_SIGNS[name])
        elif name in ("(", "[") and self.end_of.get(i - 1, end) < end:
            closed = self.end_of[i - 1]
            out.append(self._run(i, closed, math=True).strip())
            i = closed + 1
        elif name[0] not in _LETTERS:
            out.append({"|": "‖"}.get(name, name if name in _ESCAPED else "\\" + name))
        elif name in _WRAPPERS:
            if grouped and (name.startswith("text") or name in ("mbox", "hbox", "ensuremath")):
                argument, i = self._argument(i, end, math=name == "ensuremath")
                out.append(argument)
        elif name in _SILENT:
            if following[:1].isspace():
                self.pieces[i] = following.lstrip()
        elif name in ("color", "begin", "end") and grouped:
            i = self.end_of[i] + 1
            out.append(" ")
        elif name in _COMMANDS and grouped:
            i = self._command(name, i, end, math, out)
        else:
            symbol = _symbol(name)
            if symbol is None:
                # A word with a backslash: an author's own macro, or no TeX at all (`train\test`).
                symbol = f"\\{name}" if here.isalnum() and not math else name
                symbol += " " if grouped and self.end_of[i] > i + 1 else ""
            elif len(symbol) > 1 and symbol.isascii() and symbol.isalpha():
                symbol = f" {symbol}" if here.isalnum() or here == ")" else symbol
            elif following[:1].isspace() and (symbol[:1] in _LATIN if not math else here and not here.isspace()):
                self.pieces[i] = following.lstrip()
            out.append(symbol)
        return i

    def _command(self, name: str, i: int, end: int, math: bool, out: list[str]) -> int:
        """Show a macro that does more with its arguments than to set them in a type."""
        first, i = self._argument(i, end, math=math and name not in ("href", "footnote"))
        second = ""
        if name in _TAKE_TWO and i < end and self.end_of.get(i, end) < end:
            second, i = self._argument(i, end, math=math and name not in ("href", "textcolor"))
        match name:
            case "textcolor" | "hyperlink" | "hypertarget":
                out.append(second or first)
            case "href":
                out.append(f"{second} ({first})" if second.strip() not in ("", first) else first)
            case "footnote":
                out.append(f" ({first.strip()})")
            case "textsuperscript" | "textsubscript":
                out.append(_script("^" if name == "textsuperscript" else "_", first))
            case "sqrt":
                out.append("√" + _whole(first))
            case "unicode":
                out.append(_code_point(first))
            case "frac" | "tfrac" | "dfrac" | "cfrac" | "sfrac" | "nicefrac":
                out.append(f"{_whole(first)}/{_whole(second)}")
            case "mathcal" | "mathbb" | "mathfrak" | "mathscr":
                out.append("".join(_styled(name, letter) for letter in first))
            case _:
                out.append(f"[{first}]")
        return i


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LATIN = "øØłŁßæÆœŒåÅıȷ"
_DOTTED = str.maketrans("ıȷ", "ij")  # `\\'{\\i}`: composed, the accent takes the dot's place
_ESCAPED = "&%$#_{}()[]*/\"'`^~.=<>+:;?"
_OPENS = {")": "(", "]": "["}
_ACCENTS = frozenset("\"'`^~=.uvHtcdbrk")
_MATH_ACCENTS = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "Tilde": "tilde", "bar": "bar",
    "overline": "bar", "vec": "vec", "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve",
    "acute": "acute", "grave": "grave", "mathring": "r",
}  # fmt: skip
_SIGNS = {
    ",": " ", ";": " ", ":": " ", " ": " ", "\n": " ", "\t": " ", "\\": " ", "!": "", "-": "", "n": " ",
    "quad": " ", "qquad": " ", "linebreak": " ", "newline": " ", "par": " ", "bigskip": " ", "medskip": " ",
    "smallskip": " ", "item": " • ", "textbackslash": "\\", "backslash": "\\", "textasciitilde": "~",
    "checkmark": "✓", "copyright": "©", "not": "not ", "deg": "°", "percent": "%", "slash": "/",
}  # fmt: skip
_WRAPPERS = {
    "Gls", "ac", "acf", "acl", "acp", "acrfull", "acrlong", "acrshort", "acs", "bm", "boldsymbol", "emph",
    "enquote", "ensuremath", "gls", "glspl", "hbox", "hl", "mathbf", "mathit", "mathnormal", "mathop",
    "mathrm", "mathsf", "mathtt", "mbox", "operatorname", "operatorname*", "path", "pmb", "sout", "text",
    "textbf", "textit", "textmd", "textnormal", "textrm", "textsc", "textsf", "textsl", "texttt", "textup",
    "ul", "uline", "underline", "url", "uwave",
}  # fmt: skip
_SILENT = {
    "Big", "Bigg", "Bigl", "Bigr", "Huge", "LARGE", "Large", "bf", "bfseries", "big", "bigg", "biggl",
    "biggr", "bigl", "bigr", "cal", "centering", "displaystyle", "em", "footnotesize", "huge", "it",
    "itshape", "large", "left", "limits", "middle", "noindent", "nolimits", "normalfont", "normalsize",
    "protect", "right", "rm", "rmfamily", "sc", "scriptsize", "scriptstyle", "scshape", "sf", "sffamily",
    "sl", "small", "textstyle", "tiny", "tt", "ttfamily", "upshape", "verb", "xspace",
}  # fmt: skip
_TAKE_TWO = {
    "cfrac", "dfrac", "frac", "href", "hyperlink", "hypertarget", "nicefrac", "sfrac", "textcolor", "tfrac",
}  # fmt: skip
_COMMANDS = _TAKE_TWO | {
    "autocite", "autoref", "cite", "citealp", "citeauthor", "citep", "citet", "cref", "eqref", "footnote",
    "label", "mathbb", "mathcal", "mathfrak", "mathscr", "parencite", "ref", "sqrt", "textcite",
    "textsubscript", "textsuperscript", "unicode",
}  # fmt: skip
_RAISED = str.maketrans(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ∘′⊤",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ°′ᵀ",
)
_LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")


def _script(sign: str, argument: str) -> str:
    """Raise or lower an argument where every character has a form for it; else say it with the sign."""
    argument = argument.strip()
    table = _RAISED if sign == "^" else _LOWERED
    if argument and all(ord(character) in table for character in argument):
        return argument.translate(table)
    return f"{sign}({argument})" if len(argument) > 1 else sign + argument


def _whole(argument: str) -> str:
    """Put an argument in parentheses unless it reads as one thing."""
    argument = argument.strip()
    return argument if len(argument) == 1 or argument.isalnum() else f"({argument})"


def _code_point(argument: str) -> str:
    try:
        character = chr(int("0" + argument.strip(), 16))
    except (ValueError, OverflowError):
        return argument
    # Controls, private and unassigned characters are no text.
    return "" if unicodedata.category(character).startswith("C") else character


@lru_cache(maxsize=1024)
def _symbol(name: str) -> str | None:
    """Return what pylatexenc shows for a macro that takes no argument: `alpha`, `times`, `log`."""
    if name == "today":
        return None
    shown = getattr(_symbols().get_macro_spec(name), "simplify_repl", None)
    return shown if isinstance(shown, str) and shown and "%" not in shown else None


@lru_cache(maxsize=1)
def _symbols() -> Any:  # noqa: ANN401 - pylatexenc has no types
    from pylatexenc.latex2text import get_default_latex_context_db  # noqa: PLC0415 - 60 ms that few texts need

    return get_default_latex_context_db()


def _accented(mark: str, argument: str) -> str:
    """Put an accent on the first letter of what a macro applies to."""
    letter, rest = argument[:1], argument[1:]
    if not letter.isalpha() or (rest and mark[0] in _LETTERS and len(mark) == 1):
        return f"{mark} {argument}" if mark[0] in _LETTERS and argument else mark + argument
    return _typeset(f"\\{mark}{{{letter.translate(_DOTTED)}}}", letter) + rest


def _styled(style: str, letter: str) -> str:
    return _typeset(f"$\\{style}{{{letter}}}$", letter) if letter in _LETTERS else letter


@lru_cache(maxsize=1024)
def _typeset(tex: str, otherwise: str) -> str:
    """Return what pylatexenc makes of one accented or styled letter."""
    from pylatexenc.latex2text import LatexNodes2Text  # noqa: PLC0415 - see above

    try:
        return str(LatexNodes2Text(math_mode="text").latex_to_text(tex)) or otherwise
    except (LookupError, ValueError):
        return otherwise
