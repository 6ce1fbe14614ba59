"""The tests' own Discord keeps Discord's rules, as the real discord.py meets them."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import discord as sdk
import pytest
from discord.http import MultipartParameters, handle_message_parameters

from tests.fakes import discord as fakes
from tests.fakes import discord_schema
from tests.fakes.discord import FakeDiscord, Permission

Answer = Callable[[sdk.Interaction[Any]], Awaitable[None]]
NOBODY = sdk.AllowedMentions.none()

SEARCH = {
    "name": "papers",
    "description": "Find papers",
    "contexts": [0, 1, 2],
    "integration_types": [0, 1],
    "options": [
        {
            "type": 1,
            "name": "search",
            "description": "Search",
            "options": [
                {"type": 3, "name": "query", "description": "Words", "required": True, "autocomplete": True},
                {"type": 4, "name": "most", "description": "How many", "min_value": 1, "max_value": 10},
                {"type": 7, "name": "room", "description": "Where", "channel_types": [0, 15]},
            ],
        },
        {
            "type": 1,
            "name": "follow",
            "description": "Follow",
            "options": [
                {
                    "type": 3,
                    "name": "area",
                    "description": "Area",
                    "choices": [{"name": "Vision", "value": "cs.CV"}, {"name": "Language", "value": "cs.CL"}],
                },
            ],
        },
    ],
}
RELATED = {"name": "Related papers", "type": 3}
SETTINGS = {"name": "settings", "description": "Settings", "contexts": [0], "default_member_permissions": "32"}


class Client(sdk.Client):
    """A plain client that answers every interaction with what a test gave it."""

    def __init__(self) -> None:
        cache = sdk.MemberCacheFlags.none()
        super().__init__(
            intents=sdk.Intents(guilds=True),
            allowed_mentions=NOBODY,
            member_cache_flags=cache,
            max_messages=None,
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=30,
            # Otherwise what comes in the first two seconds is no join to discord.py.
            guild_ready_timeout=0,
        )
        self.answer: Answer = say("hello")
        self.heard: list[tuple[str, int]] = []

    async def on_interaction(self, interaction: sdk.Interaction[Any]) -> None:
        await self.answer(interaction)

    async def on_guild_join(self, guild: sdk.Guild) -> None:
        self.heard.append(("join", guild.id))

    async def on_guild_remove(self, guild: sdk.Guild) -> None:
        self.heard.append(("remove", guild.id))

    async def on_guild_unavailable(self, guild: sdk.Guild) -> None:
        self.heard.append(("unavailable", guild.id))

    async def on_guild_available(self, guild: sdk.Guild) -> None:
        self.heard.append(("available", guild.id))


def say(text: str, **more: Any) -> Answer:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message(text, **more)

    return answer


@pytest.fixture
async def client(discord: FakeDiscord) -> AsyncIterator[Client]:
    """Yield a client that is logged in, without a gateway."""
    async with Client() as client:
        await client.login(discord.token)
        yield client


@pytest.fixture
async def live(discord: FakeDiscord, client: Client) -> AsyncIterator[Client]:
    """Yield a client with its gateway, and the commands registered."""
    discord.register([SEARCH, RELATED, SETTINGS])
    running = asyncio.create_task(client.connect())
    await discord.connected()
    yield client
    await client.close()
    await running


def given(interaction: sdk.Interaction[Any]) -> Any:
    return interaction.data


def opening(*tags: int) -> MultipartParameters:
    """Return what opens a post in a forum."""
    message = {"content": "hi", "allowed_mentions": {"parse": []}}
    said = {"name": "A day", "applied_tags": [str(each) for each in tags], "message": message}
    return MultipartParameters(payload=said, multipart=None, files=None)


def room(client: Client, channel: fakes.Channel) -> sdk.PartialMessageable:
    return client.get_partial_messageable(channel.id)


async def newest(client: Client, channel: fakes.Channel) -> Any:
    shown: Any = await client.http.get_channel(channel.id)
    return shown["last_message_id"]


async def refusal(asked: Awaitable[Any]) -> tuple[int, int]:
    """Return the HTTP status and Discord's code with which something is refused."""
    with pytest.raises(sdk.HTTPException) as refused:
        await asked
    return refused.value.status, refused.value.code


# Messages


async def test_a_message_stands_where_it_was_posted(discord: FakeDiscord, client: Client) -> None:
    embed = sdk.Embed(title="A paper", description="**Bold**", url="https://arxiv.org/abs/1").add_field(
        name="a", value="b"
    )
    view = sdk.ui.View().add_item(sdk.ui.Button(label="Next", custom_id="next"))

    made = await room(client, discord.papers).send("hi", embed=embed, view=view)

    (message,) = discord.messages
    assert (message.id, message.channel, message.author) == (made.id, discord.papers, discord.world.bot)
    assert message.text == "hi\nA paper\n**Bold**\na\nb"
    assert message.buttons == {"Next": "next"}


async def test_a_wrong_token_is_refused(discord: FakeDiscord) -> None:
    async with sdk.Client(intents=sdk.Intents.none()) as client:
        with pytest.raises(sdk.LoginFailure):
            await client.login("another")
    assert [each.status for each in discord.invalid] == [401]


async def test_the_same_nonce_makes_one_message(discord: FakeDiscord, client: Client) -> None:
    first = await room(client, discord.papers).send("hi", nonce="n1")
    again = await room(client, discord.papers).send("hi", nonce="n1")
    discord.ahead = 600
    later = await room(client, discord.papers).send("hi", nonce="n1")

    assert first.id == again.id != later.id
    assert len(discord.messages) == 2
    assert (first.nonce, (await room(client, discord.papers).fetch_message(first.id)).nonce) == ("n1", None)


