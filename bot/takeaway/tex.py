r"""Text as LaTeX that every program for bibliographies reads back.

Letters stay as they are: UTF-8 is what LaTeX and all of those programs read today, and macros for letters they know to
different extents. Escaped is what means something to TeX; signs of mathematics, which pdfLaTeX does not know as such,
become macros.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from bot.digest import text as paper_text

_SPECIAL = {
    "\\": r"{\textbackslash}", "<": "{$<$}", ">": "{$>$}", "|": "{$|$}", "^": r"\^{}",
    "~": r"\~{}", **{each: f"\\{each}" for each in "${}&%#_"},
}  # fmt: skip
# Where they do not pair, BibTeX, which counts escaped ones too, would not find the end of the field.
_UNPAIRED = {"{": r"{$\lbrace$}", "}": r"{$\rbrace$}"}
_LIGATURE = re.compile(r"([-`',])(?=\1)|([!?])(?=`)")
_FORMULA = re.compile(r"(\$[^$]+\$)")
_MACRO = re.compile(r"\\([A-Za-z]+|.)")
# Letters up to here, and this punctuation, LaTeX knows itself.
_LAST = "\u017f"
_PUNCTUATION = frozenset("–—‘’‚“”„†‡•…‰‹›€™")
# What it knows in mathematics without a package, but for what is spelt as Greek is.
_PLAIN_MATHS = frozenset(
    re.findall(
        r"\w+",
        """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho
    sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    leq geq neq ll gg sim simeq cong approx equiv propto prec succ preceq succeq subset supset subseteq supseteq in
    ni notin cap cup setminus wedge vee oplus ominus otimes odot times pm mp div cdot cdots ldots star ast circ
    bullet infty partial nabla forall exists emptyset angle perp parallel mid top hbar ell wp aleph sum prod int oint
    leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow mapsto to uparrow downarrow langle rangle
    lceil rceil lfloor rfloor sqrt frac mathrm mathbf mathit mathsf mathtt mathcal textit textrm textbf hat
    tilde bar vec dot ddot overline widehat widetilde left right log exp max min sin cos tan lim
    """,
    )
)
# A macro alone, a script, or a letter in a type: accents over nothing and mere look-alikes are no signs.
_TAKES_MATHS = re.compile(r"\\ensuremath\{(\\[A-Za-z]+|[\^_].+|\\math\w+\{\w\})\}")
_CORE = re.compile(r"(\W*)(.*\w)(.*)", re.DOTALL)
_SCRIPT = re.compile(r"([\^_])(.)")


def tex(text: str) -> str:
    """Return a text, in one line, as LaTeX that shows it."""
    return _escaped(" ".join(text.split()), _signs(text))


def title(plain: str, raw: str) -> str:
    """Return a title, as it is shown and as its authors typed it, as LaTeX whose capitals no style takes away.

    A formula is the authors' own only where LaTeX does not know every sign that is shown of it: other programs read
    what is shown, and leave formulas as they are.
    """
    pieces = _pieces(plain, raw)
    signs = _signs(plain)
    is_sentence = _is_sentence(plain)
    done: list[str] = []
    before = ""
    for formula, shown in pieces:
        if formula:
            done.append(f"{{{formula}}}")
            before = shown
            continue
        for word in re.findall(r"\s+|\S+", shown):
            done.append(" " if word.isspace() else _kept(word, before, signs, is_sentence=is_sentence))
            before = before if word.isspace() else word
    return "".join(done)


def _pieces(plain: str, raw: str) -> list[tuple[str, str]]:
    """Cut a title into formulas as typed and text as shown; it is all text where that does not give what is shown."""
    if _is_known(plain) or "$" not in raw:
        return [("", plain)]
    pieces = [_piece(each) for each in _FORMULA.split(" ".join(raw.split()))]
    fits = "".join(shown for _, shown in pieces) == plain
    return pieces if fits else [("", plain)]


def _piece(raw: str) -> tuple[str, str]:
    shown = paper_text.read(raw).plain
    if _FORMULA.fullmatch(raw):
        return ("" if _is_known(shown) or not _is_valid(raw) else raw), shown
    lead, trail = raw[:1].isspace() * " ", raw[-1:].isspace() * " "
    return "", lead + shown + (trail if raw.strip() else "")


def _is_valid(formula: str) -> bool:
    """Tell whether LaTeX can set a formula without any package."""
    from pylatexenc.latexwalker import LatexWalker, LatexWalkerParseError  # noqa: PLC0415  # seldom needed

    known = all(each in _PLAIN_MATHS or not each.isalpha() for each in _MACRO.findall(formula))
    if not known or re.search(r"(?<!\\)[%#&]", formula) or not formula.isascii() or not _pairs(formula):
        return False
    try:
        LatexWalker(formula, tolerant_parsing=False).get_latex_nodes()
    except LatexWalkerParseError:
        return False
    return True


def _pairs(text: str) -> bool:
    depth = 0
    for each in text:
        depth += (each == "{") - (each == "}")
        if depth < 0:
            return False
    return depth == 0


def _signs(text: str) -> Mapping[str, str]:
    return _SPECIAL if _pairs(text) else _SPECIAL | _UNPAIRED


def _escaped(text: str, signs: Mapping[str, str]) -> str:
    parted = _LIGATURE.sub(lambda match: f"{match[0]}\0", text)
    return "".join(signs.get(each) or _sign(each) for each in parted).replace("\0", "{}")


def _is_known(text: str) -> bool:
    """Tell whether LaTeX knows each sign of a text, itself or as a macro."""
    return all(each <= _LAST or each in _PUNCTUATION or _sign(each) != each for each in text)


@lru_cache(maxsize=4096)
def _sign(character: str) -> str:
    """Return the macro for a sign of mathematics, where LaTeX knows it without a package; else the sign itself."""
    if character <= _LAST:
        return character
    from pylatexenc.latexencode import get_builtin_uni2latex_dict  # noqa: PLC0415  # seldom needed

    match = _TAKES_MATHS.fullmatch(get_builtin_uni2latex_dict().get(ord(character), ""))
    if match is None or not all(each in _PLAIN_MATHS for each in _MACRO.findall(match[1])):
        return character
    maths = _SCRIPT.sub(r"\1{\2}", match[1])
    return f"{{${maths}$}}"


def _is_sentence(text: str) -> bool:
    """Tell a title in which capitals mean names from one that begins every word of weight with them."""
    long = [each for each in text.split()[1:] if len(each) > 3 and each[0].isalpha()]
    return sum(each[0].isupper() for each in long) * 2 < len(long)


def _kept(word: str, before: str, signs: Mapping[str, str], *, is_sentence: bool) -> str:
    """Return a word of a title as LaTeX, in braces where a style that wants small letters would spoil it."""
    begins = not before or before[-1] in ":.?!"
    name = is_sentence and not begins and word[0].isupper()
    spoilt = name or any(map(_has_capital, re.split(r"[-‐–/]", word)))
    lead, core, trail = _CORE.findall(word)[0] if spoilt else ("", "", word)
    if not core or not _pairs(core):
        return _escaped(word, signs)
    return f"{_escaped(lead, signs)}{{{_escaped(core, signs)}}}{_escaped(trail, signs)}"


def _has_capital(part: str) -> bool:
    letters = [each for each in part if each.isalpha()]
    if len(letters) == 1:
        return letters[0].isupper() and (part not in ("A", "I"))
    return any(each.isupper() for each in letters[1:]) or (part[:1].isdigit() and any(map(str.isupper, letters)))
