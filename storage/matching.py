"""A query as SQL: what it means to `bot.query` is what the index finds, word for word.

Words and categories become one FTS5 expression, because one MATCH is one pass over the index and gives the ranking;
what FTS5 cannot say (dates, ids, code) becomes conditions on the paper `p`. Words reach SQL only as parameters, and
within an FTS5 expression only as quoted strings of letters and digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.query import And, Announced, Category, HasCode, Id, Node, Not, Or, Query, Term, category_word

_IN_WORDS = "p.id IN (SELECT rowid FROM paper_words WHERE paper_words MATCH ?)"


def split(root: Node) -> tuple[str | None, list[str], list[object]]:
    """Return `(FTS5 expression or None, conditions on the paper p, their values)`; all of them must hold."""
    nodes = root.nodes if isinstance(root, And) else (root,)
    indexed = tuple(node for node in nodes if _indexed(node.node if isinstance(node, Not) else node))
    match = _expression(And(indexed)) if indexed else None
    conditions, values = [], []
    for node in nodes:
        if match is None or node not in indexed:
            sql, bound = _condition(node)
            conditions.append(sql)
            values += bound
    return match, conditions, values


def title_matches(query: Query) -> list[str]:
    """Return FTS5 expressions for the title, one for each word wanted and one for all as a phrase: more is better."""
    free = [term for term in query.terms if term.field is None]
    found = [_term(term, "title") for term in free]
    if len(free) > 1 and not any(term.prefix for term in free):
        found.append(_quoted("title", tuple(word for term in free for word in term.phrases[0])))
    return found


def in_title(terms: Iterable[Term]) -> str:
    """Return the FTS5 expression for titles that have all of some words or phrases; empty for none."""
    return " AND ".join(f"({_term(term, 'title')})" for term in terms)


def any_of(words: Iterable[str]) -> str:
    """Return the FTS5 expression for texts that have any of some folded words."""
    return _term(Term(tuple((word,) for word in words), ""), "title abstract")


def listed_between(first: date, last: date) -> tuple[str, list[object]]:
    """Return the condition that the paper p has a listing on one of these days, both included."""
    sql = "EXISTS (SELECT 1 FROM listing WHERE paper_id = p.id AND day BETWEEN ? AND ?)"
    return sql, [first.isoformat(), last.isoformat()]


def _indexed(node: Node) -> bool:
    return _expression(node) is not None


def _expression(node: Node) -> str | None:
    """Return the node as an FTS5 expression; None where it needs more than the index, or only leaves out."""
    match node:
        case Term(field=field):
            return _term(node, field or "title abstract")
        case Category(code):
            return _quoted("category", (category_word(code),))
        case Or(nodes):
            each = [_expression(one) for one in nodes]
            return f"({' OR '.join(map(str, each))})" if all(each) else None
        case And(nodes):
            wanted = [_expression(one) for one in nodes if not isinstance(one, Not)]
            unwanted = [_expression(one.node) for one in nodes if isinstance(one, Not)]
            if not wanted or not all(wanted) or not all(unwanted):
                return None
            expression = f"({' AND '.join(map(str, wanted))})"
            for one in unwanted:
                expression = f"({expression} NOT {one})"
            return expression
        case _:
            return None


def _condition(node: Node) -> tuple[str, list[object]]:
    expression = _expression(node)
    if expression is not None:
        return _IN_WORDS, [expression]
    match node:
        case Id(arxiv_id):
            return "p.arxiv_id = ?", [arxiv_id]
        case HasCode():
            return "p.has_code", []
        case Announced(first, last):
            return listed_between(first, last)
        case Not(inner):
            sql, values = _condition(inner)
            return f"NOT ({sql})", values
        case And(nodes) | Or(nodes):
            each = [_condition(one) for one in nodes]
            word = " AND " if isinstance(node, And) else " OR "
            return f"({word.join(sql for sql, _ in each)})", [value for _, values in each for value in values]
    raise AssertionError(node)  # Term and Category always have an expression


def _term(term: Term, columns: str) -> str:
    # A beginning, `clas*`, keeps its star outside the quotes.
    either = " OR ".join(f'"{" ".join(phrase)}"'.replace('*"', '"*') for phrase in term.phrases)
    return f"{{{columns}}} : ({either})"


def _quoted(columns: str, phrase: tuple[str, ...]) -> str:
    return f'{{{columns}}} : ("{" ".join(phrase)}")'