async def test_the_nonce_of_a_deleted_message_is_answered_as_unknown(discord: FakeDiscord, client: Client) -> None:
    made = await room(client, discord.papers).send("hi", nonce="n1")
    await made.delete()

    assert await refusal(room(client, discord.papers).send("hi", nonce="n1")) == (404, 10008)
    assert discord.messages == []


async def test_a_nonce_that_two_channels_share_is_a_problem(discord: FakeDiscord, client: Client) -> None:
    discord.expect("was used for another channel")
    await room(client, discord.papers).send("hi", nonce="n1")
    await room(client, discord.home.text("other")).send("hi", nonce="n1")


@pytest.mark.parametrize(
    ("lacking", "code"), [(Permission.VIEW_CHANNEL, 50001), (Permission.SEND_MESSAGES, 50013)], ids=["view", "send"]
)
async def test_a_channel_without_a_permission_refuses(
    discord: FakeDiscord, client: Client, lacking: Permission, code: int
) -> None:
    discord.papers.deny(lacking)

    assert await refusal(room(client, discord.papers).send("hi")) == (403, code)


async def test_embeds_without_the_permission_are_a_problem(discord: FakeDiscord, client: Client) -> None:
    discord.expect("may not EMBED_LINKS")
    discord.papers.deny(Permission.EMBED_LINKS)

    await room(client, discord.papers).send("hi", embed=sdk.Embed(title="a"))

    assert discord.messages[0].embeds == []


async def test_channels_that_are_gone_or_locked_refuse(discord: FakeDiscord, client: Client) -> None:
    gone, elsewhere = discord.home.text("gone"), discord.guild("Other", bot=False).text()
    gone.deleted = True
    locked = discord.home.thread(discord.papers, locked=True)
    archived = discord.home.thread(discord.papers, locked=True, archived=True)
    muted = discord.home.thread(discord.papers)
    private = discord.home.thread(discord.papers, private=True)
    assert await refusal(client.fetch_channel(private.id)) == (403, 50001)
    private.joined = True
    await room(client, private).send("hi")
    assert await refusal(room(client, discord.home.forum()).send("hi")) == (400, 40058)
    assert await refusal(client.fetch_channel(gone.id)) == (404, 10003)
    assert await refusal(client.fetch_channel(elsewhere.id)) == (403, 50001)
    assert await refusal(room(client, locked).send("hi")) == (403, 160005)
    assert await refusal(room(client, archived).send("hi")) == (400, 50083)
    discord.papers.deny(Permission.SEND_MESSAGES_IN_THREADS)
    assert await refusal(room(client, muted).send("hi")) == (403, 50013)


async def test_what_is_not_there_is_unknown(discord: FakeDiscord, client: Client) -> None:
    assert await refusal(client.fetch_user(1)) == (404, 10013)
    assert await refusal(client.http.get_member(discord.home.id, 1)) == (404, 10007)
    assert await refusal(client.create_dm(sdk.Object(1))) == (400, 50033)
    assert await refusal(room(client, discord.papers).fetch_message(1)) == (404, 10008)


async def test_what_takes_a_permission_is_refused_without_it(discord: FakeDiscord, client: Client) -> None:
    news, forum = discord.home.announcement(), discord.home.forum()
    theirs, also = discord.say(discord.ada, discord.papers, "hello"), discord.say(discord.ada, news, "hello")
    mine = await room(client, discord.home.thread(discord.papers)).send("hi")
    discord.messages[-1].channel.archived = True
    discord.papers.deny(Permission.READ_MESSAGE_HISTORY)
    forum.deny(Permission.SEND_MESSAGES)

    assert await refusal(room(client, discord.papers).fetch_message(theirs.id)) == (403, 50001)
    assert await refusal(room(client, discord.papers).get_partial_message(theirs.id).delete()) == (403, 50013)
    assert await refusal(room(client, news).get_partial_message(also.id).publish()) == (403, 50013)
    assert await refusal(mine.edit(content="ho")) == (400, 50083)
    assert await refusal(client.http.start_thread_in_forum(forum.id, params=opening())) == (403, 50013)
    assert await refusal(client.http.start_thread_in_forum(news.id, params=opening())) == (400, 50024)


async def test_a_message_takes_a_thread_out_of_the_archive(discord: FakeDiscord, client: Client) -> None:
    thread = discord.home.thread(discord.papers, archived=True)

    await room(client, thread).send("hi")

    assert not thread.archived


@pytest.mark.parametrize(("dms", "code"), [("closed", 50007), ("no mutual server", 50278)])
async def test_people_who_take_no_messages_refuse(discord: FakeDiscord, client: Client, dms: Any, code: int) -> None:
    eve = discord.user("eve", dms=dms)
    discord.home.join(eve)
    channel = await client.create_dm(sdk.Object(eve.id))

    assert await refusal(channel.send("hi")) == (403, code)


async def test_who_has_the_app_gets_messages_without_a_server_in_common(discord: FakeDiscord, client: Client) -> None:
    for installed in (False, True):
        channel = await client.create_dm(sdk.Object(discord.user("eve", installed=installed).id))
        if installed:
            await channel.send("hi")
        else:
            assert await refusal(channel.send("hi")) == (403, 50278)


async def test_a_person_gets_a_message(discord: FakeDiscord, client: Client) -> None:
    channel = await client.create_dm(sdk.Object(discord.ben.id))
    await channel.send("hi")

    assert discord.world.dm(discord.ben).messages[0].content == "hi"
    assert discord.opened == [discord.ben]


