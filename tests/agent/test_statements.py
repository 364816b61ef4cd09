"""What only tells something is no order: nothing in it is refused by name, and a plain fact is offered to be
remembered. What has an order's form is neither."""

from __future__ import annotations

import pytest

from dobby.agent import memory_talk
from dobby.agent.reflex import Miss, Refuse
from tests.agent.home import made_home
from tests.agent.test_reflex import reflex

TELLS = {
    "en": ("the baker gets up at three", "grandma goes out", "Tom came down", "the sun comes up at seven",
           "the rent goes up to 900"),
    "de": ("der Bäcker steht um drei auf", "Oma geht aus", "der Laden macht um neun auf", "der Nachbar macht zu"),
    "es": ("el panadero se levanta a las tres", "la tienda abre a las nueve", "el precio sube a 20"),
    "fr": ("le boulanger se lève à trois heures", "le magasin ferme", "le voisin ferme la porte"),
    "nl": ("de winkel gaat om negen open", "oma gaat uit", "de bakker staat om drie op")}
ORDERS = {
    "en": ("turn the flurble off", "flurble off", "the flurble lamp on", "set the flurble to 20", "turn off the sawna"),
    "de": ("mach den Flurbel aus", "der Flurbel an"), "es": ("apaga el flurble", "apaga el lavadro"),
    "fr": ("éteins le flurble",), "nl": ("doe de flurbel uit", "flurbel uit")}


@pytest.mark.parametrize("language", TELLS)
def test_a_statement_is_not_refused_by_name(language: str) -> None:
    for said in TELLS[language]:
        assert isinstance(reflex(language).read(said, made_home(), None, now=0.0), Miss), said


@pytest.mark.parametrize("language", ORDERS)
def test_an_order_for_what_is_not_there_still_is(language: str) -> None:
    for said in ORDERS[language]:
        read = reflex(language).read(said, made_home(), None, now=0.0)
        assert not isinstance(read, Miss), said
        assert isinstance(read.parts[0], Refuse), said


FACTS = {
    "en": ("the spare key is under the mat", "The baker gets up at three.", "my bike is in the garage",
           "Anna lives in Berlin", "the bin men come on Tuesdays", "Tom is allergic to nuts",
           "Sam keeps his bike in the shed"),
    "de": ("der Ersatzschlüssel liegt unter der Matte", "der Bäcker steht um drei auf", "Anna wohnt in Berlin"),
    "es": ("la llave está debajo de la alfombra", "el panadero se levanta a las tres", "Anna vive en Berlín"),
    "fr": ("la clé est sous le tapis", "le boulanger se lève à trois heures", "Anna habite à Berlin"),
    "nl": ("de reservesleutel ligt onder de mat", "de bakker staat om drie op", "Anna woont in Berlijn")}
NO_FACTS = {
    "en": ("the kitchen light on", "the light is on in the kitchen", "the lights are on full", "the kitchen is nice",
           "the flurble is off", "the flurble off", "turn the flurble off", "the music is at full volume",
           "is the key under the mat", "the key is under the mat?", "it is in the way", "the house is on fire",
           "the bedroom is at 20 degrees", "the heating is on again", "the desk lamp is on the left", "dinner is ready",
           "the flurble should be on at six", "the wifi password is in the drawer", "I am in the kitchen",
           "she lives in Berlin", "his bike is in the shed", "nobody lives in the attic",
           "the taxi comes in five minutes", "my mother comes home tonight", "a burglar is in the garden",
           "the code is in the drawer", "a man is in the garden", "my daughter has a fever",
           "Sam is at work", "my wife has left the house"),
    "de": ("das Licht ist an", "der Flurbel ist aus", "die Heizung steht auf 20", "es ist zu dunkel hier",
           "er wohnt in Berlin", "sein Rad steht im Schuppen", "meine Mutter kommt heute nach Hause",
           "meine Frau hat das Haus verlassen", "Sam ist bei der Arbeit", "ein Mann steht im Garten"),
    "es": ("la luz está en rojo", "el flurble está apagado", "la música está en la cocina",
           "ella vive en Berlín", "alguien tiene mi llave roja", "el taxi viene en cinco minutos",
           "mi hija tiene mucha fiebre", "Sam está en la oficina", "un hombre está en el jardín"),
    "fr": ("la lumière est en rouge", "le flurble est éteint", "la musique est dans la cuisine",
           "elle habite à Berlin", "on mange à huit heures", "le taxi vient dans cinq minutes",
           "ma femme a quitté la maison", "Sam est à la plage", "un homme est dans le jardin"),
    "nl": ("het licht is aan", "de flurbel is uit", "de muziek staat op vol",
           "hij woont in Berlijn", "iemand heeft mijn fiets gestolen", "mijn moeder komt vanavond thuis",
           "mijn vrouw heeft het huis verlaten", "Sam is op het werk", "een man staat in de tuin")}


def offered(said: str, language: str) -> bool:
    who = memory_talk.fact(said, language, ("Robin", "Sam"))
    return bool(who) and not reflex(language).speaks_of(who, made_home())


@pytest.mark.parametrize("language", FACTS)
def test_a_plain_fact_is_told_from_orders_and_small_talk(language: str) -> None:
    assert [said for said in FACTS[language] if not offered(said, language)] == []
    assert [said for said in NO_FACTS[language] if offered(said, language)] == []
