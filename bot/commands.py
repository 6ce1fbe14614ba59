"""The commands: one function each, whose name, usage and help come from itself.

`answer` and `call` are all that an adapter's wiring needs. To add a command, write one function here: its first line
becomes the summary, its docstring the help, its annotated parameters the usage and a platform's typed options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated

from bot import advice, grammar, query, spelling
from bot.calendar import expected_after, meant, quiet, spoken
from bot.cards import card
from bot.dispatch import COMMANDS, Parameter, answer, call, command, expected, named
from bot.model import ARCHIVES, Button, Call, Following, Paper, Reply, Subscription, Text, UserError
from bot.ports import Found, Store, Taken

__all__ = ["COMMANDS", "answer", "call"]

PAGE = 10
MAX_SUBSCRIPTIONS = 50
_CLIPPED = 80
_EXAMPLES = 3
_LOUD = 10  # papers a day
_MOST_HIGHLIGHTS = 20
# Archives without subjects, and those whose subjects are words; all others have two letters.
_WHOLE = ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph")
_WORDED = ("cond-mat", "physics")


def _read_day(text: str, call: Call) -> date | None:
    try:
        return meant(text, call.at.date())
    except ValueError:
        raise UserError(f"{text} is no date. Type year-month-day, for example: today 2020-11-20") from None


def _read_category(word: str, _: Call) -> str | None:
    # Tables name topics, such as 3d-reconstruction; a number alone is more likely half of a date.
    return word if re.fullmatch(r"\w[\w.-]*", word) and re.search(r"[^\W\d_]", word) else None


def _read_number(word: str, _: Call) -> int | None:
    return int(word) if re.fullmatch(r"[1-9]\d{0,5}", word) else None


def _read_switch(word: str, _: Call) -> bool | None:
    return {"on": True, "off": False}.get(word.lower())


_QUERY = 'words, "a phrase", -not, OR, title:, author:, cat:cs.CV, has:code, after:2020-11-01'
QueryText = Annotated[str, Parameter("QUERY", _QUERY, rest=True)]
Day = Annotated[date | None, Parameter("DATE", "2020-11-20, 20 Nov 2020, yesterday, friday", _read_day, words=4)]
Category = Annotated[str | None, Parameter("CATEGORY", "an arXiv category, for example cs.CV", _read_category)]
Page = Annotated[int, Parameter("page:N", "which page of the results, for example page:2", _read_number, named=True)]
PaperId = Annotated[str, Parameter("ID", "an arXiv id or address, for example 2011.10043", rest=True)]
Mine = Annotated[str, Parameter("NUMBER", "the number of a subscription of yours, or its query", rest=True)]
Verb = Annotated[str | None, Parameter("COMMAND", "the command to explain", lambda word, _: word.lower())]
Switch = Annotated[bool | None, Parameter("on|off", "post the daily highlights here, or no longer", _read_switch)]
Categories = Annotated[str, Parameter("CATEGORY...", "of which categories; none named: of all", rest=True)]
Count = Annotated[
    int | None, Parameter("count:N", f"how many papers a day, 1 to {_MOST_HIGHLIGHTS}", _read_number, named=True)
]


@command
async def search(call: Call, store: Store, query_text: QueryText, page: Page = 1) -> Reply:
    """Find papers by words, phrases, authors, categories, dates.

    search point cloud            both words, anywhere in title or abstract
    search "point cloud" -medical the phrase, without a word
    search lidar OR (radar fusion)
    search title:segmentation cat:cs.CV has:code after:2020-11-01

    Case, accents, hyphens and plurals do not matter: self supervised finds Self-Supervised. Words are whole words;
    end one with * for its beginning (segment*). Papers with the words in the title come first, then newer ones.
    """
    asked = grammar.parse(query_text)
    found = await _page(store, asked, page)
    likely = await spelling.suggestion(asked, store)
    if not found.total and likely:
        better = await _page(store, likely, page)
        if better.total:
            head = f"No paper matches {asked.text}. Did you mean {likely.text}? It matches {_papers(better.total)}"
            return _results(head, better, likely, page)
    if not found.total:
        why = await advice.why_nothing(asked, store)
        return Reply(Text(f"No paper matches {asked.text}. {why}"), private=True)
    return _results(f"{_papers(found.total)} for {asked.text}", found, asked, page, likely)


@command
async def today(call: Call, store: Store, day: Day = None, category: Category = None, page: Page = 1) -> Reply:
    """Show the papers of a day, in the order of its digest.

    today                 today's; where there are none yet, the newest there are, and why
    today 2020-11-20      a day's; also: 20 Nov 2020, yesterday, fri
    today cs.CV           one category's
    """
    if category is not None:
        category = await _known_category(category, store)
    shown = wanted = day or call.at.date()
    taken, empty = await _taken(wanted, category, store)
    head = ""
    if not taken:
        newest = await store.newest(category, until=None if day is None else wanted)
        head = _nothing_on(wanted, call.at.date(), category, empty, newest)
        if newest is None:
            return Reply(Text(head))
        shown = newest
        taken, _ = await _taken(shown, category, store)
    found = await store.listed(shown, category, limit=PAGE, offset=(page - 1) * PAGE)
    _check_page(page, found.total)
    lines = [head] if head else []
    lines += [_counted(each) for each in taken]
    if len(taken) > 1:
        lines.append(f"Together {_papers(found.total)}, each shown once.")
    again = " ".join(filter(None, [str(shown), category]))
    return Reply(
        Text("\n".join(lines)),
        tuple(card(paper) for paper in found.papers),
        Text(_place(page, found.total)),
        _turn("today", again, page, found.total),
    )


@command
async def subscribe(call: Call, store: Store, query_text: QueryText) -> Reply:
    """Be told of new papers that match a query, and see first what it would have caught.

    subscribe "point cloud" -medical
    subscribe cat:cs.CL (summarization OR "question answering")

    The language is that of search. Alerts fire on whole words only: NER never fires on "generate". All that match
    in one digest come in one message, each with its reason.
    """
    asked = grammar.parse(query_text)
    mine = await store.subscriptions(call.caller)
    if len(mine) >= MAX_SUBSCRIPTIONS and _number_of(asked, mine) is None:
        raise UserError(f"You have {len(mine)} subscriptions, the most there can be. Remove one: unsubscribe NUMBER")
    dry_run, examples = await _dry_run(asked, store, call.at.date())
    saved, new = await store.subscribe(call.caller, asked, call.at)
    if new:
        head = f"Subscribed to {saved.query}, number {saved.number} of yours."
    else:
        head = f"You have this already: number {saved.number}, {saved.query}. Nothing changed."
    return Reply(
        Text(f"{head}\n{dry_run}"),
        tuple(card(paper, [asked], why=f"matches: {_reasons(asked, paper)}") for paper in examples.papers),
        Text("Examples of what it would have caught." if examples.papers else ""),
        (Button("Undo" if new else "Unsubscribe", "unsubscribe", str(saved.number)),),
        private=True,
    )


@command
async def unsubscribe(call: Call, store: Store, which: Mine) -> Reply:
    """Remove one of your subscriptions, by its number or its query.

    unsubscribe 2
    unsubscribe "point cloud"
    """
    mine = await store.subscriptions(call.caller)
    if which.isdecimal():
        number = next((each.number for each in mine if str(each.number) == which), None)
    else:
        number = _number_of(grammar.parse(which), mine)
    gone = await store.unsubscribe(call.caller, number) if number is not None else None
    if gone is None:
        shown = Text(which).clip(_CLIPPED)
        raise UserError(f"You have no subscription {shown}. {_listed(mine, call) or 'You have none at all.'}")
    return Reply(
        Text(f"Unsubscribed from {gone.query}. You will not be told of it any more."),
        buttons=(Button("Undo", "subscribe", gone.query),),
        private=True,
    )


@command
async def subscriptions(call: Call, store: Store) -> Reply:
    """List your subscriptions, each with its number."""
    mine = await store.subscriptions(call.caller)
    if not mine:
        return Reply(Text('You have no subscriptions. To make one, type: subscribe "point cloud"'), private=True)
    return Reply(
        Text(_listed(mine, call)),
        buttons=tuple(Button(f"Unsubscribe from {each.query}", "unsubscribe", str(each.number)) for each in mine),
        private=True,
    )


@command
async def show(call: Call, store: Store, paper_id: PaperId) -> Reply:
    """Show one paper whole: abstract, authors, links, and where it was listed.

    show 2011.10043
    show https://arxiv.org/abs/2011.10043v2
    """
    wanted = grammar.arxiv_id(paper_id)
    if wanted is None:
        raise UserError(f"{paper_id} is no arXiv id. Type one like: show 2011.10043")
    found = await store.papers([wanted])
    if not found:
        raise UserError(f"No digest here lists {wanted}. arXiv itself may know it: https://arxiv.org/abs/{wanted}")
    paper = found[0]
    lines = [f"{spoken(each.day)}, {each.category}" for each in paper.listings]
    notes = [f"Listed {'; '.join(lines)}."]
    if not paper.abstract:
        notes.append("The digest carries no abstract for it.")
    return Reply(Text(f"arXiv:{paper.id}"), (card(paper, whole=True),), Text(" ".join(notes)))


@command
async def settings(
    call: Call, store: Store, switch: Switch = None, categories: Categories = "", count: Count = None
) -> Reply:
    """Choose the daily highlights of this room: on or off, which categories, how many papers.

    settings                    what is set here
    settings on                 the highlights of every digest, from the next one on
    settings on cs.CV count:3   three papers a day, of one category; cs alone is every category of that archive
    settings count:3            of the same categories as before
    settings off
    """
    now = await store.following(call.room)
    if switch is None and not categories and count is None:
        return Reply(Text(_settled(now)), private=True)
    if not call.may_manage:
        raise UserError("Only who manages this room can change its settings. Ask one of them.")
    if switch is False:
        if categories or count is not None:
            raise UserError("settings off stops all highlights here. To choose, name what to keep: settings on cs.CV")
        await store.unfollow(call.room)
        return Reply(Text("No daily highlights are posted here any more. To have them again, type: settings on"))
    if count is not None and count > _MOST_HIGHLIGHTS:
        raise UserError(f"There can be {_MOST_HIGHLIGHTS} highlights a day. Type count:{_MOST_HIGHLIGHTS} or fewer.")
    chosen = await _followable(categories.replace(",", " ").split(), store)
    kept = now or Following(call.room)
    same = switch is None and not chosen
    wanted = Following(call.room, kept.categories if same else chosen, count or kept.count)
    await store.follow(wanted)
    return Reply(Text(_settled(wanted)))


@command
async def help(call: Call, store: Store, about: Verb = None) -> Reply:  # noqa: A001  # its name is the command's
    """Explain the commands, or one of them.

    help search
    """
    if about is None:
        width = max(len(each.usage) for each in COMMANDS.values())
        lines = [f"{each.usage:<{width}}  {each.summary}" for each in COMMANDS.values()]
        return Reply(Text("\n".join(lines)), note=Text("For one of them in full, type: help search"), private=True)
    found = named(Call(about, "", call.room, call.caller, call.at))
    return Reply(Text(f"{found.usage}\n\n{found.help}\n\n{expected(found)}".rstrip()), private=True)


@command
async def status(call: Call, store: Store) -> Reply:
    """Say what is stored, how fresh it is, and what is still to be delivered."""
    census = await store.census()
    if census.newest is None or census.oldest is None:
        return Reply(Text("No digest has been taken in yet. Type in a shell: paperwire ingest PATH"), private=True)
    mine = await store.subscriptions(call.caller)
    today = call.at.date()
    late = expected_after(census.newest)
    span = f"{spoken(census.oldest)} to {spoken(census.newest)} ({', '.join(await store.categories())})"
    lines = [
        f"{_papers(census.papers)} from {_number(census.digests, 'digest')}, {span}.",
        f"The next digest is expected {spoken(late)}."
        if late >= today
        else f"A digest was expected {spoken(late)} and has not come: take it in, or look at its source.",
        f"You have {_number(len(mine), 'subscription')}.",
        f"Deliveries: {census.owed} owed, {census.sent} sent, {census.dead} given up.",
    ]
    if not census.with_authors:
        lines.append("The digests here carry no authors, so author: finds nothing.")
    return Reply(Text("\n".join(lines)), private=True)


async def _page(store: Store, asked: query.Query, page: int) -> Found:
    return await store.search(asked, limit=PAGE, offset=(page - 1) * PAGE)


def _results(head: str, found: Found, asked: query.Query, page: int, meant: query.Query | None = None) -> Reply:
    _check_page(page, found.total)
    offers = (Button(f"Did you mean {meant.text}?", "search", meant.text),) if meant else ()
    return Reply(
        Text(head),
        tuple(card(paper, [asked], why=f"matches: {_reasons(asked, paper)}") for paper in found.papers),
        Text(_place(page, found.total)),
        (*offers, *_turn("search", asked.text, page, found.total), Button("Subscribe", "subscribe", asked.text)),
        private=True,
    )


def _reasons(asked: query.Query, paper: Paper) -> str:
    return ", ".join(asked.reasons(query.Folded(paper)))


def _check_page(page: int, total: int) -> None:
    pages = max(1, -(-total // PAGE))
    if page > pages:
        raise UserError(f"There is no page {page}: the last is page:{pages}")


def _place(page: int, total: int) -> str:
    pages = -(-total // PAGE)
    return f"Page {page} of {pages}" if pages > 1 else ""


def _turn(name: str, text: str, page: int, total: int) -> tuple[Button, ...]:
    pages = -(-total // PAGE)
    before = (Button("Previous", name, f"{text} page:{page - 1}"),) if page > 1 else ()
    after = (Button("Next", name, f"{text} page:{page + 1}"),) if page < pages else ()
    return before + after


def _papers(count: int) -> str:
    return _number(count, "paper")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


async def _taken(day: date, category: str | None, store: Store) -> tuple[list[Taken], list[str]]:
    """Return a day's digests (of the category), and the categories whose digests list no paper."""
    found = [each for each in await store.digests(day) if category in (None, each.category)]
    return [each for each in found if each.declared], [each.category for each in found if not each.declared]