async def test_history_needs_its_permission_and_shows_no_words_of_others(discord: FakeDiscord, client: Client) -> None:
    discord.say(discord.ada, discord.papers, "secret")
    mine = [await room(client, discord.papers).send(f"m{n}") for n in range(3)]

    seen = [each async for each in room(client, discord.papers).history(limit=10)]
    after = [each.id async for each in room(client, discord.papers).history(after=mine[0], limit=10)]
    discord.papers.deny(Permission.READ_MESSAGE_HISTORY)

    assert [each.content for each in seen] == ["m2", "m1", "m0", ""]
    assert after == [mine[1].id, mine[2].id]
    assert [each async for each in room(client, discord.papers).history()] == []


@pytest.mark.parametrize("limit", [0, 101])
async def test_a_page_of_history_has_one_to_a_hundred_messages(
    discord: FakeDiscord, client: Client, limit: int
) -> None:
    assert await refusal(client.http.logs_from(discord.papers.id, limit)) == (400, 50035)


async def test_a_channel_names_its_newest_message_even_when_that_is_deleted(
    discord: FakeDiscord, client: Client
) -> None:
    forum = discord.home.forum()
    assert await newest(client, discord.papers) is None
    made = [await room(client, discord.papers).send("hi"), await room(client, discord.papers).send("ho")]
    await made[1].delete()
    post = await client.http.start_thread_in_forum(forum.id, params=opening())

    assert await newest(client, discord.papers) == str(made[1].id)
    assert await newest(client, forum) == await newest(client, discord.messages[-1].channel) == post["id"]


async def test_white_space_around_texts_is_taken_away(discord: FakeDiscord, client: Client) -> None:
    await room(client, discord.papers).send(" hi\n", embed=sdk.Embed(title=" a ").add_field(name="b ", value="\nc"))

    (message,) = discord.messages
    assert (message.content, message.embeds[0]["title"], message.embeds[0]["fields"][0]["value"]) == ("hi", "a", "c")


async def test_messages_are_edited_and_deleted(discord: FakeDiscord, client: Client) -> None:
    made = await room(client, discord.papers).send("hi", embed=sdk.Embed(title="a"))
    await made.edit(content="ho")
    (message,) = discord.messages
    assert (message.content, message.embeds[0]["title"], message.edits) == ("ho", "a", 1)

    await made.delete()
    assert await refusal(made.edit(content="hi")) == (404, 10008)
    theirs = discord.say(discord.ada, discord.papers, "mine")
    assert await refusal(room(client, discord.papers).get_partial_message(theirs.id).edit(content="hi")) == (403, 50005)


async def test_announcements_are_published_once_and_ten_an_hour(discord: FakeDiscord, client: Client) -> None:
    news = discord.home.announcement()
    made = [await room(client, news).send("hi") for _ in range(11)]
    for each in made[:10]:
        await each.publish()
    assert await refusal(made[0].publish()) == (400, 40033)
    with pytest.raises(sdk.RateLimited) as limit:
        await made[10].publish()
    assert limit.value.retry_after > 3000
    discord.ahead = 3700
    await made[10].publish()
    plain = await room(client, discord.papers).send("hi")
    assert await refusal(plain.publish()) == (400, 50024)


async def test_a_forum_takes_posts_with_its_tags(discord: FakeDiscord, client: Client) -> None:
    forum = discord.home.forum(tags=["Vision"], require_tag=True)
    found = await client.fetch_channel(forum.id)
    assert isinstance(found, sdk.ForumChannel)

    assert await refusal(found.create_thread(name="A day", content="hi", allowed_mentions=NOBODY)) == (400, 40067)
    other = [sdk.Object(1)]
    tagged = found.create_thread(name="A day", content="hi", applied_tags=other, allowed_mentions=NOBODY)  # type: ignore[arg-type]
    assert await refusal(tagged) == (400, 10087)
    made = await found.create_thread(
        name="A day", content="hi", applied_tags=found.available_tags, allowed_mentions=NOBODY
    )

    assert found.flags.require_tag
    assert made.thread.id == made.message.id == discord.messages[0].id
    threads = await client.http.get_active_threads(discord.home.id)
    assert [int(each["id"]) for each in threads["threads"]] == [made.thread.id]
    assert discord.messages[0].channel.applied == [forum.tags[0].id]


async def test_tags_of_moderators_are_theirs(discord: FakeDiscord, client: Client) -> None:
    mixed, theirs = (discord.home.forum(tags=tags, moderated=["Best"], require_tag=True) for tags in (["Any"], []))
    free, moderated = mixed.tags

    assert await refusal(client.http.start_thread_in_forum(mixed.id, params=opening())) == (400, 40067)
    assert await refusal(client.http.start_thread_in_forum(theirs.id, params=opening())) == (400, 40066)
    assert await refusal(client.http.start_thread_in_forum(mixed.id, params=opening(moderated.id))) == (403, 50013)
    assert (await client.http.start_thread_in_forum(mixed.id, params=opening(free.id)))["name"] == "A day"
    mixed.allow(Permission.MANAGE_THREADS)
    await client.http.start_thread_in_forum(mixed.id, params=opening(moderated.id))
    shown: Any = await client.http.get_channel(mixed.id)
    assert [each["moderated"] for each in shown["available_tags"]] == [False, True]


# What is wrong with a message


async def test_what_discord_refuses_fails_the_test(client: Client, discord: FakeDiscord) -> None:
    assert await refusal(room(client, discord.papers).send("x" * 2001)) == (400, 50035)
    with pytest.raises(AssertionError, match="content: has 2001 characters"):
        discord.check()
    discord.expect("content: has 2001")
    assert discord.messages == []


@pytest.mark.parametrize(
    "text",
    ["<@1>", "@everyone", "<#1>", "</papers search:1>", "<:x:1>", "<t:1:R>", "https://evil.com", "[a](https://b.c)"],
)
async def test_what_would_ring_or_lead_away_is_a_problem(client: Client, discord: FakeDiscord, text: str) -> None:
    discord.expect("embeds[0].description: a live" if text[:1] in "<@" else "embeds[0].description: a link")

    await room(client, discord.papers).send(embed=sdk.Embed(description=f"see {text}"))


