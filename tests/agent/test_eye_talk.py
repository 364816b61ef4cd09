"""What people say to the eyes, in five languages: each sentence to what it means, and what is not meant for them."""

from __future__ import annotations

import pytest

from dobby.agent.eye_talk import read, talk
from dobby.agent.meaning import Sight
from dobby.eyes.cameras import ZONE
from dobby.home.device import Device
from tests.agent.home import MadeHome

DRIVE, DOOR, GARDEN = "camera:driveway", "camera:front_door_camera", "camera:garden"
STREET = (DRIVE, DOOR)  # both cameras see it


def camera(id_: str, name: str, room: str, *zones: str) -> Device:
    return Device(id_, name, "camera", room, "camera", (ZONE.but(choices=zones),) if zones else ())


def home(drive: str = "Driveway", door: str = "Front Door Camera", garden: str = "Garden", street: str = "street",
         bed: str = "Flower Bed") -> MadeHome:
    devices = [camera(DRIVE, drive, drive, street), camera(DOOR, door, "Porch", street),
               camera(GARDEN, garden, garden, bed), camera("camera:k", "Cook", "Kitchen", "stove"),
               Device("sonos:1", "Kitchen", "speaker", "Kitchen", "sonos", ())]
    return MadeHome({device.id: device for device in devices}, {})


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
    "only people in the flower bed": Sight("only", (GARDEN,), ("person",), "Flower Bed"),
    "show me the flower bed": Sight("look", (GARDEN,), zone="Flower Bed"),
    "what happened on the street today?": Sight("came", STREET, zone="street", time="today"),
    "don't tell me about cars on the street": Sight("except", STREET, ("vehicle",), "street"),
    "ignore cars on the street at night": Sight("except", STREET, ("vehicle",), "street", hours="night"),
    "ignore cats": Sight("except", subjects=("animal",)),
    "no cats please": Sight("except", subjects=("animal",)),
    "stop telling me about cats": Sight("except", subjects=("animal",)),
    "ignore cats on the left": Sight("ignore", place="left", thing="cats"),
    "tell me about cats again": Sight("unmute", subjects=("animal",)),
    "mute the street for an hour": Sight("mute", STREET, zone="street", minutes=60.0),
    "unmute the street": Sight("unmute", STREET, zone="street"),
    "mute until 6 pm": Sight("mute", clock=("18:00",)),
    "mute the driveway until 18:00": Sight("mute", (DRIVE,), clock=("18:00",)),
    "mute the driveway until 6:30": Sight("mute", (DRIVE,), clock=("06:30", "18:30")),
    "mute the driveway until half past six": Sight("mute", (DRIVE,), clock=("06:30", "18:30")),
    "mute the driveway until noon": Sight("mute", (DRIVE,), clock=("12:00",)),
    "mute the driveway for an hour and a half": Sight("mute", (DRIVE,), minutes=90.0),
    "mute the driveway for two and a half hours": Sight("mute", (DRIVE,), minutes=150.0),
    "mute the garden when I'm home": Sight("mute", (GARDEN,), presence="me_home"),
    "only people when nobody's home": Sight("only", subjects=("person",), presence="nobody"),
    "when I'm away only people and cars": Sight("only", subjects=("person", "vehicle"), presence="me_away"),
    "text me only when nobody is home": Sight("mute", presence="somebody"),
    "what are my rules?": Sight("rules"),
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
        "Nur Menschen im Blumenbeet": Sight("only", (GARDEN,), ("person",), "Blumenbeet"),
        "Ignoriere Autos auf der Straße": Sight("except", STREET, ("vehicle",), "Straße"),
        "Sag mir nichts mehr von Katzen": Sight("except", subjects=("animal",)),
        "keine Katzen bitte": Sight("except", subjects=("animal",)),
        "Sag mir wieder etwas über Katzen": Sight("unmute", subjects=("animal",)),
        "Mach die Einfahrt bis 18:30 Uhr stumm": Sight("mute", (DRIVE,), clock=("18:30",)),
        "Stumm bis halb sieben": Sight("mute", clock=("06:30", "18:30")),
        "Mach die Einfahrt für anderthalb Stunden stumm": Sight("mute", (DRIVE,), minutes=90.0),
        "Nur Menschen, wenn niemand zu Hause ist": Sight("only", subjects=("person",), presence="nobody"),
        "Schreib mir nur, wenn ich weg bin": Sight("mute", presence="me_home"),
        "Was sind meine Regeln?": Sight("rules"),
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
        "Solo personas en el parterre": Sight("only", (GARDEN,), ("person",), "parterre"),
        "No me avises de coches en la calle": Sight("except", STREET, ("vehicle",), "calle"),
        "Ignora los gatos": Sight("except", subjects=("animal",)),
        "Nada de gatos, por favor": Sight("except", subjects=("animal",)),
        "Vuelve a avisarme de gatos": Sight("unmute", subjects=("animal",)),
        "Silencia la entrada hasta las 6 de la tarde": Sight("mute", (DRIVE,), clock=("18:00",)),
        "Silencia la entrada durante una hora y media": Sight("mute", (DRIVE,), minutes=90.0),
        "Solo personas cuando no haya nadie en casa": Sight("only", subjects=("person",), presence="nobody"),
        "Avísame solo cuando no esté en casa": Sight("mute", presence="me_home"),
        "¿Cuáles son mis reglas?": Sight("rules"),
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
        "Seulement les personnes dans la plate-bande": Sight("only", (GARDEN,), ("person",), "plate-bande"),
        "Ne me parle plus des voitures dans la rue": Sight("except", STREET, ("vehicle",), "rue"),
        "Ignore les chats": Sight("except", subjects=("animal",)),
        "Plus de chats s'il te plaît": Sight("except", subjects=("animal",)),
        "Préviens-moi de nouveau des chats": Sight("unmute", subjects=("animal",)),
        "Coupe l'allée jusqu'à 18h30": Sight("mute", (DRIVE,), clock=("18:30",)),
        "Coupe l'allée jusqu'à six heures du soir": Sight("mute", (DRIVE,), clock=("18:00",)),
        "Coupe l'allée pendant une heure et demie": Sight("mute", (DRIVE,), minutes=90.0),
        "Seulement les gens quand personne n'est à la maison": Sight("only", subjects=("person",), presence="nobody"),
        "Préviens-moi seulement quand je suis absent": Sight("mute", presence="me_home"),
        "Quelles sont mes règles ?": Sight("rules"),
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
        "Alleen mensen in het bloembed": Sight("only", (GARDEN,), ("person",), "bloembed"),
        "Negeer auto's op straat": Sight("except", STREET, ("vehicle",), "straat"),
        "Vertel me niets meer over katten": Sight("except", subjects=("animal",)),
        "Geen katten alsjeblieft": Sight("except", subjects=("animal",)),
        "Vertel me weer over katten": Sight("unmute", subjects=("animal",)),
        "Demp de oprit tot 6 uur 's avonds": Sight("mute", (DRIVE,), clock=("18:00",)),
        "Demp tot half zeven": Sight("mute", clock=("06:30", "18:30")),
        "Demp de oprit voor anderhalf uur": Sight("mute", (DRIVE,), minutes=90.0),
        "Alleen mensen als er niemand thuis is": Sight("only", subjects=("person",), presence="nobody"),
        "Meld me alleen als ik weg ben": Sight("mute", presence="me_home"),
        "Wat zijn mijn regels?": Sight("rules"),
        "Wie is dat?": Sight("who"),
        "Verwijder de foto's van vandaag": Sight("forget", time="today"),
    },
}
HOMES = {"de": home("Einfahrt", "Haustür", "Garten", "Straße", "Blumenbeet"),
         "es": home("Entrada", "Puerta", "Jardín", "calle", "parterre"),
         "fr": home("Allée", "Porte", "Jardin", "rue", "plate-bande"),
         "nl": home("Oprit", "Voordeur", "Tuin", "straat", "bloembed")}


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
                                  "that is our favourite song", "mute everywhere", "mute here",
                                  "mute", "mute the sofa until 6", "no music please", "no more light in the kitchen",
                                  "only the kitchen when I'm home", "don't tell me about cars in the kitchen"])
def test_what_is_not_for_the_eyes(text: str) -> None:
    assert read(text, home(), "en") is None


def test_a_home_without_cameras_has_no_eyes() -> None:
    assert read("show me the garden", MadeHome({}, {}), "en") is None


@pytest.mark.parametrize("language", ["de", "es", "fr", "nl"])
def test_every_language_knows_every_sentence(language: str) -> None:
    known, english = talk(language), talk("en")
    assert known
    assert english
    assert {verb for verb, _ in known.sentences} == {verb for verb, _ in english.sentences}
    for table in ("subjects", "times", "hours", "places", "presence", "clock", "spans"):
        assert set(known.tables[table]) == set(english.tables[table])