def _counted(taken: Taken) -> str:
    """Say how much of a digest is here: "53 of 53 entries", and what is missing from it."""
    line = f"{taken.category}: {taken.stored} of {taken.declared} entries, announced {spoken(taken.day)}"
    refused = [each for each in taken.refused if each.is_entry]
    if refused:
        line += f" ({len(refused)} not stored; line {refused[0].line}: {refused[0].reason})"
    return line


def _nothing_on(wanted: date, today: date, category: str | None, empty: list[str], newest: date | None) -> str:
    """Say why a day has no papers, not even in its `empty` digests, and which is the newest with some."""
    of = f" of {category}" if category else ""
    when = f"today, {spoken(wanted)}" if wanted == today else spoken(wanted)
    why = quiet(wanted)
    if empty:
        many = len(empty) > 1
        head = f"The digest{'s' * many} of {', '.join(empty)} for {when} {'list' if many else 'lists'} no papers"
        head += f": {why}." if why else "."
    elif wanted > today:
        head = f"{spoken(wanted)} is yet to come."
    elif why:
        head = f"No digest{of} for {when}: {why}."
    else:
        head = f"No digest{of} for {when}{' yet' if wanted == today else ' has been taken in'}."
    if newest is None:
        return (
            f"{head} There is none{' before it' if wanted <= today else ''} here: paperwire ingest PATH takes one in."
        )
    return f"{head} The newest{' before it' if wanted < today else ''} is of {spoken(newest)}:"