async def test_addresses_of_buttons_and_embeds_that_lead_away_are_problems(
    client: Client, discord: FakeDiscord
) -> None:
    discord.expect("components: a link to https://evil.com/b")
    discord.expect("embeds[0].url: a link to https://evil.com/e")
    discord.expect("embeds[0].image.url: a link to https://evil.com/i")
    view = sdk.ui.View().add_item(sdk.ui.Button(label="Go", url="https://evil.com/b"))
    embed = sdk.Embed(title="a", url="https://evil.com/e").set_image(url="https://evil.com/i")

    await room(client, discord.papers).send(embed=embed, view=view)


async def test_our_own_links_and_mentions_are_none(client: Client, discord: FakeDiscord) -> None:
    (command,) = discord.register([SEARCH])
    discord.on_purpose = {"<t:1:R>"}
    await room(client, discord.papers).send(
        f"<#{discord.papers.id}> </papers search:{command['id']}> <t:1:R> <https://github.com/a/b>"
    )


def test_a_problem_that_did_not_come_fails_too() -> None:
    fake = FakeDiscord()
    fake.expect("something")
    with pytest.raises(AssertionError, match="expected, but not found: something"):
        fake.check()


async def test_what_is_measured_is_not_judged(discord: FakeDiscord, client: Client) -> None:
    discord.judging = False
    await room(client, discord.papers).send("@everyone" * 1000)
    assert len(discord.messages[0].content) == 9000


async def test_an_unknown_route_is_a_problem(client: Client, discord: FakeDiscord) -> None:
    discord.expect("is no route")
    assert await refusal(client.fetch_guild_preview(1)) == (404, 0)


async def test_a_body_that_is_no_json_is_a_problem(discord: FakeDiscord) -> None:
    discord.expect("the body is no JSON")
    headers, url = {"Authorization": f"Bot {discord.token}"}, f"{discord.api}/users/@me/channels"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=b"{") as answer:
        assert answer.status == 400


async def test_what_does_not_come_in_time_fails_the_test(discord: FakeDiscord) -> None:
    with pytest.raises(AssertionError, match="nothing came within"):
        await discord.until(lambda: False, 0.01)


# Limits and faults


async def test_a_bucket_holds_the_client_back(client: Client, discord: FakeDiscord) -> None:
    discord.limits.pace = (2, 0.2)
    for _ in range(5):
        await room(client, discord.papers).send("hi")

    assert len(discord.messages) == 5
    assert discord.invalid == []


async def test_who_does_not_hold_back_is_refused(discord: FakeDiscord) -> None:
    discord.limits.pace = fakes.PACE
    headers = {"Authorization": f"Bot {discord.token}"}
    body = {"content": "hi", "allowed_mentions": {"parse": []}}
    answers: list[tuple[int, bool]] = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(6):
            url = f"{discord.api}/channels/{discord.papers.id}/messages"
            async with session.post(url, json=body) as answer:
                said = await answer.json()
                answers.append((answer.status, said.get("retry_after", 0) > 0 and "Via" in answer.headers))
                assert answer.headers["Content-Type"] == "application/json"
                assert answer.headers["X-RateLimit-Limit" if answer.status == 200 else "X-RateLimit-Scope"]
    assert answers == [(200, False)] * 5 + [(429, True)]
    assert len(discord.invalid) == 1


async def test_the_limit_over_all_routes_says_so(discord: FakeDiscord) -> None:
    discord.limits.everywhere = 1
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {discord.token}"}) as session:
        for name in ("users/@me", "gateway/bot"):
            async with session.get(f"{discord.api}/{name}") as answer:
                said = await answer.json()
    assert (answer.status, said["global"], answer.headers["X-RateLimit-Global"]) == (429, True, "true")


async def test_a_request_goes_wrong_in_each_way(client: Client, discord: FakeDiscord) -> None:
    path = "/channels/*/messages"
    here = room(client, discord.papers)
    discord.fail("POST", path, fakes.fine(), fakes.broken(503), fakes.limited(99), fakes.limited(via=False))
    await here.send("fine")
    assert await refusal(here.send("broken")) == (503, 0)
    with pytest.raises(sdk.RateLimited):
        await here.send("limited")
    assert await refusal(here.send("cloudflare")) == (429, 0)
    discord.fail("POST", path, fakes.refused(403, 50001), fakes.dropped(), fakes.reset(), fakes.truncated())
    assert await refusal(here.send("refused")) == (403, 50001)
    for each in ("dropped", "reset"):
        with pytest.raises(aiohttp.ClientConnectionError):
            await here.send(each)
    with pytest.raises(json.JSONDecodeError):
        await here.send("truncated")
    await here.send("mended")

    assert [each.content for each in discord.messages] == ["fine", "dropped", "reset", "truncated", "mended"]
    assert [each.status for each in discord.requests[-9:]] == [200, 503, 429, 429, 403, 0, 0, 0, 200]


@pytest.mark.parametrize(("scope", "counted"), [("user", 1), ("global", 1), ("shared", 0)])
async def test_a_limit_that_passes_is_waited_for_and_counts_unless_it_is_shared(
    client: Client, discord: FakeDiscord, scope: Any, counted: int
) -> None:
    discord.fail("*", "/channels/**", fakes.limited(0.01, scope=scope))
    await room(client, discord.papers).send("hi")
    assert [(each.status, each.scope) for each in discord.requests[-2:]] == [(429, scope), (200, "")]
    assert len(discord.invalid) == counted


