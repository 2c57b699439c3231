"""Old names of four modules: scripts that people downloaded before the move still import them.

Such a script begins with

    from ebm_engine.runs.run import Run, prepare_process
    from ebm_engine.runs.script import numbers
    from ebm_engine.runs.spec import parse_spec
    from ebm_engine.runs.timeline import with_changes

Like `os` with `os.path`, this package enters other modules under its own name. Nothing of ours
imports it; new scripts import from `ebm_engine` itself.
"""

from __future__ import annotations

import sys
from types import ModuleType

from ebm_engine.files.script import numbers_of
from ebm_engine.run import run
from ebm_engine.spec import edit

script = ModuleType(f"{__name__}.script")
vars(script)["numbers"] = numbers_of
for _name, _module in {"run": run, "script": script, "spec": edit, "timeline": edit}.items():
    sys.modules[f"{__name__}.{_name}"] = _module
