"""Draws what people want over the months: which matters, when, on which channel, and when each is over."""

import random
from datetime import datetime, timedelta

from omnifil_testkit.simulator.calendar import around, awake, between, days, hours
from omnifil_testkit.simulator.people import Person
from omnifil_testkit.simulator.plans import STICKY, Answer, Life, Line, Matter, Talk
from omnifil_testkit.simulator.settings import CHANNELS, Rates
from omnifil_testkit.simulator.texts.english import ENGLISH
from omnifil_testkit.simulator.texts.things import PRODUCTS
from omnifil_testkit.simulator.texts.unseen import ENGLISH_UNSEEN, UNSEEN_PRODUCTS

UNSEEN = tuple(ENGLISH_UNSEEN)
TOPICS = tuple(topic for topic in ENGLISH.topics if topic not in UNSEEN)
_BEGINS_ANEW = 0.53
"""Of second contacts about a live matter, those that begin a new conversation: the others go on in a thread that is
there. Makes up for them in the share of other matters among new conversations; a test holds that share."""


class Planner:
    """Plans one person's matters."""

    def __init__(self, rates: Rates, draw: random.Random, person: Person, begin: datetime, end: datetime) -> None:
        self._rates, self._draw, self._end = rates, draw, end
        self._begin = begin
        self._life = Life(person)
        self._last = begin

    def life(self) -> Life:
        draw = self._draw
        at = self._begin + days(draw.random() * min(self._life.person.gap_days, (self._end - self._begin).days))
        self._new(at, live=False)
        while True:
            live = [each for each in self._life.matters if each.closes > self._last]
            if live and draw.random() < self._rates.while_live:
                begun = self._while_live(draw.choice(live))
            else:
                begun = self._when_quiet()
            if not begun:
                return self._life

    def _while_live(self, matter: Matter) -> bool:
        at = between(self._draw, self._last, matter.closes)
        if at >= self._end:
            return False
        other = self._rates.other_subject * _BEGINS_ANEW
        if self._draw.random() < other / (other + 1 - self._rates.other_subject):
            self._new(at, live=True)
        elif matter.talks[-1].channel in STICKY and self._draw.random() < self._rates.same_channel:
            # Who stays on such a channel goes on in the same thread: no new conversation begins, and another is drawn.
            self._add(matter, matter.talks[-1].channel, at, "chasing", within=matter.talks[-1])
            return self._while_live(matter)
        else:
            self._life.starts.append((True, False))
            self._again(matter, at)
        return True

    def _when_quiet(self) -> bool:
        draw, over = self._draw, max(each.closes for each in self._life.matters)
        if draw.random() < self._rates.follow_up:
            matter = max(self._life.matters, key=lambda each: each.closes)
            at = awake(draw, over + days(around(draw, self._rates.follow_up_days, 1)))
            if at >= self._end:
                return False
            self._life.starts.append((False, False))
            self._again(matter, at)
            return True
        at = awake(draw, over + days(draw.expovariate(1 / self._life.person.gap_days)))
        if at >= self._end:
            return False
        self._new(at, live=False)
        return True

    def _new(self, at: datetime, *, live: bool) -> None:
        matter = self._matter()
        self._life.starts.append((live, True))
        channel = self._fresh_channel(at)
        within = None
        if channel == "email" and self._draw.random() < self._rates.old_thread:
            within = self._some_thread("email")
        self._add(matter, channel, at, "opening", within=within)
        self._life.matters.append(matter)
        self._last = at
        if self._draw.random() < self._rates.at_once:
            other = self._fresh_channel(at)
            if other != channel:
                moment = at + timedelta(milliseconds=self._draw.randrange(900))
                self._add(matter, other, moment, "retelling", lines=1)
        if self._draw.random() < self._rates.aside:
            self._aside(matter.talks[0])

    def _again(self, matter: Matter, at: datetime) -> None:
        """One more conversation about the matter."""
        draw, before = self._draw, matter.talks[-1].channel
        fresh = self._fresh(at)
        channel = before if draw.random() < self._rates.same_channel and before in fresh else self._fresh_channel(at)
        live = at < matter.closes
        within = None
        if channel == "email" and before == "email" and not live and draw.random() < 0.5:
            within = matter.talks[-1]
        kinds = ("vague",) if draw.random() < self._rates.vague_opening else ("retelling", "retelling", "chasing")
        self._add(matter, channel, at, draw.choice(kinds), within=within)
        self._last = at

    def _aside(self, host: Talk) -> None:
        """Another matter in the same thread, while the first is being talked about."""
        matter = self._matter()
        at = between(self._draw, host.begins + timedelta(minutes=1), host.ends + timedelta(hours=1))
        self._add(matter, host.channel, at, "opening", within=host)
        self._life.matters.append(matter)

    def _add(
        self, matter: Matter, channel: str, at: datetime, kind: str, *, within: Talk | None = None, lines: int = 8
    ) -> None:
        draw, person = self._draw, self._life.person
        number = sum(len(each.talks) for each in self._life.matters) + len(matter.talks)
        talk = Talk(
            id=f"{matter.id}/{number}",
            channel=channel,
            begins=at,
            steps=[],
            within=within,
            new_browser=draw.random() < self._rates.new_cookie,
            signed_in=person.account is not None and draw.random() < self._rates.signed_in,
            foreign=draw.random() < self._rates.other_language,
        )
        if within is not None:
            talk.new_browser, talk.signed_in = within.new_browser, within.signed_in
        closes_with_it = _speak(talk, self._rates, draw, kind, lines)
        matter.talks.append(talk)
        over = talk.ends if closes_with_it else talk.ends + days(1 + 5 * draw.random())
        if matter.closings and at < matter.closings[-1]:
            over = max(over, matter.closings.pop())
        matter.closings.append(over + timedelta(seconds=1))

    def _matter(self) -> Matter:
        draw, rates, before = self._draw, self._rates, self._life.matters
        number = len(before) + 1
        unseen = draw.random() < rates.unseen
        matter = Matter(
            id=f"{self._life.person.id}#{number}",
            person=self._life.person,
            topic=draw.choice(UNSEEN if unseen else TOPICS),
            product=draw.choice(UNSEEN_PRODUCTS if unseen else PRODUCTS),
            order=_order(draw),
            parcel=f"{draw.choice('ABCDXZ')}{draw.randrange(10**9):09d}FR",
            invoice=f"F{draw.randrange(2024, 2027)}-{draw.randrange(10**5):05d}",
            facts={
                name: draw.randrange(10_000) for name in ("city", "colour", "day", "part", "fault", "amount", "serial")
            },
        )
        if before:
            earlier = draw.choice(before)
            if draw.random() < rates.same_topic:
                matter.topic = earlier.topic
            if draw.random() < rates.same_product:
                matter.product = earlier.product
            if draw.random() < rates.same_order:
                matter.order, matter.product = earlier.order, earlier.product
            if earlier.topic == matter.topic and earlier.product == matter.product:
                matter.topic = draw.choice([topic for topic in TOPICS if topic != earlier.topic])
        return matter

    def _fresh(self, at: datetime) -> list[str]:
        """Channels on which writing now begins a new conversation: not where one is being had."""
        live = {
            talk.channel
            for matter in self._life.matters
            for talk in matter.talks
            if matter.closes > at and talk.channel in STICKY
        }
        return [channel for channel in CHANNELS if channel not in live]

    def _fresh_channel(self, at: datetime) -> str:
        fresh = self._fresh(at)
        weights = [self._life.person.mix[channel] + 1e-9 for channel in fresh]
        return self._draw.choices(fresh, weights)[0]

    def _some_thread(self, channel: str) -> Talk | None:
        found = [talk for matter in self._life.matters for talk in matter.talks if talk.channel == channel]
        return found[-1] if found else None


