"""A rollback at the console: planned, confirmed, sent once, watched in the logs."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from textual.events import Key
from textual.widgets import Button

from clawpipe_tui.errors import ClawpipeError
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.operations.journal import Attempt, Journal
from clawpipe_tui.serving.errors import Conflict, Denied, Unavailable
from clawpipe_tui.serving.seam import Routing
from tests.app.fakes import ANSWERS, NOW, FakeServing, FakeSession
from tests.app.stories import Story, console


async def opened(story: Story) -> None:
    """The dialog, with its plan."""
    await story.shows("WORSE")
    await story.press("B")
    await story.shows("v43  →  v42")


def silent_since_the_change(session: FakeSession, serving: FakeServing) -> None:
    """The logs now show v42 serving and nothing of v43."""
    columns, _ = ANSWERS["silence"]
    last = NOW + timedelta(seconds=30)
    session.answers["silence"] = (columns, (("v42", "live", 900, NOW, last, 0.0),))
    assert serving.sent


async def test_b_opens_the_plan_and_sends_nothing() -> None:
    """From, to, why, the traffic before and after, and the literal request; esc leaves no trace."""
    async with console((120, 50)) as story:
        await opened(story)
        known = ("is the canary", "90 %", "100 %", "v42 met its objectives", "It should help", "Not chosen: v41")
        for text in (*known, "PUT /models/flight-delay/routing", "Bearer ****", "Reason:"):
            assert text in story.text
        await story.press("escape")
        await story.shows("WORSE")
        assert story.serving.sent == []


async def test_on_a_light_ground_the_buttons_are_dark() -> None:
    """What Textual colours by a theme of its own follows ours."""
    async with console(theme="light") as story:
        await opened(story)
        for button in story.app.screen.query(Button):
            assert button.styles.color.brightness < 0.5


async def test_an_empty_reason_sends_nothing() -> None:
    """Enter without a reason says that one is needed."""
    async with console() as story:
        await opened(story)
        await story.press("x", "backspace")
        await story.shows("enter send once")
        await story.press("enter")
        await story.shows("a reason is needed")
        assert story.serving.sent == []


async def test_enter_alone_cancels() -> None:
    """Cancel has the focus at first: nothing happens on B and enter."""
    async with console() as story:
        await opened(story)
        assert "enter cancel" in story.text
        await story.press("enter")
        await story.shows("WORSE", "Nothing was sent.")
        assert story.serving.sent == []


async def test_keys_that_come_in_one_burst_are_all_written() -> None:
    """A pasted line, or a fast hand over a slow line: the whole reason, and enter sends it once."""
    async with console() as story:
        await opened(story)
        for character in "metric feed breaks v43":
            story.app.post_message(Key(character, character))
        story.app.post_message(Key("enter", "\r"))
        await story.shows("Sent and accepted")
        assert [change.reason for change in story.serving.sent] == ["metric feed breaks v43"]


async def test_the_reason_is_prefilled_from_the_firing_verdict() -> None:
    """It can be sent as it is, by the button or by enter in it; it is kept with the evidence."""
    async with console() as story:
        await opened(story)
        assert "v43 worse" in story.text
        await story.press("shift+tab", "shift+tab", "shift+tab", "enter")
        await story.shows("Sent and accepted")
        assert story.serving.sent[0].reason.startswith("v43 worse")


async def test_enter_before_the_plan_sends_nothing_and_stays_said() -> None:
    """A hand that is faster than the API: once the plan is there the dialog asks for enter again."""
    gate = threading.Event()
    session = FakeSession(slow={"candidates": gate})
    async with console(session=session) as story:
        await story.shows("WORSE")
        await story.press("B")
        await story.shows("Reason:")
        await story.write("errors")
        await story.press("enter")
        await story.shows("the plan is not there yet")
        gate.set()
        await story.shows("v43  →  v42", "the plan has only come now")
        assert story.serving.sent == []
        await story.press("enter")
        await story.shows("Sent and accepted")


async def test_in_production_the_models_name_is_typed() -> None:
    """Enter in the reason asks for it; a wrong one sends nothing."""
    async with console(safety=Safety(write=True, environment="production-eu")) as story:
        await opened(story)
        await story.shows("must be typed", "to confirm:")
        await story.write("errors")
        await story.press("enter", "x", "enter")
        await story.shows("the model's name must be typed: flight-delay")
        await story.press("backspace")
        await story.write("flight-delay")
        await story.press("enter")
        await story.shows("Sent and accepted")
        assert len(story.serving.sent) == 1


async def test_a_read_only_console_shows_the_plan_and_sends_nothing() -> None:
    """And says how to change that."""
    async with console(safety=Safety(write=False)) as story:
        await opened(story)
        await story.write("errors")
        await story.press("enter")
        await story.shows("Nothing was sent: This console is read-only")
        assert story.serving.sent == []


async def test_m_promotes_and_sets_a_canary_by_the_same_dialog() -> None:
    """A list of what can be moved; then the same plan, reason and request."""
    async with console() as story:
        await story.shows("WORSE")
        await story.press("M")
        await story.shows("promote v43", "canary v43 20 %")
        await story.press("down", "enter")
        await story.shows("Promote v43 of flight-delay", "v42  →  v43", "Reason:")


async def test_a_reason_and_enter_send_exactly_one_change() -> None:
    """However often enter is pressed while the answer is awaited."""
    serving = FakeServing(hold=threading.Event())
    async with console(serving=serving) as story:
        await opened(story)
        await story.write("v43 errors at 9")
        await story.press("enter", "enter", "enter")
        await story.shows("Sending, once.")
        await story.press("escape", "enter")
        await story.shows("wait for its answer")
        assert serving.hold
        serving.hold.set()
        await story.shows("Sent and accepted as change c-8")
        await story.press("enter")
        assert [change.reason for change in serving.sent] == ["v43 errors at 9"]


async def test_the_watch_ends_when_the_logs_show_silence() -> None:
    """The dashboard keeps the sentence with its numbers until esc."""
    async with console() as story:
        await opened(story)
        await story.write("errors")
        await story.press("enter")
        await story.shows("Sent and accepted", "waiting")
        await story.press("escape")
        await story.shows("WORSE", "… waiting")
        silent_since_the_change(story.session, story.serving)
        await story.shows("● done: v43", "900 requests", "esc hides")
        await story.press("escape")
        assert "done: v43" not in story.text
        assert len(story.serving.sent) == 1


async def test_q_asks_again_while_a_rollback_is_being_watched() -> None:
    """One q must not end a watch by accident."""
    async with console() as story:
        await opened(story)
        await story.write("errors")
        await story.press("enter")
        await story.shows("Sent and accepted")
        await story.press("escape", "q")
        await story.shows("q again quits")
        assert story.app.is_running


async def test_a_serving_api_that_is_down_is_a_sentence() -> None:
    """No plan, no request, and what to do."""
    down = Unavailable("The serving API at http://127.0.0.1:9 does not answer.", "Is it running?")
    async with console(serving=FakeServing(unreachable=down)) as story:
        await story.shows("WORSE")
        await story.press("B")
        await story.shows("does not answer", "Is it running?")
        await story.press("enter")
        assert story.serving.sent == []


async def test_a_refusal_is_shown_and_enter_does_not_send_again() -> None:
    """Conflict and denial leave the dialog open with the sentence; a new attempt is a new plan."""
    refusals: list[ClawpipeError] = [Conflict("bob was first.", "Plan again."), Denied("The token may not do this.")]
    for refusal in refusals:
        async with console(serving=FakeServing(refuse=refusal)) as story:
            await opened(story)
            await story.write("errors")
            await story.press("enter")
            await story.shows(refusal.message)
            await story.press("enter", "enter")
            assert len(story.serving.sent) == 1
            await story.press("escape")
            await story.shows("WORSE")


async def test_without_a_serving_api_the_key_says_why_it_cannot_work() -> None:
    """B is not hidden, it is explained."""
    async with console((120, 40), can_change=False) as story:
        await story.shows("WORSE")
        await story.press("B")
        await story.shows("no serving API is set")


async def test_an_attempt_that_was_never_answered_is_told_at_the_next_start(tmp_path: Path) -> None:
    """An earlier console was killed between its request and the answer."""
    journal = Journal(tmp_path)
    journal.record(Attempt("key-1", "sent", NOW, "flight-delay", "v43", "v42", "errors"))
    async with console((160, 40), journal=tmp_path) as story:
        await story.shows("Unresolved: the rollback of flight-delay to v42")


async def test_strings_from_the_api_harm_nothing_in_the_dialog() -> None:
    """Escapes, markup, right-to-left marks and ten thousand characters are shown as harmless text, or not at all."""
    nasty = "\x1b[31mred\x07 [bold]x[/] \u202egnol\u202c" + "k" * 10_000

    class Hostile(FakeServing):
        def routing(self, model: str) -> Routing:
            return replace(super().routing(model), reason=nasty, changed_by=nasty)

    async with console((100, 30), serving=Hostile()) as story:
        await opened(story)
        await story.press("pagedown")
        assert all(line.isprintable() and len(line) <= 100 for line in story.lines)
        await story.press("escape")
        await story.shows("WORSE")