async def _known_category(category: str, store: Store) -> str:
    known = {code.lower(): code for code in await store.categories()}
    if category.lower() in known:
        return known[category.lower()]
    if not known:
        return category
    raise UserError(f"No digest of {category} is stored. There are: {', '.join(known.values())}")


async def _dry_run(asked: query.Query, store: Store, today: date) -> tuple[str, Found]:
    """Say what a query would have caught in the newest 7 and 30 days, with a warning where it is no good."""
    newest = await store.newest(until=today)
    if newest is None:
        return "No digest is stored yet, so there is nothing to try it on.", Found((), 0)
    caught = {}
    for days in (7, 30):
        since = newest - timedelta(days=days - 1)
        examples = await store.search(asked, limit=_EXAMPLES, since=since, until=newest)
        caught[days] = (examples, await store.count(since, newest))
    week, of_week = caught[7]
    month, of_month = caught[30]
    line = (
        f"Dry run: it would have caught {week.total} of {_papers(of_week)} in the 7 days to {spoken(newest)}, "
        f"{month.total} of {of_month:,} in 30 days."
    )
    if advice.past(asked.root, today):
        line += "\nIt asks only for days that are past, so nothing new will match. Leave the dates out of it."
    elif not month.total:
        older = await store.search(asked, limit=1)
        line += f"\nOnly older papers match: {older.total:,}." if older.total else "\nIt never matches."
        if likely := await spelling.suggestion(asked, store):
            line += f" Did you mean {likely.text}?"
        elif not older.total:
            line += f" {await advice.why_nothing(asked, store)}"
    elif month.total / 30 > _LOUD or (of_week >= 4 * _LOUD and week.total > of_week / 4):
        hint = "" if asked.categories else ", for example cat:cs.CV"
        line += f"\nThat is loud. Add a word or a phrase{' or a category' * bool(hint)} to make it say less{hint}"
    return line, month