async def test_a_silent_request_ends_with_the_test(client: Client, discord: FakeDiscord) -> None:
    discord.fail("GET", "/users/*", fakes.silent(), forever=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.fetch_user(discord.ada.id), 0.1)
    discord.mend()
    assert (await client.fetch_user(discord.ada.id)).name == "ada"


# The application


async def test_the_application_says_what_a_test_wants(client: Client, discord: FakeDiscord) -> None:
    discord.application = {"interactions_endpoint_url": "https://x.y", "flags": 1 << 15}
    info = await client.application_info()
    assert (info.interactions_endpoint_url, info.flags.gateway_guild_members_limited) == ("https://x.y", True)


async def test_commands_keep_their_ids(client: Client, discord: FakeDiscord) -> None:
    app = discord.world.bot.id
    first = await client.http.bulk_upsert_global_commands(app, [SEARCH, RELATED])
    again = await client.http.bulk_upsert_global_commands(app, [{**SEARCH, "description": "x"}, RELATED])

    assert [each["id"] for each in first] == [each["id"] for each in again]
    assert [a["version"] == b["version"] for a, b in zip(first, again, strict=True)] == [False, True]
    assert await client.http.get_global_commands(app) == discord.commands
    assert discord.puts == 2


async def test_an_invalid_command_is_refused(client: Client, discord: FakeDiscord) -> None:
    discord.expect("is not in lower case")
    put = client.http.bulk_upsert_global_commands(discord.world.bot.id, [{**SEARCH, "name": "Papers"}])
    assert await refusal(put) == (400, 50035)
    assert (discord.commands, discord.puts) == ([], 0)


# Interactions


