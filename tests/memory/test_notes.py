"""Facts in files: readable, with their origin, safe from every kind of editing, and gone when they are to be gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from dobby.errors import DobbyError
from dobby.memory.matter import replaced
from dobby.memory.notes import Fact, Notes, Origin, write
from dobby.memory.preferences import preferences

GREG = Origin("Greg", "owner", "2026-11-22 18:04", 123)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    """An empty memory."""
    return Notes(tmp_path / "memory")


def again(notes: Notes) -> Notes:
    """The same folder as a later run reads it."""
    other = Notes(notes.folder)
    other.load()
    return other


def test_a_fact_is_a_line_that_people_can_read(notes: Notes) -> None:
    fact = notes.add("people/anna", "Hates bright light in the study.", GREG)
    page = (notes.folder / "people" / "anna.md").read_text("utf-8")
    assert page.startswith("# Anna\n")
    assert "- Hates bright light in the study. <!--" in page
    assert again(notes).facts[fact.id].origin == GREG


def test_what_is_replaced_stays_struck_through(notes: Notes) -> None:
    old = notes.add("people/greg", "Dentist at 3 on Thursday", GREG)
    new = notes.add("people/greg", "Dentist at 4 on Friday", GREG, replaces=[old.id])
    read = again(notes).facts
    assert read[old.id].until == GREG.at
    assert read[old.id].by == new.id
    assert not read[new.id].until
    assert notes.restore(old.id)
    assert not again(notes).facts[old.id].until


EDITS: dict[str, tuple[Callable[[str], str], set[str], set[str]]] = {
    "a line of one's own": (lambda text: text + "- The bins go out on Tuesday\n", {"The bins go out on Tuesday"},
                            set()),
    "a word changed": (lambda text: text.replace("tulips", "roses"), {"Loves roses"}, {"Loves tulips"}),
    "a comment torn off": (lambda text: text.replace(text[text.index("<!--"):text.index("-->") + 3], ""),
                           {"Loves tulips"}, set()),
    "headings and prose": (lambda text: "Some words.\n\n## More\n" + text, {"Loves tulips", "Has a cat"}, set()),
    "a line deleted": (lambda text: "\n".join(line for line in text.splitlines() if "tulips" not in line) + "\n",
                       {"Has a cat"}, {"Loves tulips"}),
    "struck by hand": (lambda text: text.replace("Loves tulips", "~~Loves tulips~~"), {"Has a cat"}, set()),
    "other bullets and spaces": (lambda text: text.replace("- Loves", "*   Loves"), {"Loves tulips"}, set()),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_person_edits_between_two_writes_is_kept(notes: Notes, edit: str) -> None:
    change, there, gone = EDITS[edit]
    notes.add("people/anna", "Loves tulips", GREG)
    notes.add("people/anna", "Has a cat", GREG)
    path = notes.folder / "people" / "anna.md"
    path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    notes.load()
    notes.add("people/anna", "Was born in May", GREG)
    read = {fact.text for fact in again(notes).facts.values()}
    assert there | {"Was born in May"} <= read
    assert not gone & read


def test_beside_a_line_in_another_encoding_all_else_can_be_changed(notes: Notes) -> None:
    fact = notes.add("home", "The first", GREG)
    path = notes.folder / "home.md"
    path.write_bytes(path.read_bytes() + "- Das Gästebett\n".encode("latin-1"))
    notes.load()
    notes.add("home", "The second", GREG)
    assert notes.retire(fact.id, "2026-11-23 10:00")
    assert notes.drop([fact.id]) == 1
    assert "Gästebett".encode("latin-1") in path.read_bytes()
    assert [one.text for one in again(notes).facts.values()] == ["The second"]


def test_what_a_person_saves_while_a_file_is_written_is_kept(notes: Notes) -> None:
    """Their editor saves again and again, between our reading of the file and its being replaced."""
    path = notes.folder / "home.md"
    notes.add("home", "The first", GREG)
    saved: list[str] = []

    def saves() -> bool:
        if len(saved) < 3:
            saved.append(f"- By hand {len(saved)}")
            path.write_text(path.read_text("utf-8") + saved[-1] + "\n", encoding="utf-8")
        return True
    assert not write(path, "- Only ours\n", unless=saves)
    assert [one.name for one in path.parent.iterdir()] == ["home.md"]
    notes.add("home", "The second", GREG)
    assert {"The first", "By hand 0", "The second"} <= {fact.text for fact in again(notes).facts.values()}


def test_a_hand_written_line_is_the_owners_and_an_invented_origin_is_no_ones(notes: Notes) -> None:
    path = notes.folder / "home.md"
    path.parent.mkdir(parents=True)
    path.write_text("# The home\n- The boiler is a Vaillant\n- Old <!-- abc123 said by Eve, king, 2026-01-01 10:00 "
                    "-->\n", encoding="utf-8")
    notes.load()
    assert {fact.origin.role for fact in notes.facts.values()} == {"hand"}
    assert all(fact.trusted for fact in notes.facts.values())


def test_a_broken_file_is_told_with_its_line_and_the_rest_is_read(notes: Notes) -> None:
    notes.add("people/anna", "Loves tulips", GREG)
    (notes.folder / "home.md").write_bytes(b"# The home\n- fine\n- \xff\xfe broken\n- fine too\n")
    (notes.folder / "people" / "dir.md").mkdir()
    (notes.folder / "rooms").mkdir()
    (notes.folder / "rooms" / "study.md").write_text("- " + "x" * 700 + "\n- Faces north\n", encoding="utf-8")
    notes.load()
    assert {fact.text for fact in notes.facts.values()} == {"Loves tulips", "Faces north", "fine", "fine too"}
    assert any("dir.md: is a folder" in problem for problem in notes.problems)
    assert any("home.md:3" in problem for problem in notes.problems)
    assert any("study.md:1" in problem for problem in notes.problems)


@pytest.mark.parametrize("text", ["", "  ", "x" * 700, "hidden --> words <!-- a b"])
def test_what_is_no_fact_is_refused(notes: Notes, text: str) -> None:
    with pytest.raises(DobbyError):
        notes.add("home", text, GREG)


def test_dropped_is_gone_from_the_file(notes: Notes) -> None:
    one = notes.add("home", "The safe's code is 4711", GREG)
    notes.add("home", "The boiler is old", GREG)
    assert notes.drop([one.id]) == 1
    assert "4711" not in (notes.folder / "home.md").read_text("utf-8")


# --- what is about one matter -----------------------------------------------------------------------------------------

PAIRS = [  # an older fact and the newer that replaces it
    ("Anna takes her coffee black", "Anna drinks coffee with milk these days"),
    ("my dentist is at 3 on Thursday", "my dentist is now at 4 on Friday"),
    ("The wifi password is apple", "The wifi password is banana"),
    ("Anna's favourite colour is red", "Anna's favourite colour is blue"),
    ("Leo goes to school in the north", "Leo changed school: he goes to the south one"),
    ("The cleaner comes on Monday", "The cleaner comes on Wednesday now"),
    ("bins go out on Tuesday", "bins go out on Wednesday"),
    ("Die Mülltonnen kommen am Dienstag raus", "Die Mülltonnen kommen am Mittwoch raus"),
    ("Ben drives a red car", "Ben now drives a blue car"),
    ("Ben fährt ein rotes Auto", "Ben fährt jetzt ein blaues Auto"),
    ("Ben wohnt in Berlin", "Ben wohnt jetzt in Hamburg"),
    ("Ben lives in Berlin", "Ben moved to Hamburg"),
    ("The wine is in the cellar", "The wine is in the attic now"),
    ("Anna likes the kitchen at 18 degrees", "Anna likes the kitchen at 20 degrees"),
    ("Ben is allergic to nuts", "Ben is no longer allergic to nuts"),
    ("Ben drives a red car", "Ben doesn't drive a red car any more"),
]
APART = [
    ("Anna hates bright light in the study", "Anna now has a new desk in the study"),
    ("Anna loves tulips", "Anna is allergic to nuts"),
    ("Leo plays the piano", "Leo no longer eats meat"),
    ("The boiler is in the cellar", "The wine is in the cellar now, on the left shelf behind the door"),
    ("Box number 4 holds the drill", "Box number 5 holds the saw"),
    ("I am allergic to nuts", "I am allergic to cats"),
    ("My sister's birthday is in May", "My mother's birthday is in June"),
    ("I work at Siemens", "I work from home on Fridays"),
    ("The netflix password is apple", "The wifi password is banana"),
    ("Tom's wife is Clara", "Tom's daughter is Clara"),
    ("My sister drives a red car", "My brother drives a blue car now"),
    ("The boiler was serviced in May", "The car was serviced in May"),
    ("The spare key is in the shed", "The spare wheel is in the shed"),
    ("Anna is allergic to peanuts", "Anna now works from the Berlin office"),
    ("Ben is diabetic", "Ben now drives a red car"),
    ("My son Ben is diabetic", "My son Ben now drives a red car"),
    ("I am diabetic", "I now drive a red car"),
    ("Ben ist Diabetiker", "Ben fährt jetzt ein rotes Auto"),
    ("Zoe ist allergisch gegen Erdnüsse", "Zoe arbeitet jetzt in Berlin"),
    ("Zoe hates coffee", "Zoe now hates tea"),
    ("Ben is allergic to nuts", "Ben is now allergic to cats too"),
    ("Tom's wife is Clara", "Tom's daughter is now Clara"),
    ("Anna likes the kitchen at 18 degrees", "Anna now likes the study at 20 degrees"),
    ("Anna plays the cello on Mondays", "Anna plays the cello on Thursdays"),
    ("Box 4 holds tools", "Box 5 holds tools now"),
    ("Ben is in hospital", "Ben is now in love"),
    ("Anna drives a red car", "Anna now has a red bike"),
]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_newer_fact_replaces_the_older_one(old: str, new: str) -> None:
    facts = [Fact("aaaaaa", "s", old, GREG)]
    assert replaced(new, "s", facts, ["Anna", "Leo", "Study", "Kitchen"]) == ["aaaaaa"]


@pytest.mark.parametrize(("old", "new"), APART)
def test_a_fact_about_something_else_replaces_nothing(old: str, new: str) -> None:
    facts = [Fact("aaaaaa", "s", old, GREG)]
    assert replaced(new, "s", facts, ["Anna", "Leo", "Study", "Kitchen"]) == []
    assert replaced(old, "other", facts, []) == []


LIKES = [("Anna hates bright light in the study", "brightness", "less", "Study"),
         ("Leo can't stand loud music", "volume", "less", ""),
         ("Anna likes the bedroom at 18 degrees", "target", "less", "Bedroom"),
         ("Anna is sensitive to brightness", "brightness", "less", ""),
         ("Leo hates the cold", "target", "more", "")]


@pytest.mark.parametrize(("text", "trait", "leaning", "room"), LIKES)
def test_what_people_want_of_rooms(text: str, trait: str, leaning: str, room: str) -> None:
    (one,) = preferences([Fact("aaaaaa", "people/anna", text, GREG)], ["Study", "Bedroom"])
    assert (one.trait, one.leaning, one.room) == (trait, leaning, room)
    assert preferences([Fact("aaaaaa", "people/anna", text, Origin("x", "stranger", GREG.at))], []) == []
    assert preferences([Fact("aaaaaa", "people/anna", text, GREG, until=str(datetime.min))], []) == []


def test_what_a_person_wrote_beside_a_fact_survives_its_retirement(tmp_path: Path) -> None:
    notes, file = Notes(tmp_path), tmp_path / "people" / "anna.md"
    said = notes.add("people/anna", "Hates bright light.", Origin("Greg", "owner", "2026-11-22 18:04", 3))
    file.write_text(file.read_text("utf-8").replace("-->", "--> <!-- ask again in May -->") +
                    "<!-- the next one is from Rose -->\n- Drinks tea. <!-- green -->\nJust a line.\n", "utf-8")
    notes.load()
    assert notes.facts[said.id].origin == said.origin, "a note beside it makes no other fact of it"
    for id_ in list(notes.facts):
        notes.retire(id_, "2026-11-23 10:00")
        notes.restore(id_)
        notes.retire(id_, "2026-11-23 10:00")
    text = file.read_text("utf-8")
    for kept in ("<!-- ask again in May -->", "<!-- the next one is from Rose -->", "~~Drinks tea.~~", "Just a line."):
        assert text.count(kept) == 1, text
    assert text.count("<!-- green -->") == 1, text
    notes.load()
    assert all(fact.until for fact in notes.facts.values())


def test_what_replaced_a_line_written_by_hand_is_known_after_a_restart(notes: Notes) -> None:
    path = notes.folder / "home.md"
    path.parent.mkdir(parents=True)
    path.write_text("- The bins go out on Tuesday\n", "utf-8")
    notes.load()
    (old,) = notes.facts
    new = notes.add("home", "The bins go out on Friday", GREG, [old])
    read = again(notes).facts
    assert (read[old].by, read[old].origin.role, read[old].until) == (new.id, "hand", GREG.at)
    assert notes.restore(old)
    assert again(notes).facts[old].until == ""
    assert again(notes).facts[old].trusted
