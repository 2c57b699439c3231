"""Golden links of scenes, comparisons, lessons and sweeps: what version 1 means never changes."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest

from pages.common.compare import link as compare_link
from pages.common.lesson.flow import known
from pages.common.sweep import link as sweep_link
from pages.common.tab import display, offers
from tests.pages import golden_views
from tests.pages.golden_views import READERS, Golden

GOLDEN = golden_views.golden_views()
WRITTEN_BY_THE_APP = ("compare", "sweep")  # the address bar holds exactly such a link


@pytest.fixture(autouse=True)
def with_mnist(monkeypatch):
    """A page that offers MNIST, whether or not its files are on this machine."""
    monkeypatch.setattr(offers, "why_no_mnist", lambda: "")


def leaves(content, path=()):
    """{path: value} of everything in nested objects; lists count as values."""
    found = {}
    for name, value in content.items():
        inner = (*path, name)
        found |= leaves(value, inner) if isinstance(value, dict) else {inner: value}
    return found


def of(reader: str) -> list[Golden]:
    return [golden for golden in GOLDEN if golden.reader == reader]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.reader}:{golden.link[:70]}")
def test_a_golden_link_stands_for_the_same_as_ever(golden):
    """Everything named in the file has the same value; what has been added since is free."""
    found, problems = golden_views.read(golden.reader, golden.link)
    assert problems == []
    now = leaves(found.content)
    assert {p: now.get(p) for p in leaves(golden.content)} == leaves(golden.content)


@pytest.mark.parametrize("golden", [g for g in GOLDEN if g.reader in WRITTEN_BY_THE_APP])
def test_the_link_that_the_app_writes_for_it_leads_back_to_it(golden):
    """What the address bar shows after opening the link stands for the same."""
    params = dict(parse_qsl(golden.link))
    if golden.reader == "compare":
        written = compare_link.to_query(compare_link.from_query(params)[0])
    else:
        written = sweep_link.to_query(*sweep_link.from_query(params, []))
        assert urlencode(written, safe=":,") == golden.link
    assert golden_views.read(golden.reader, urlencode(written))[0].content == golden.content


def test_every_parameter_part_and_layer_of_a_scene_has_a_golden_link():
    """`python -m tests.pages.golden_views add` adds one for a new name."""
    contents = [golden.content for golden in of("scene")]
    assert {name for content in contents for name in content["hide"]} >= {
        *display.PARTS,
        *display.PANELS,
    }
    assert {name for content in contents for name in content["lock"]} >= set(display.CHOICES)
    layers = {name for content in contents for name in content["layers"].split(",") if name}
    assert layers == set(display.LAYERS)
    assert {content["view"] for content in contents} >= set(golden_views.VIEWS[1:])
    assert {content["present"] for content in contents} == {True, False}


def test_every_lesson_and_every_kind_of_comparison_and_sweep_has_one():
    """Methods, numbers, choices and switches compared; images among them; all parts of a sweep."""
    assert {golden.content["lesson"] for golden in of("lesson")} == {x.id for x in known()}
    compared = [golden.content for golden in of("compare")]
    assert {type(content["values"][0]) for content in compared} == {str, float, bool}
    assert any("digits" in content["preset"] for content in compared)
    named = [set(dict(parse_qsl(golden.link))) for golden in of("sweep")]
    assert all(names == {field.name for field in sweep_link.FIELDS} for names in named)
    assert set(READERS) == {golden.reader for golden in GOLDEN}


def test_a_lost_or_changed_value_is_noticed():
    """The comparison itself, on a spec deep inside."""
    golden = of("sweep")[0]
    other = json.loads(json.dumps(golden.content))
    other["base"]["seed"] += 1
    other["of_old"] = 1
    now = leaves(golden_views.read(golden.reader, golden.link)[0].content)
    lost = {p for p, value in leaves(other).items() if now.get(p) != value}
    assert lost == {("base", "seed"), ("of_old",)}


def test_the_command_refuses_what_is_there_and_what_costs_a_sentence(monkeypatch, tmp_path):
    """The file stays as it was."""
    file = tmp_path / "views.json"
    monkeypatch.setattr(golden_views, "FILE", file)
    golden_views.add("scene", "view=Figures")
    before = file.read_text()
    for link, reason in (("view=Figures", "already"), ("view=Nothing", "view = Nothing")):
        with pytest.raises(ValueError, match=reason):
            golden_views.add("scene", link)
    assert file.read_text() == before