def _number_of(asked: query.Query, mine: tuple[Subscription, ...]) -> int | None:
    return next((each.number for each in mine if grammar.parse(each.query).key == asked.key), None)


def _listed(mine: tuple[Subscription, ...], call: Call) -> str:
    lines = [f"{m.number}. {m.query} (since {spoken(m.since.astimezone(call.at.tzinfo).date())})" for m in mine]
    return "\n".join(["Yours are:", *lines]) if mine else ""


async def _followable(words: list[str], store: Store) -> tuple[str, ...]:
    """Return the categories that words name, each once, as the store or arXiv writes them."""
    known = {code.lower(): code for code in (*ARCHIVES, *await store.categories())}
    return tuple(dict.fromkeys(known.get(word.lower()) or _arxiv_category(word, known.values()) for word in words))


def _arxiv_category(word: str, known: Iterable[str]) -> str:
    """Return a category as arXiv writes it; raise `UserError`, with what may be meant, where it is none."""
    archive, _, subject = word.lower().partition(".")
    shape = "[a-z]+(-[a-z]+)?" if archive in _WORDED else "[a-z]{2}"
    if archive in ARCHIVES and archive not in _WHOLE and re.fullmatch(shape, subject):
        return f"{archive}.{subject.upper() if len(subject) == 2 else subject}"
    if archive == "all":
        raise UserError("Without a category it is all of them. Type: settings on")
    from rapidfuzz import process  # noqa: PLC0415  # only a mistake needs it

    offers = {"on": "settings on", "off": "settings off"} | {code.lower(): code for code in known}
    near = process.extractOne(archive if not subject else word.lower(), list(offers), score_cutoff=60)
    hint = f"Did you mean {offers[near[0]]}?" if near else "Type one like: settings on cs.CV"
    raise UserError(f"{Text(word).clip(_CLIPPED)} is no arXiv category. {hint}")


def _settled(now: Following | None) -> str:
    if now is None:
        return "No daily highlights are posted here. To have them, type: settings on"
    of = f"of {', '.join(now.categories)}" if now.categories else "of every category"
    return f"The daily highlights {of} are posted here, {_number(now.count, 'paper')} a digest."
