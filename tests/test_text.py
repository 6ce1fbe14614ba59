"""Paper text as people read it."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.digest.text import _HIDDEN, _MAY_COMBINE, read


def code(raw: str) -> list[str]:
    return [link.url for link in read(raw).links if link.kind == "code"]


@pytest.mark.parametrize(
    "typed",
    [
        "where $a<b and p<0.05, n<m but x>y end",
        "tokens <CLS> and <think> deep </think>",
        "a triple <query, modification> and <human, verb, object>",
        "about 4% mIoU. The next sentence survives.",
        "AT&T, Q&A, R&D and &nothing; at #1",
        "it costs $5 and $7, or $10-$20",
        "snake_case, 2^10, x_i and {a, b}",
        "~10% better and 6~300x faster",
        "a<b>c and P(x|y)>0",
        "--verbose runs C++ and C#",
        "an unclosed { and a stray } and a last \\",
        "split train\\test once",
    ],
)
def test_what_only_looks_like_markup_stays(typed: str) -> None:
    assert read(typed).plain == typed


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"$\mathcal{O}(n\log n)$, $\ell_2$, $\|x\|_2^2$", "𝒪(n log n), ℓ₂, ‖x‖₂²"),
        (r"$\text{CO}_2$ at $90^\circ$ and $10^{-3}$", "CO₂ at 90° and 10⁻³"),
        (r"$28\times 28$, $a \times b$, 5\times faster", "28×28, a × b, 5× faster"),
        (r"$x^{n+1}_{ij}$, $e^{q/2}$, $\mathbb{R}^{n\times d}$", "xⁿ⁺¹ᵢⱼ, e^(q/2), ℝ^(n×d)"),
        (r"$\frac{1}{2}$, $\frac{a+b}{c}$, $\sqrt{n}$", "1/2, (a+b)/c, √n"),
        (r"$\widetilde{O}(n)$, $\hat{x}$", "Õ(n), x̂"),
        (r"where $a<b$ and p<0.05", "where a<b and p<0.05"),
        (r"\(N\)-dimensional \[x_1\]", "N-dimensional x₁"),
        (r"$\unicode{x2014}$such", "—such"),
        (r"Erd\H{o}s, Erd\H os, Poincar\'e, \v{C}ech", "Erdős, Erdős, Poincaré, Čech"),
        (r"Isstr{\o}m, \L ukasz, Encyclop\ae dia", "Isstrøm, Łukasz, Encyclopædia"),
        (r"na\"ive fa\c{c}ade, moir\'eing", "naïve façade, moiréing"),
        (r"\b{eta}-VAE, \k{appa}=0.81, \c{opyright}", "β-VAE, κ=0.81, ©"),
        (r"\texttt{pip}, \textbf{b}\emph{e}, {\em soft} \textcolor{red}{hot}", "pip, be, soft hot"),
        (r"1\textsuperscript{st}, \underline{u}, \textsc{Bert}", "1ˢᵗ, u, Bert"),
        (r"as shown~\cite{a,b}\footnote{In part.}", "as shown [a,b] (In part.)"),
        (r"50\% of A\&B, a\_b, \$5, \#1", "50% of A&B, a_b, $5, #1"),
        (r"our \method is \foo{bar baz}, \method{} too", "our method is foo bar baz, method too"),
        (r"released at \this https URL, a newline (\n\n)", "released at this https URL, a newline ( )"),
        ("``quoted''", "“quoted”"),
        ("image~(WSI), Fig.~1", "image (WSI), Fig. 1"),
    ],
)  # fmt: skip
def test_latex_becomes_unicode(tex: str, shown: str) -> None:
    assert read(tex).plain == shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('at <a class="x" href="https://a.org/b" rel="y">this https URL</a>.', "at https://a.org/b."),
        ('see <a href="http://a.org">the page</a>.', "see the page (http://a.org)."),
        ('<a href="https://a.org/">a.org</a>', "https://a.org/"),
        ('<a href="https://a.org/?x=1&amp;y=2">this https URL</a>', "https://a.org/?x=1&y=2"),
        ('<a href="javascript:alert(1)">label</a>', "label"),
        ('<a href="https://a.org">never closed', "never closed (https://a.org)"),
        ("one<br>two<br/>three", "one two three"),
        ("CO<sub>2</sub>, 10<sup>-3</sup>, <b>bold</b> <i>it</i>", "CO₂, 10⁻³, bold it"),
        ("&lt;b&gt; &amp; &quot;", '<b> & "'),
    ],
)
def test_inline_html_becomes_text(html: str, shown: str) -> None:
    assert read(html).plain == shown


def test_links_come_in_order_and_once() -> None:
    raw = (
        r"(https://b.org/x). \url{https://a.org/y_z} and \href{https://c.org}{page}, again https://b.org/x,"
        " https://en.org/A_(b) and <https://d.org/>"
    )
    reading = read(raw)
    assert [link.url for link in reading.links] == [
        "https://b.org/x", "https://a.org/y_z", "https://c.org", "https://en.org/A_(b)", "https://d.org/",
    ]  # fmt: skip
    assert "page (https://c.org)" in reading.plain
    assert all(link.url in reading.plain for link in reading.links)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/a/b", "http://gist.github.com/a", "https://GitHub.com:443/a", "https://gitlab.com/a",
        "https://gitlab.inria.fr/a", "https://huggingface.co/a", "https://anonymous.4open.science/r/a",
        "https://colab.research.google.com/a", "https://bitbucket.org/a", "https://codeberg.org/a",
    ],
)  # fmt: skip
def test_code_hosts_are_told(url: str) -> None:
    assert code(f"Code: {url}.") == [url]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.github.io/b",
        "https://notgithub.com/a",
        "https://github.com@evil.org/a",
        "https://evil.org/github.com",
    ],
)
def test_what_only_names_a_code_host_is_a_page(url: str) -> None:
    assert read(url).links
    assert not code(url)


def test_hidden_characters_go_also_when_they_come_as_entities() -> None:
    assert read("a\u202eb\u200bc\x00d\ud800e &#x202E;f &#xF0000;g \U000f0000h").plain == "abcde f g h"


def test_no_hidden_character_is_printable() -> None:
    """`read` looks for hidden characters only where `isprintable` says no."""
    assert not any(chr(point).isprintable() and _HIDDEN.match(chr(point)) for point in range(sys.maxunicode + 1))


def test_every_combining_mark_may_begin_a_heap() -> None:
    """`read` looks closely at a text only where a run of 31 characters may be marks."""
    assert all(
        _MAY_COMBINE.match(chr(point) * 31) for point in range(sys.maxunicode + 1) if unicodedata.combining(chr(point))
    )


def test_a_heap_of_marks_is_not_composed() -> None:
    heap = "e" + "\u0301" * 31
    assert read(f"{heap} e\u0301").plain == f"{heap} e\u0301"
    assert read("e" + "\u0301" * 30).plain == "é" + "\u0301" * 29
    assert read("深" * 40 + "e\u0301").plain == "深" * 40 + "é"


def test_white_space_is_one_space_and_text_is_composed() -> None:
    assert read("  e\u0301\n\t\u00a0x\u2028 y ").plain == "é x y"


def test_plain_text_loads_no_latex_library() -> None:
    program = (
        "import sys; from bot.digest.text import read; read('plain, 4% & https://a.org <br>');"
        "assert not any(name.startswith('pylatexenc') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


UNITS = [
    "<a ", '<a href="http://a.b">', "</a>", "<b>", "$", "\\", "{", "}", "{}", "$a$", "^", "_{", r"\textbf{", r"\'",
    r"\hat", r"\frac{1}", "~", "http://a.b/", ")", "http://a.b)", "&amp;", "<sup>x", r"\foo", "\u0301\u0323", r"\(",
    "``", r"\href{http://x.y}{z}", "$x_i$", "\ud800", "<a " + " " * 50, "a",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_no_repetition_is_too_long(unit: str) -> None:
    # As long as it takes linear time: in quadratic time nobody would see the end of it.
    raw = (unit * 100_000)[:100_000]
    assert len(read(raw).plain) <= len(raw)


PIECES = st.sampled_from(
    [*UNITS, r"\sqrt", "URL", " ", "}{", "</b>", "<br", 'href="', ">", "https://", r"\c ", "é", "\n"]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
@example("\\")
@example("$\\")
@example("\\'")
@example("^{")
@example("<a href=http://x.org>http://x.org/</a>")
def test_any_text_reads_as_one_clean_line(raw: str) -> None:
    reading = read(raw)
    assert reading.plain == " ".join(reading.plain.split())
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in reading.plain)
    assert all(link.url in reading.plain for link in reading.links)
    assert len({link.url for link in reading.links}) == len(reading.links)


WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9), min_size=1, max_size=8)
FRAMES = [
    "{}", "${}$", r"\textbf{{{}}}", r"\unknown{{{}}}", "<b>{}</b>", "<{}>", "({})", "{{{}}}", r"x\footnote{{{}}}",
    r"\method {}", "{}%", "${}", "_{{{}}}", r"$\frac{{{}}}{{2}}$", '<a href="https://a.org">{}</a>', "<br>{}",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(WORDS, st.lists(st.sampled_from(FRAMES), min_size=8, max_size=8))
def test_no_word_is_lost_whatever_stands_around_it(words: list[str], frames: list[str]) -> None:
    raw = " ".join(frame.format(word) for word, frame in zip(words, frames, strict=False))
    plain = read(raw).plain
    assert [word for word in words if word not in unicodedata.normalize("NFKC", plain)] == []
