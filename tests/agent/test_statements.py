"""What only tells something is no order: nothing in it is refused by name. What has an order's form still is."""

from __future__ import annotations

import pytest

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