def _speak(talk: Talk, rates: Rates, draw: random.Random, kind: str, most: int) -> bool:
    """The lines and the agents' answers. Whether the last answer closes the case."""
    at, said, answers = talk.begins, 0, None
    quick = talk.channel == "chat"
    in_parts = rates.in_parts * (1 if talk.channel == "email" else 2)
    while True:
        talk.steps.append(Line(at, kind, answers))
        said += 1
        if kind != "thanks" and draw.random() < in_parts:
            at += timedelta(seconds=20 + draw.randrange(200))
            talk.steps.append(Line(at, "detail", answers))
        if kind == "thanks" or said >= most:
            return False
        if not quick and draw.random() < rates.unanswered:
            at = awake(draw, at + days(1.5 + 4 * draw.random()))
            kind = draw.choice(("vague", "chasing"))
            continue
        waits = hours(0.03 + 0.1 * draw.random()) if quick else hours(around(draw, rates.response_hours, 0.9))
        answer = Answer(at + waits, f"{talk.id}:{said}")
        talk.steps.append(answer)
        answers = answer.key
        if draw.random() >= rates.goes_on:
            answer.closes = draw.random() < 0.7
            if not answer.closes or draw.random() >= 0.15:
                return answer.closes
            at, kind = awake(draw, answer.at + hours(around(draw, 3, 1))), "thanks"
            continue
        if draw.random() < rates.silence:
            at, kind = (
                awake(draw, answer.at + days(9 + 31 * draw.random())),
                draw.choice(("vague", "chasing", "retelling")),
            )
            continue
        delay = hours(0.02 + 0.06 * draw.random()) if quick else hours(around(draw, 9, 1.2))
        at = answer.at + delay if quick else awake(draw, answer.at + delay)
        at = max(at, answer.at + timedelta(seconds=5))
        kind = draw.choices(("detail", "vague", "chasing", "thanks"), (0.6, 0.1, 0.1, 0.2))[0]


def _order(draw: random.Random) -> str:
    number = f"{draw.randrange(10_000, 10**6)}"
    return draw.choice((number, number, f"A-{number}", f"FR{number}", f"W{number}"))
