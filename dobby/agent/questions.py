"""Questions: what is asked about what. A question is answered from readings and never acts."""
from __future__ import annotations

from dobby.agent.lattice import Lattice
from dobby.agent.meaning import Question, Refuse
from dobby.agent.targets import Home


def question(net: Lattice, home: Home) -> Question | Refuse | None:
    """Filled in below."""
    return None