async def test_a_slash_command_arrives_as_it_is_declared(live: Client, discord: FakeDiscord) -> None:
    seen: list[sdk.Interaction[Any]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        seen.append(interaction)
        await interaction.response.send_message("hello", ephemeral=True)

    live.answer = answer
    discord.papers.deny(Permission.SEND_MESSAGES)
    answered = await discord.slash(
        discord.ada, discord.papers, "search", query="diffusion", most="3", room=discord.papers
    )

    (asked,) = seen
    assert asked.data
    (sub,) = given(asked)["options"]
    values = {each["name"]: each["value"] for each in sub["options"]}
    assert values == {"query": "diffusion", "most": 3, "room": str(discord.papers.id)}
    assert asked.permissions.manage_guild
    assert asked.app_permissions.embed_links
    assert not asked.app_permissions.send_messages
    assert (asked.user.id, asked.guild_id, asked.channel_id) == (discord.ada.id, discord.home.id, discord.papers.id)
    assert asked.is_guild_integration()
    assert (answered.kind, answered.ephemeral, await answered.final()) == ("message", True, discord.ephemerals[0])
    assert discord.messages == []


async def test_a_choice_goes_by_its_label(live: Client, discord: FakeDiscord) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message(given(interaction)["options"][0]["options"][0]["value"])

    live.answer = answer
    assert (
        await (await discord.slash(discord.ben, discord.papers, "follow", area="Vision")).final()
    ).content == "cs.CV"


@pytest.mark.usefixtures("live")
async def test_a_person_cannot_send_what_the_app_does_not_offer(discord: FakeDiscord) -> None:
    for command, options, why in (
        ("search", {}, "takes .'query'. too"),
        ("search", {"query": "a", "most": 11}, "'most' takes nothing like 11"),
        ("search", {"query": "a", "unknown": 1}, "has no options .'unknown'"),
        ("search", {"query": "a", "room": discord.home.announcement()}, "no channel of type 5"),
        ("follow", {"area": "Music"}, "offers no 'Music'"),
        ("unknown", {}, "no subcommand 'unknown'"),
        ("settings", {}, "takes permissions that they lack"),
    ):
        with pytest.raises(LookupError, match=why):
            await discord.slash(discord.ben, discord.papers, command, **options)
    with pytest.raises(LookupError, match="context"):
        await discord.slash(discord.ada, discord.world.dm(discord.ada), "settings")
    with pytest.raises(LookupError, match="no command 'Papers like this' of type 3"):
        await discord.context_menu(discord.ben, discord.papers, "Papers like this", "about diffusion")
    with pytest.raises(LookupError, match="'most' is not declared with autocomplete"):
        await discord.autocomplete(discord.ben, discord.papers, "search", "most", "1")
    assert (await discord.slash(discord.ada, discord.papers, "settings")).kind == "message"


async def test_autocompletion_offers_choices(live: Client, discord: FakeDiscord) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        (sub,) = given(interaction)["options"]
        (typed,) = (each["value"] for each in sub["options"] if each.get("focused"))
        await interaction.response.autocomplete([sdk.app_commands.Choice(name=f"{typed}mentation", value="v")])

    live.answer = answer
    offered = await discord.autocomplete(discord.ben, discord.papers, "search", "query", "seg", most=2)
    assert offered == [("segmentation", "v")]


async def test_what_is_offered_must_be_of_the_type_of_the_option(live: Client, discord: FakeDiscord) -> None:
    discord.expect("what is offered is not of the option's type, 3")
    discord.expect("was not answered within")
    discord.callback_limit = 1.0
    refused: list[tuple[int, int]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        choices = [sdk.app_commands.Choice(name="one", value=1)]
        refused.append(await refusal(interaction.response.autocomplete(choices)))

    live.answer = answer
    assert await discord.autocomplete(discord.ben, discord.papers, "search", "query", "1") == []
    assert refused == [(400, 50035)]


async def test_a_channel_option_shows_what_who_asks_may_do_there_and_no_more_of_it(
    live: Client, discord: FakeDiscord
) -> None:
    seen: list[Any] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        (shown,) = given(interaction)["resolved"]["channels"].values()
        seen.append((int(shown["permissions"]), "available_tags" in shown))
        await interaction.response.send_message("hello")

    live.answer = answer
    forum = discord.home.forum(tags=["Vision"])
    for user in (discord.ada, discord.ben):
        await discord.slash(user, discord.papers, "search", query="a", room=forum)
    assert seen == [(int(forum.permissions(user)), False) for user in (discord.ada, discord.ben)]
    assert seen[0] != seen[1]


async def test_a_context_menu_shows_the_message(live: Client, discord: FakeDiscord) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        (message,) = given(interaction)["resolved"]["messages"].values()
        await interaction.response.send_message(message["content"], ephemeral=True)

    live.answer = answer
    answered = await discord.context_menu(discord.ben, discord.papers, "Related papers", "about diffusion")
    assert (await answered.final()).content == "about diffusion"


async def test_a_deferred_answer_comes_later(live: Client, discord: FakeDiscord) -> None:
    go = asyncio.Event()

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await go.wait()
        await interaction.edit_original_response(content="found")

    live.answer = answer
    answered = await discord.slash(discord.ben, discord.papers, "search", query="a")
    assert (answered.kind, answered.message, answered.ephemeral) == ("deferred", None, True)
    assert discord.ephemerals == []
    go.set()
    assert (await answered.final()).content == "found"
    assert [each.content for each in discord.ephemerals] == ["found"]


async def test_the_first_follow_up_fills_a_deferred_answer(live: Client, discord: FakeDiscord) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("first", ephemeral=True)
        second = await interaction.followup.send("second", ephemeral=True, wait=True)
        await second.edit(content="edited")
        await interaction.delete_original_response()

    live.answer = answer
    answered = await discord.slash(discord.ben, discord.papers, "search", query="a")
    await discord.until(lambda: answered.followups and answered.followups[0].edits)
    first = answered.interaction.original
    assert first is not None
    await discord.until(lambda: first.deleted)
    assert (first.content, answered.ephemeral) == ("first", False)
    assert [each.content for each in discord.ephemerals] == ["edited"]


async def test_a_page_is_turned_in_place(live: Client, discord: FakeDiscord) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        if interaction.type is sdk.InteractionType.application_command:
            view = sdk.ui.View().add_item(sdk.ui.Button(label="Next", custom_id="page 2"))
            view.add_item(sdk.ui.Button(label="Previous", custom_id="page 0", disabled=True))
            view.add_item(sdk.ui.Button(label="arXiv", url="https://arxiv.org"))
            options = [sdk.SelectOption(label="Cats", value="c"), sdk.SelectOption(label="Dogs", value="d")]
            view.add_item(sdk.ui.Select(placeholder="More", options=options, custom_id="more"))
            await interaction.response.send_message("1", view=view)
        elif "values" in given(interaction):
            await interaction.response.defer()
            await interaction.edit_original_response(content=given(interaction)["values"][0])
        else:
            assert interaction.message is not None
            assert interaction.message.components
            await interaction.response.edit_message(content=given(interaction)["custom_id"])

    live.answer = answer
    page = await (await discord.slash(discord.ada, discord.papers, "search", query="a")).final()
    turned = await discord.press(discord.ben, page, "Next")
    assert (turned.kind, turned.message, page.content) == ("update", page, "page 2")
    chosen = await discord.choose(discord.ben, page, "More", "Dogs")
    assert chosen.kind == "deferred update"
    await discord.until(lambda: page.content == "d")
    for label, why in (("Back", "no button 'Back'"), ("Previous", "it is disabled"), ("arXiv", "leads to https")):
        with pytest.raises(LookupError, match=why):
            await discord.press(discord.ben, page, label)
    with pytest.raises(LookupError, match="eve is not in 'Lab'"):
        await discord.press(discord.user("eve"), page, "Next")
    for select, labels, why in (
        ("more", ["Birds"], "has no options .'Birds'"),
        ("more", ["Cats", "Dogs"], "takes no 2 options now"),
        ("less", ["Cats"], "no select 'less'"),
    ):
        with pytest.raises(LookupError, match=why):
            await discord.choose(discord.ben, page, select, *labels)


async def test_an_ephemeral_message_is_its_askers_alone(live: Client, discord: FakeDiscord) -> None:
    view = sdk.ui.View().add_item(sdk.ui.Button(label="Next", custom_id="n"))
    live.answer = say("1", view=view, ephemeral=True)
    page = await (await discord.slash(discord.ada, discord.papers, "search", query="a")).final()

    with pytest.raises(LookupError, match="ben does not see"):
        await discord.press(discord.ben, page, "Next")


async def test_a_modal_is_sent_back(live: Client, discord: FakeDiscord) -> None:
    class Asked(sdk.ui.Modal, title="Why"):
        reason: sdk.ui.Label[Any] = sdk.ui.Label(text="Reason", component=sdk.ui.TextInput(custom_id="reason"))

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        if interaction.type is sdk.InteractionType.modal_submit:
            await interaction.response.send_message(given(interaction)["components"][0]["component"]["value"])
        else:
            await interaction.response.send_modal(Asked(custom_id="why"))

    live.answer = answer
    answered = await discord.slash(discord.ada, discord.papers, "search", query="a")
    assert answered.kind == "modal"
    with pytest.raises(LookupError, match="'Cause'"):
        await discord.submit(answered, Cause="because")
    assert (await (await discord.submit(answered, Reason="because")).final()).content == "because"


async def test_a_late_answer_is_refused_and_fails_the_test(live: Client, discord: FakeDiscord) -> None:
    discord.expect("was not answered within")
    discord.callback_limit = 0.05
    refused: list[tuple[int, int]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await asyncio.sleep(0.2)
        refused.append(await refusal(interaction.response.send_message("late")))

    live.answer = answer
    answered = await discord.slash(discord.ada, discord.papers, "search", query="a")
    await discord.until(lambda: refused)
    assert (answered.kind, refused) == ("none", [(404, 10062)])


async def test_an_interaction_is_answered_once_and_its_token_dies(live: Client, discord: FakeDiscord) -> None:
    kept: list[sdk.Interaction[Any]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        kept.append(interaction)
        await interaction.response.send_message("hello")

    live.answer = answer
    await discord.slash(discord.ada, discord.papers, "search", query="a")
    (asked,) = kept
    data = {"type": 4, "data": {"content": "again", "allowed_mentions": {"parse": []}}}
    async with aiohttp.ClientSession() as session:
        url = f"{discord.api}/interactions/{asked.id}/{asked.token}/callback"
        async with session.post(url, json=data) as answered:
            assert (answered.status, (await answered.json())["code"]) == (400, 40060)
        async with session.post(f"{discord.api}/interactions/1/none/callback", json=data) as answered:
            assert (answered.status, (await answered.json())["code"]) == (404, 10062)
        async with session.get(f"{discord.api}/webhooks/{asked.application_id}/none/messages/@original") as answered:
            assert (answered.status, (await answered.json())["code"]) == (404, 10015)
    assert await refusal(asked.followup.fetch_message(1)) == (404, 10008)
    discord.ahead = 901
    assert await refusal(asked.followup.send("too late")) == (401, 50027)


async def test_the_wrong_kind_of_answer_is_a_problem(live: Client, discord: FakeDiscord) -> None:
    discord.expect("type 8 cannot answer an interaction of type 2")
    discord.expect("was not answered within")
    discord.callback_limit = 1.0

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        data = {"type": 8, "data": {"choices": []}}
        async with aiohttp.ClientSession() as session:
            url = f"{discord.api}/interactions/{interaction.id}/{interaction.token}/callback"
            async with session.post(url, json=data) as answered:
                assert answered.status == 400

    live.answer = answer
    await discord.slash(discord.ada, discord.papers, "search", query="a")


async def test_direct_channels_and_groups_have_their_own_context(live: Client, discord: FakeDiscord) -> None:
    seen: list[tuple[sdk.app_commands.AppCommandContext, bool]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        seen.append((interaction.context, interaction.is_user_integration()))
        await interaction.response.send_message("hello")

    live.answer = answer
    eve = discord.user("eve", installed=True)
    await discord.slash(discord.ben, discord.world.dm(discord.ben), "search", query="a")
    await discord.slash(eve, discord.world.dm(eve, discord.ben), "search", query="a")
    assert [(each.dm_channel, each.private_channel, by_user) for each, by_user in seen] == [
        (True, False, False),
        (False, True, True),
    ]


async def test_a_user_install_has_five_follow_ups_elsewhere(live: Client, discord: FakeDiscord) -> None:
    other = discord.guild("Other", bot=False)
    eve = discord.user("eve", installed=True)
    channel = other.text()
    other.join(eve)
    other.join(discord.ben)
    refused: list[tuple[int, int]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message("hello")
        for _ in range(5):
            await interaction.followup.send("more")
        refused.append(await refusal(interaction.followup.send("too many")))

    live.answer = answer
    await discord.slash(eve, channel, "search", query="a")
    await discord.until(lambda: refused)
    assert refused == [(400, 40094)]
    with pytest.raises(LookupError, match="not installed"):
        await discord.slash(discord.ben, channel, "search", query="a")


# Servers


async def test_servers_come_go_and_fail(live: Client, discord: FakeDiscord) -> None:
    other = discord.guild("Other", bot=False)
    await live.wait_until_ready()
    await discord.added_to(other)
    await discord.outage(other)
    await discord.restored(other)
    await discord.removed_from(other)
    await discord.until(lambda: ("remove", other.id) in live.heard)
    names = [name for name, guild in live.heard if guild == other.id]
    assert names == ["join", "unavailable", "available", "remove"]
    assert await refusal(live.fetch_guild(other.id)) == (404, 10004)


async def test_a_server_in_an_outage_is_there_at_the_start_and_opens_when_it_ends(
    discord: FakeDiscord, client: Client
) -> None:
    discord.home.unavailable = True
    running = asyncio.create_task(client.connect())
    await discord.connected()
    await client.wait_until_ready()
    guild = await discord.until(lambda: client.get_guild(discord.home.id))
    assert (guild.unavailable, len(guild.channels)) == (True, 0)
    assert client.heard == []

    await discord.restored(discord.home)
    await discord.until(lambda: client.heard)
    assert client.heard == [("available", discord.home.id)]
    assert [each.name for each in discord.home.channels.values()] == [each.name for each in guild.channels]
    await client.close()
    await running


async def test_the_client_sees_the_rights_that_the_world_gives(discord: FakeDiscord, client: Client) -> None:
    hidden = discord.home.text("hidden")
    hidden.deny(Permission.VIEW_CHANNEL)
    running = asyncio.create_task(client.connect())
    await discord.connected()
    guild = await discord.until(lambda: client.get_guild(discord.home.id))
    await discord.until(lambda: guild.me)

    channels = {each.name: each.permissions_for(guild.me) for each in guild.text_channels}
    assert (channels["papers"].send_messages, channels["hidden"].view_channel) == (True, False)
    await discord.delete(hidden)
    await discord.until(lambda: guild.get_channel(hidden.id) is None)
    assert await refusal(client.fetch_channel(hidden.id)) == (404, 10003)
    thread = discord.home.thread(discord.papers)
    await discord.delete(discord.papers)
    assert await refusal(room(client, thread).send("hi")) == (404, 10003)
    await client.close()
    await running


@pytest.mark.skipif(not discord_schema.SPEC.exists(), reason="Discord's description of its API is not at hand")
async def test_answers_are_as_discord_describes_them(discord: FakeDiscord) -> None:
    forum, thread = discord.home.forum(tags=["Vision"], moderated=["Best"]), discord.home.thread(discord.papers)
    news = discord.home.announcement()
    said = discord.say(discord.ada, discord.papers, "hello")
    mine = [discord.say(discord.world.bot, each, "hello") for each in (discord.papers, news)]
    discord.register([SEARCH, RELATED])
    parts = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "b"}]}]
    body = {"content": "hi", "embeds": [{"title": "a"}], "components": parts, "allowed_mentions": {"parse": []}}
    message = {"channel_id": discord.papers.id}
    asked: list[tuple[str, str, dict[str, int], Any]] = [
        ("GET", "/users/@me", {}, None),
        ("GET", "/users/@me/guilds", {}, None),
        ("GET", "/users/{user_id}", {"user_id": discord.ada.id}, None),
        ("GET", "/guilds/{guild_id}/members/{user_id}", {"guild_id": discord.home.id, "user_id": discord.ada.id}, None),
        ("GET", "/applications/@me", {}, None),
        ("GET", "/oauth2/applications/@me", {}, None),
        ("GET", "/gateway/bot", {}, None),
        ("GET", "/applications/{application_id}/commands", {"application_id": discord.world.bot.id}, None),
        ("GET", "/guilds/{guild_id}", {"guild_id": discord.home.id}, None),
        ("GET", "/guilds/{guild_id}/threads/active", {"guild_id": discord.home.id}, None),
        ("POST", "/channels/{channel_id}/messages", message, body),
        ("GET", "/channels/{channel_id}/messages", message, None),
        ("GET", "/channels/{channel_id}/messages/{message_id}", message | {"message_id": said.id}, None),
        ("PATCH", "/channels/{channel_id}/messages/{message_id}", message | {"message_id": mine[0].id}, body),
        (
            "POST",
            "/channels/{channel_id}/messages/{message_id}/crosspost",
            {"channel_id": news.id, "message_id": mine[1].id},
            None,
        ),
        ("POST", "/channels/{channel_id}/threads", {"channel_id": forum.id}, opening().payload),
        ("POST", "/users/@me/channels", {}, {"recipient_id": str(discord.ben.id)}),
    ]
    asked += [
        ("GET", "/channels/{channel_id}", {"channel_id": each.id}, None) for each in (discord.papers, forum, thread)
    ]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {discord.token}"}) as session:
        for method, route, ids, sent in asked:
            async with session.request(method, discord.api + route.format(**ids), json=sent) as answer:
                assert answer.status == 200, route
                assert discord_schema.answers(method, route, await answer.json()) == [], route


async def test_every_answer_has_the_shape_of_the_sdk(discord: FakeDiscord, client: Client) -> None:
    with handle_message_parameters("hi", allowed_mentions=NOBODY) as params:
        made = await client.http.send_message(discord.papers.id, params=params)
    found = await client.http.get_message(discord.papers.id, made["id"])
    assert found["content"] == "hi"
    member = await client.http.get_member(discord.home.id, discord.ada.id)
    assert member["user"]["username"] == "ada"
    guilds = await client.http.get_guilds(200)
    assert [int(each["id"]) for each in guilds] == [discord.home.id]


# Files


async def test_a_file_hangs_on_an_answer_and_stays_until_an_edit_puts_another_there(
    discord: FakeDiscord, live: Client
) -> None:
    async def answer(interaction: sdk.Interaction[Any]) -> None:
        await interaction.response.send_message("hi", files=[sdk.File(io.BytesIO(b"one"), "one.txt")])
        await interaction.edit_original_response(content="there")
        shown = (await interaction.original_response()).attachments
        seen.extend((each.filename, each.size) for each in shown)
        new = sdk.File(io.BytesIO(b"second"), "two.txt")
        await interaction.edit_original_response(content="hello", attachments=[new])

    seen: list[tuple[str, int]] = []

    live.answer = answer
    page = await (await discord.slash(discord.ben, discord.papers, "search", query="x")).final()
    await discord.until(lambda: page.content == "hello")

    assert seen == [("one.txt", 3)]
    assert [(each.name, each.content) for each in page.files] == [("two.txt", b"second")]


async def test_a_file_that_is_too_large_is_refused(discord: FakeDiscord, live: Client) -> None:
    refused: list[tuple[int, int]] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        large = sdk.File(io.BytesIO(b"x" * (interaction.filesize_limit + 1)), "large.txt")
        refused.append(await refusal(interaction.response.send_message("hi", file=large)))
        await interaction.response.send_message("hi")

    live.answer = answer
    discord.expect("large.txt has 1001 bytes, not at most 1000")
    discord.world.largest_file = 1_000
    page = await (await discord.slash(discord.ben, discord.papers, "search", query="x")).final()

    assert (refused, page.files) == ([(413, 40005)], [])


async def test_a_file_that_is_not_named_in_the_body_is_refused(discord: FakeDiscord, live: Client) -> None:
    refused: list[int] = []

    async def answer(interaction: sdk.Interaction[Any]) -> None:
        data = {"content": "hi", "allowed_mentions": {"parse": []}, "attachments": [{"id": 1, "filename": "a.txt"}]}
        form = aiohttp.FormData({"payload_json": json.dumps({"type": 4, "data": data})})
        form.add_field("files[0]", b"a", filename="a.txt")
        url = f"{discord.api}/interactions/{interaction.id}/{interaction.token}/callback"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
            refused.append(response.status)
        await interaction.response.send_message("hi")

    live.answer = answer
    discord.expect("are not the files [0]")
    await (await discord.slash(discord.ben, discord.papers, "search", query="x")).final()

    assert refused == [400]
