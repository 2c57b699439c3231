"""The house rules: who may import whom, how long a file may be, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENGINE = sorted((ROOT / "ebm_engine").rglob("*.py"))
PAGES = [p for p in (ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))) if p.exists()]
SOURCES = ENGINE + PAGES

# Each wing may import those before it. A name covers what is below it, the longest name wins, and
# wings of one row do not know each other.
ROWS = (
    ("ebm_engine.core", "ebm_engine.writing"),
    ("ebm_engine.data",),
    ("ebm_engine.spec",),
    ("ebm_engine.build",),
    ("ebm_engine.run",),
    ("ebm_engine.studies",),
    ("ebm_engine.server", "ebm_engine.files", "ebm_engine.views"),
    ("ebm_engine.batch",),
    ("ebm_engine.sweep", "ebm_engine.reproduce", "ebm_engine.lessons"),
    ("ebm_engine.jobs", "ebm_engine.cli"),
    ("ebm_engine",),
    ("pages.live",),
    ("pages.common.tab",),
    ("pages.common.controls", "pages.common.figures"),
    ("pages.common.run_page", "pages.common.images"),
    ("pages.common.compare", "pages.common.sweep", "pages.common.langevin", "pages.common.lesson"),
    ("pages",),
    ("app",),
)
DECLARED = ("ebm_engine.spec.blocks", "ebm_engine.spec.methods", "ebm_engine.spec.targets")
TORCH_FREE = (
    "ebm_engine.spec",
    "ebm_engine.files",
    "ebm_engine.views",
    "ebm_engine.studies.specs",
    "ebm_engine.server.hub",
    "ebm_engine.server.commands",
    "ebm_engine.batch",
    "ebm_engine.sweep",
    "ebm_engine.jobs.job_queue",
    "ebm_engine.jobs.tasks",
    "ebm_engine.run.snapshot",
    "ebm_engine.run.past_runs",
    "ebm_engine.run.checkpoint_file",
    "ebm_engine.lessons.read",
    "ebm_engine.lessons.template",
)


def name_of(path: Path) -> str:
    """ebm_engine/core/rng.py → ebm_engine.core.rng"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module named in an import statement, also within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == p or name.startswith(p + ".") for p in packages)


def ours(path: Path) -> set[str]:
    return {i for i in imports(path) if within(i, "ebm_engine", "pages", "app")}


