"""Remembering: household facts asked for in other words, and chat turns asked for by exact words, among many others.

Prints JSON lines: recall@10 by words alone and joined with meanings, p95 of a question, entries taken in a second,
memory. `--entries 6000 100000` sets the sizes; joined figures need the model (docs/memory.md) and take some 5 ms an
entry, so they are made up to `--meanings` entries.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dobby.memory.embed import NoMeaning, Worker, available
from dobby.memory.recall import Entry, Recall
from dobby.memory.vectors import Vectors

WHO = ("Anna", "Leo", "Mara", "Tom", "Ines", "Paul")
# {0} is a person; the question shares few words with the fact on purpose
FACTS = (
    ("{0} hates bright light in the evening", "who is sensitive to glare at night, {0}?"),
    ("{0} is allergic to peanuts", "what food makes {0} ill?"),
    ("{0} sleeps badly when the room is warmer than 18 degrees", "which temperature does {0} need to rest well?"),
    ("{0} plays the cello on Wednesday evenings", "when does {0} practise an instrument?"),
    ("{0} drinks tea without sugar", "how does {0} take hot drinks?"),
    ("{0} parks the blue car in front of the garage", "where does {0} leave the vehicle?"),
    ("{0} works from home on Mondays", "on which day is {0} not in the office?"),
    ("{0} is afraid of thunderstorms", "what kind of weather frightens {0}?"),
    ("{0} keeps the passport in the bottom drawer of the desk", "where is {0}'s travel document?"),
    ("{0} goes running before breakfast", "what exercise does {0} do in the morning?"),
    ("{0} wears a size 43 shoe", "how big are {0}'s feet?"),
    ("{0} has an appointment with the dentist on the fifth", "when are {0}'s teeth looked at?"),
    ("{0} stopped eating meat last year", "is {0} a vegetarian?"),
    ("{0} prefers jazz while cooking", "which music does {0} like in the kitchen?"),
    ("{0}'s piano teacher is called Mrs Okafor", "who gives {0} lessons?"),
    ("{0} cannot stand the smell of paint", "which odour bothers {0}?"),
    ("{0} takes a pill against high blood pressure every night", "what medicine does {0} need?"),
    ("{0} left the umbrella in the hallway cupboard", "where is {0}'s rain cover?"),
    ("{0} wants to be woken gently with soft music", "how should {0} be got out of bed?"),
    ("{0} learned Portuguese as a child", "which foreign language does {0} speak?"),
    ("{0} gets headaches from loud television", "what noise hurts {0}?"),
    ("{0} waters the plants on Sunday", "who looks after the flowers, {0}?"),
    ("{0} likes the bathroom very warm", "how hot should it be when {0} showers?"),
    ("{0} hides the presents in the attic", "where does {0} store the gifts?"),
    ("{0} supports the football club from Porto", "which team does {0} cheer for?"),
    ("{0} broke a wrist skiing in February", "what accident did {0} have in winter?"),
    ("{0} turned vegan in spring", "why does {0} not eat cheese?"),
    ("{0} has a meeting with the tax adviser each March", "when does {0} see the accountant?"),
    ("{0} lends the drill to the neighbours", "who borrowed {0}'s power tool?"),
    ("{0} cycles to school", "how does {0} get to class?"),
    ("{0} gave the cat its name", "who called the pet that way, {0}?"),
    ("{0} dislikes being photographed", "what should one not do with a camera near {0}?"),
    ("{0} reads detective novels in bed", "what books does {0} enjoy?"),
    ("{0} pays the electricity bill", "who settles the power costs, {0}?"),
    ("{0} grew up by the sea", "where did {0} spend childhood?"),
)
HOME = (
    ("The boiler was serviced in May by Vandersloot", "when was the heating maintained?"),
    ("The stopcock is behind the washing machine", "where can the water be shut off?"),
    ("The guest wifi is called Birdhouse", "which network should visitors use?"),
    ("The roof leaks near the chimney when the wind is from the west", "where does rain come in?"),
    ("The cleaner comes every second Tuesday", "which day does the housekeeping happen?"),
    ("The spare key hangs in the shed", "how can one get in without a key?"),
)
PLACES, THINGS = ("attic", "cellar", "shed", "hall", "study", "garden"), ("ladder", "hose", "drill", "tent", "sledge")


def facts() -> Iterator[tuple[Entry, str]]:
    """Facts, each with a question for it."""
    at = 0
    for text, question in HOME:
        at += 1
        yield Entry(f"fact:{at}", "fact", "", "2026-01-01 10:00", text), question
    for text, question in FACTS:
        for who in WHO:
            at += 1
            yield Entry(f"fact:{at}", "fact", who, f"2026-01-{at % 28 + 1:02} 10:00", text.format(who), who), \
                question.format(who)


def turns(count: int, chance: random.Random) -> Iterator[tuple[Entry, str]]:
    """Chat turns, each with a question of a few of its exact words."""
    for at in range(1, count + 1):
        name, thing, place = f"{chance.choice('BCDFGKLMNPRST')}{chance.choice('aeiou')}{at:x}", chance.choice(THINGS), \
            chance.choice(PLACES)
        text = chance.choice((f"please tell {name} that the {thing} is in the {place} since number {at}",
                              f"I met {name} about the {thing}, it costs {at} euros and stands in the {place}",
                              f"order {at} from {name}: a {thing} for the {place}"))
        yield Entry(f"turn:{at}", "turn", "greg", f"2026-{at % 12 + 1:02}-{at % 28 + 1:02} 12:00", text, place=at), \
            f"what about {name} and the {thing}?"


def measure(size: int, meanings: bool) -> None:
    """One line for one size."""
    chance = random.Random(7)
    known, talk = list(facts()), list(turns(size - len(list(facts())), chance))
    with tempfile.TemporaryDirectory() as folder:
        recall = Recall(Path(folder) / "recall.db")
        entries = [entry for entry, _ in (*known, *talk)]
        began = time.perf_counter()
        for at in range(0, len(entries), 500):
            recall.put(entries[at : at + 500])
        taken = time.perf_counter() - began
        asked_turns = chance.sample(talk, 300)
        worker = Worker()
        if meanings:
            recall.vectors = Vectors(Path(folder) / "vectors.npz", worker.embed)
            began = time.perf_counter()
            while ids := recall.without_vectors():
                with contextlib.suppress(NoMeaning):  # a machine that does other things too: again, as the daemon does
                    for at in range(0, len(ids), 64):
                        recall.embed(ids[at : at + 64])
            learned = time.perf_counter() - began
        row: dict[str, object] = {"benchmark": "memory", "entries": len(entries), "facts": len(known),
                                  "joined": meanings, "entries_a_second": round(len(entries) / taken)}
        for name, asked in (("facts_in_other_words", known), ("turns_by_exact_words", asked_turns)):
            took, right = [], 0
            for entry, question in asked:
                began = time.perf_counter()
                hits = recall.ask(question, limit=10)
                took.append(time.perf_counter() - began)
                right += any(hit.entry.key == entry.key for hit in hits)
            row[name] = {"recall_at_10": round(right / len(asked), 3),
                         "p95_ms": round(sorted(took)[int(len(took) * 0.95)] * 1000, 1)}
        if meanings:
            row["vectors_a_second"] = round(len(entries) / learned)
        row["memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(row), flush=True)
        worker.stop()
        recall.close()


def main() -> None:
    """All sizes, by words alone and joined."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="*", default=[6_000, 100_000])
    parser.add_argument("--meanings", type=int, default=6_000, help="joined figures up to so many entries")
    arguments = parser.parse_args()
    for size in arguments.entries:
        measure(size, False)
        if available() and size <= arguments.meanings:
            measure(size, True)


if __name__ == "__main__":
    main()
