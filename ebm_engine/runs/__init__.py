"""Old names of four modules: scripts that people have downloaded still import them.

Such a script (`ebm_engine.files.script` writes them) begins with

    from ebm_engine.runs.run import Run, prepare_process
    from ebm_engine.runs.script import numbers
    from ebm_engine.runs.spec import parse_spec
    from ebm_engine.runs.timeline import with_changes

Like `os` with `os.path`, this package enters other modules under its own name. Nothing of ours
imports it.
"""

from __future__ import annotations

import sys

from ebm_engine.files import script
from ebm_engine.run import run
from ebm_engine.spec import edit

for _name, _module in {"run": run, "script": script, "spec": edit, "timeline": edit}.items():
    sys.modules[f"{__name__}.{_name}"] = _module
