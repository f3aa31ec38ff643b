"""The dossier of an institution (一户一档), and the register (名单库) of all of a district. The face of lib/dossiers.

* `grade`: the risk grade of an institution, with every component and what it rests on.
"""

from lib.dossiers.grades import grade

__all__ = ["grade"]
