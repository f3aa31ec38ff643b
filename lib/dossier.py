"""The dossier of an institution (一户一档), and the register (名单库) of all of a district. The face of lib/dossiers.

* `grade`: the risk grade of an institution, with every component and what it rests on.
* `register`, `history`: the institutions as lists, people and the grading have them, one row each, and what became of them.
* `league`, `shared`: institutions side by side, and what pairs of them have in common.
* `survey`, `answer`: who of a survey list (摸排) is in its scope, and what the offices answered.
* `deadlines`, `work`: the notice's deadlines of exit, and what is to be done by which unit.
"""

from lib.dossiers.deadlines import deadlines
from lib.dossiers.grades import grade
from lib.dossiers.listing import history, league, register
from lib.dossiers.sharing import shared
from lib.dossiers.surveying import answer, survey
from lib.dossiers.working import work

__all__ = ["answer", "deadlines", "grade", "history", "league", "register", "shared", "survey", "work"]
