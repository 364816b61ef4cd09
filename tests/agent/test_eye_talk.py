"""What people say to the eyes, in five languages: each sentence to what it means, and what is not meant for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from dobby.agent.eye_talk import read, talk
from dobby.agent.meaning import Sight
from dobby.home.device import Device, Room
from dobby.home.traits import Value

DRIVE, DOOR, GARDEN = "camera:driveway", "camera:front_door_camera", "camera:garden"


def camera(id_: str, name: str, room: str) -> Device:
    return Device(id_, name, "camera", room, "camera", ())


@dataclass(frozen=True)
class Seen:
    devices: dict[str, Device]
    rooms: dict[str, Room] = field(default_factory=dict)

    def value(self, device: str, trait: str) -> Value:
        return None

    def reachable(self, device: str) -> bool:
        return True


def home(drive: str = "Driveway", door: str = "Front Door Camera", garden: str = "Garden") -> Seen:
    devices = [camera(DRIVE, drive, drive), camera(DOOR, door, "Porch"), camera(GARDEN, garden, garden),
               Device("sonos:1", "Kitchen", "speaker", "Kitchen", "sonos", ()), camera("camera:k", "Cook", "Kitchen")]
    return Seen({device.id: device for device in devices})


ENGLISH = {
    "what did you skip today and why?": Sight("skipped", time="today"),
    "who is it?": Sight("who"),
    "show me again": Sight("again"),
    "Dobby, mute the driveway for an hour, please": Sight("mute", (DRIVE,), minutes=60.0),
    "mute the front door camera until tomorrow": Sight("mute", (DOOR,), minutes=0.0),
    "unmute the driveway": Sight("unmute", (DRIVE,)),
    "ignore the tree on the left": Sight("ignore", place="left", thing="tree"),
    "only people at night": Sight("only", subjects=("person",), hours="night"),
    "tell me only about people and parcels": Sight("only", subjects=("person", "parcel")),
    "only people in the garden at night": Sight("only", (GARDEN,), ("person",), hours="night"),
    "that was a false alarm": Sight("wrong"),
    "what's happening outside?": Sight("happening"),
    "what's going on in the garden?": Sight("happening", (GARDEN,)),
    "is the car in the driveway?": Sight("there", (DRIVE,), ("vehicle",)),
    "is anyone outside?": Sight("there", subjects=("person",)),
    "who's at the door?": Sight("happening", (DOOR,)),
    "is anyone at the door?": Sight("there", (DOOR,), ("person",)),
    "who is outside?": Sight("happening"),
    "show me the garden": Sight("look", (GARDEN,)),
    "show me the front door": Sight("look", (DOOR,)),
    "who came by this morning?": Sight("came", time="morning"),
    "did a parcel come?": Sight("came", subjects=("parcel",)),
    "was there a cat in the garden last night?": Sight("came", (GARDEN,), ("animal",), time="night"),
    "forget today's pictures": Sight("forget", time="today"),
    "that's our car": Sight("usual", subjects=("vehicle",)),
}
OTHERS = {
    "de": {
        "Zeig mir den Garten": Sight("look", (GARDEN,)),
        "Wer war heute Morgen da?": Sight("came", time="morning"),
        "Ist ein Paket gekommen?": Sight("came", subjects=("parcel",)),
        "Was ist draußen los?": Sight("happening"),
        "Steht das Auto in der Einfahrt?": Sight("there", (DRIVE,), ("vehicle",)),
        "Nachts nur Menschen": Sight("only", subjects=("person",), hours="night"),
        "Das war ein Fehlalarm": Sight("wrong"),
        "Was hast du heute ausgelassen und warum?": Sight("skipped", time="today"),
        "Mach die Einfahrt für eine Stunde stumm": Sight("mute", (DRIVE,), minutes=60.0),
        "Ignoriere den Baum links": Sight("ignore", place="left", thing="baum"),
        "Wer ist das?": Sight("who"),
        "Vergiss die Bilder von heute": Sight("forget", time="today"),
    },
    "es": {
        "Enséñame el jardín": Sight("look", (GARDEN,)),
        "¿Quién vino esta mañana?": Sight("came", time="morning"),
        "¿Ha llegado un paquete?": Sight("came", subjects=("parcel",)),
        "¿Qué pasa fuera?": Sight("happening"),
        "¿Está el coche en la entrada?": Sight("there", (DRIVE,), ("vehicle",)),
        "Solo personas de noche": Sight("only", subjects=("person",), hours="night"),
        "Eso fue una falsa alarma": Sight("wrong"),
        "¿Qué has callado hoy y por qué?": Sight("skipped", time="today"),
        "Silencia la entrada durante una hora": Sight("mute", (DRIVE,), minutes=60.0),
        "Ignora el árbol de la izquierda": Sight("ignore", place="left", thing="árbol"),
        "¿Quién es?": Sight("who"),
        "Borra las fotos de hoy": Sight("forget", time="today"),
    },
    "fr": {
        "Montre-moi le jardin": Sight("look", (GARDEN,)),
        "Qui est venu ce matin ?": Sight("came", time="morning"),
        "Est-ce qu'un colis est arrivé ?": Sight("came", subjects=("parcel",)),
        "Que se passe-t-il dehors ?": Sight("happening"),
        "Est-ce que la voiture est dans l'allée ?": Sight("there", (DRIVE,), ("vehicle",)),
        "Seulement les personnes la nuit": Sight("only", subjects=("person",), hours="night"),
        "C'était une fausse alerte": Sight("wrong"),
        "Qu'as-tu passé aujourd'hui et pourquoi ?": Sight("skipped", time="today"),
        "Coupe l'allée pendant une heure": Sight("mute", (DRIVE,), minutes=60.0),
        "Ignore l'arbre à gauche": Sight("ignore", place="left", thing="arbre"),
        "C'est qui ?": Sight("who"),
        "Efface les photos d'aujourd'hui": Sight("forget", time="today"),
    },
    "nl": {
        "Laat me de tuin zien": Sight("look", (GARDEN,)),
        "Wie was er vanmorgen?": Sight("came", time="morning"),
        "Is er een pakket bezorgd?": Sight("came", subjects=("parcel",)),
        "Wat gebeurt er buiten?": Sight("happening"),
        "Staat de auto op de oprit?": Sight("there", (DRIVE,), ("vehicle",)),
        "Alleen mensen 's nachts": Sight("only", subjects=("person",), hours="night"),
        "Dat was vals alarm": Sight("wrong"),
        "Wat heb je vandaag overgeslagen en waarom?": Sight("skipped", time="today"),
        "Demp de oprit voor een uur": Sight("mute", (DRIVE,), minutes=60.0),
        "Negeer de boom links": Sight("ignore", place="left", thing="boom"),
        "Wie is dat?": Sight("who"),
        "Verwijder de foto's van vandaag": Sight("forget", time="today"),
    },
}
HOMES = {"de": home("Einfahrt", "Haustür", "Garten"), "es": home("Entrada", "Puerta", "Jardín"),
         "fr": home("Allée", "Porte", "Jardin"), "nl": home("Oprit", "Voordeur", "Tuin")}


@pytest.mark.parametrize(("text", "meant"), ENGLISH.items())
def test_english(text: str, meant: Sight) -> None:
    assert read(text, home(), "en") == meant


@pytest.mark.parametrize(("language", "text", "meant"),
                         [(language, text, meant) for language, rows in OTHERS.items() for text, meant in rows.items()])
def test_other_languages(language: str, text: str, meant: Sight) -> None:
    assert read(text, HOMES[language], language) == meant


@pytest.mark.parametrize("text", ["mute the kitchen for an hour", "turn off the lights", "again", "what is playing",
                                  "play jazz in the kitchen", "is the kitchen light on?", "show me the money",
                                  "unlock the front door", "who is playing?", "it's sleepy time", "",
                                  "that's fine", "it is my birthday",
                                  "that is our favourite song", "mute everywhere", "mute here"])
def test_what_is_not_for_the_eyes(text: str) -> None:
    assert read(text, home(), "en") is None


def test_a_home_without_cameras_has_no_eyes() -> None:
    assert read("show me the garden", Seen({}), "en") is None


@pytest.mark.parametrize("language", ["de", "es", "fr", "nl"])
def test_every_language_knows_every_sentence(language: str) -> None:
    known, english = talk(language), talk("en")
    assert known
    assert english
    assert {verb for verb, _ in known.sentences} == {verb for verb, _ in english.sentences}
    for table in ("subjects", "times", "hours", "places"):
        assert set(known.tables[table]) == set(english.tables[table])