def for_each(paths: list[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """One test over all files, which names the one that breaks the rule."""

    def over_all(rule: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            for path in paths:
                try:
                    rule(path)
                except AssertionError as error:
                    raise AssertionError(f"{path.relative_to(ROOT)}: {error}") from error

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return over_all


def row_of(name: str) -> tuple[int, str]:
    """The row of a module and the wing that it belongs to."""
    known = [(len(wing), row, wing) for row, wings in enumerate(ROWS) for wing in wings]
    _, row, wing = max(entry for entry in known if within(name, entry[2]))
    return row, wing


def modules_of(path: Path) -> set[str]:
    """Our own modules that a file imports: `from package import module` names the module."""
    return {i for i in ours(path) if i in MODULES}


MODULES = {name_of(path) for path in SOURCES}
PACKAGES = {name_of(path) for path in SOURCES if path.name == "__init__.py"}


@for_each(SOURCES)
def test_every_module_imports_only_downwards(path):
    """core ← data ← spec ← build ← run ← studies ← server, files, views ← … ← pages ← app."""
    row, wing = row_of(name_of(path))
    for other in modules_of(path) - PACKAGES:
        below, home = row_of(other)
        assert below < row or home == wing, f"imports {other}"


def test_no_module_imports_itself_by_way_of_others():
    """Imports under TYPE_CHECKING and within functions count: a circle of types is one, too."""
    graph = {name_of(path): modules_of(path) - PACKAGES for path in SOURCES}
    order = TopologicalSorter(graph)
    try:
        order.prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None


def test_views_know_snapshots_and_results_only():
    """A figure is a function of a snapshot or of a study's result; blocks declare themselves."""
    for path in (p for p in ENGINE if within(name_of(p), "ebm_engine.views")):
        snapshots, results = "ebm_engine.run.snapshot", "ebm_engine.studies.specs"
        allowed = ("ebm_engine.views", snapshots, results, *DECLARED, "ebm_engine.writing")
        strange = {i for i in modules_of(path) - PACKAGES if not within(i, *allowed)}
        assert not strange, f"{path.relative_to(ROOT)} imports {strange}"


@for_each(SOURCES)
def test_each_library_stays_in_its_wing(path):
    """streamlit in pages, plots in views, processes in server and jobs, torch below the server."""
    name, found = name_of(path), set(imports(path))
    homes = {
        ("streamlit", "starlette"): ("app", "pages"),
        ("plotly", "matplotlib"): ("ebm_engine.views",),
        ("threading", "multiprocessing", "subprocess"): (
            "ebm_engine.server",
            "ebm_engine.jobs",
            "ebm_engine.files.uploads",
            "ebm_engine.batch",
        ),
    }
    for libraries, wings in homes.items():
        if not within(name, *wings):
            assert not [i for i in found if within(i, *libraries)]


def test_a_folder_has_at_most_twenty_files_and_says_what_it_is_for():
    """Counted for Python and JavaScript; the words stand in the docstring of the package."""
    scripts = (ROOT / "assets").rglob("*.js")
    counts = Counter(path.parent for path in (*SOURCES, *scripts) if path.name != "__init__.py")
    assert {str(f.relative_to(ROOT)): n for f, n in counts.items() if n > 20} == {}
    for folder in {path.parent for path in SOURCES} - {ROOT}:
        lines = (ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "").split(
            "\n"
        )
        assert lines[0], f"{folder.relative_to(ROOT)} does not say what it is for"


@for_each([p for p in ENGINE if within(name_of(p), "ebm_engine.core")])
def test_the_maths_knows_no_clocks_files_or_threads(path):
    """core: a function of its arguments and nothing else."""
    banned = ("time", "datetime", "threading", "multiprocessing", "pathlib", "os", "io", "random")
    assert not [i for i in imports(path) if within(i, *banned, "numpy.random", "logging")]


# Stems that may occur in several folders, because "the figures of a lesson" or "the past runs on a
# page" is what folder and stem say together.
SHARED_STEMS = {
    "the parts of a page": ("figures", "controls", "link", "sections", "frame"),
    "computed in studies, drawn in views, asked for in specs": (
        "chains", "step_bias", "missing_term", "energy_on_a_line", "jala_em", "langevin", "images",
        "ais", "ood", "energies", "kl_term", "composition", "seeds", "genealogy", "past_runs",
        "fetch_mnist", "own_images", "compare",
    ),
    "the same thing as its maths, its block and its figure": (
        "plane", "mixtures", "divergence", "shapes", "fields", "slow_motion", "mlp", "conv",
        "curves", "weights", "mnist", "numbers", "tables", "style", "engine", "lecturer",
    ),
}  # fmt: skip


def test_a_stem_that_occurs_twice_is_one_that_its_folder_makes_plain():
    """A jump to `jobs.py` has one place to land, unless the stem is on the list."""
    counts = Counter(
        path.stem for path in SOURCES if path.name not in ("__init__.py", "__main__.py")
    )
    allowed = {stem for stems in SHARED_STEMS.values() for stem in stems}
    assert {stem for stem, n in counts.items() if n > 1} <= allowed


@for_each(SOURCES)
def test_every_file_is_short_and_says_what_it_is(path):
    """At most 300 lines, with a module docstring."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text))


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@for_each(SOURCES)
def test_nothing_unsafe_or_global_is_called(path):
    """No print outside the command line, no pickle or torch.load, no global random state."""
    found = set(calls(path))
    if path.name != "__main__.py":
        assert "print" not in found
    assert not found & {"eval", "exec", "pickle.load", "pickle.loads", "torch.load"}
    assert not found & {"torch.manual_seed", "np.random.seed", "random.seed"}


@for_each(SOURCES)
def test_no_error_is_swallowed_unseen(path):
    """No bare except, and no except Exception whose body is pass."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            silent = all(isinstance(line, ast.Pass) for line in node.body)
            broad = ast.unparse(node.type) in ("Exception", "BaseException")
            assert not (silent and broad)


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_engine_starts_nothing_and_writes_nothing():
    """All modules of ebm_engine in one interpreter: one thread, no child, no new file."""
    names = [name_of(p) for p in ENGINE if p.name != "__main__.py"]
    before = own_files()
    code = (
        "import importlib, threading, multiprocessing, os\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(threading.active_count(), len(multiprocessing.active_children()))\n"
    )
    assert fresh(code).split() == ["1", "0"]
    assert own_files() == before


def own_files() -> set[Path]:
    """What lies in the engine's folders, compiled files apart."""
    found = [*(ROOT / "ebm_engine").rglob("*"), *(ROOT / "assets").rglob("*")]
    return {p for p in found if "__pycache__" not in p.parts}


def test_the_server_process_never_loads_torch():
    """The specs, the hub, the files and the views work without it: it costs seconds and 200 MB."""
    names = sorted(n for n in MODULES if within(n, *TORCH_FREE))
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    if 'torch' in sys.modules: sys.exit(name + ' loads torch')\n"
    )
    assert fresh(code) == ""


def test_no_page_loads_matplotlib_before_a_picture_is_asked_for():
    """It costs half a second, and most who look at a run take no picture of it away."""
    names = [name_of(p) for p in PAGES if within(name_of(p), "pages.common")]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    if 'matplotlib' in sys.modules: sys.exit(name + ' loads matplotlib')\n"
    )
    assert fresh(code) == ""


def test_the_engine_never_loads_streamlit():
    """Headless use needs neither streamlit nor plotly or matplotlib."""
    headless = [name_of(p) for p in ENGINE if not within(name_of(p), "ebm_engine.views")]
    code = (
        "import importlib, sys\n"
        f"for name in {[n for n in headless if not n.endswith('__main__')]!r}:\n"
        "    importlib.import_module(name)\n"
        "shown = ('streamlit', 'starlette', 'plotly', 'matplotlib')\n"
        "print([m for m in shown if m in sys.modules])\n"
    )
    assert fresh(code).strip() == "[]"
