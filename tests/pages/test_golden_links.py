"""Golden links: what a link of version 1 stands for never changes."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest

from ebm_engine.spec.edit import flatten, flatten_content, parse_spec
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.presets import image_presets, presets
from pages.common.tab import offers
from pages.common.tab.run_link import to_query
from tests.pages import golden_links
from tests.pages.golden_links import Golden

GOLDEN = golden_links.golden_links()
FILES_OF_THE_SERVER = {"points", "images"}  # own data, which a link cannot carry


@pytest.fixture(autouse=True)
def with_mnist(monkeypatch):
    """A page that offers MNIST, whether or not its files are on this machine."""
    monkeypatch.setattr(offers, "why_no_mnist", lambda: "")


def changed(golden: Golden) -> dict[str, tuple]:
    """{path: (value then, value now)} of the fields that the file names."""
    now, _ = golden_links.read(golden.page, golden.link)
    values = flatten_content(now.spec)
    then = flatten_content(golden.spec)
    return {p: (then[p], values.get(p)) for p in then if p not in values or values[p] != then[p]}


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.page}:{golden.link[4:80]}")
def test_a_golden_link_stands_for_the_same_run_as_ever(golden):
    """Every field named in the file has the same value; fields added since are free."""
    found, problems = golden_links.read(golden.page, golden.link)
    assert problems == []
    assert found.preset == golden.preset
    assert changed(golden) == {}


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: f"{golden.page}:{golden.link[4:80]}")
def test_the_link_written_for_a_golden_spec_leads_back_to_it(golden):
    """What the address bar shows after opening the link is a link to the same run."""
    spec = parse_spec(golden.spec)
    query = to_query(golden.preset, spec)
    found, problems = golden_links.read(golden.page, urlencode(query))
    assert problems == []
    assert parse_spec(found.spec) == spec


def test_a_field_that_reads_otherwise_than_before_is_noticed():
    """The comparison itself: a changed value, a changed list and a lost field all count."""
    golden = GOLDEN[0]
    other = json.loads(json.dumps(golden.spec))
    other["seed"] += 1
    other["target"]["masses"] = other["target"]["masses"][::-1]
    other["method"]["of_old"] = 1
    found = changed(golden._replace(spec=other))
    assert set(found) == {"seed", "target.masses", "method.of_old"}


def test_a_field_that_came_later_breaks_no_golden_link():
    """The file of an earlier time does not name it."""
    golden = GOLDEN[0]
    earlier = json.loads(json.dumps(golden.spec))
    del earlier["method"]["witness"], earlier["device"]
    assert changed(golden._replace(spec=earlier)) == {}


def test_every_preset_has_a_golden_link():
    """`python -m tests.pages.golden_links add` adds one for a new preset."""
    assert {golden.preset for golden in GOLDEN} == set(presets()) | set(image_presets())


@pytest.mark.parametrize("head", KINDS)
def test_every_kind_has_a_golden_link(head):
    """`python -m tests.pages.golden_links add` adds one for a new kind."""
    kinds = {golden.spec[head]["kind"] for golden in GOLDEN}
    assert kinds == set(KINDS[head]) - (FILES_OF_THE_SERVER if head == "target" else set())


def test_every_way_to_move_a_walker_and_nested_lists_are_among_them():
    """Kernels, both precisions, and mixtures of one and two dimensions."""
    specs = [parse_spec(golden.spec) for golden in GOLDEN]
    assert {s.sampler.kernel for s in specs} == {"ula", "mala", "hmc", "underdamped"}
    assert {s.dtype for s in specs} == {"float32", "float64"}
    named = [dict(parse_qsl(golden.link)) for golden in GOLDEN]
    assert {1, 2} <= {s.dim for s, q in zip(specs, named, strict=True) if "target.means" in q}
    assert len(flatten(specs[0])) > 20


def test_the_command_refuses_a_link_that_is_there_or_that_costs_a_sentence(monkeypatch, tmp_path):
    """The file stays as it was; a sound link is appended and reads back."""
    file = tmp_path / "links.json"
    monkeypatch.setattr(golden_links, "FILE", file)
    golden_links.add("explorer", "v=1&preset=ring")
    before = file.read_text()
    for link, reason in (("v=1&preset=ring", "already"), ("v=1&seed=-4", "seed = -4")):
        with pytest.raises(ValueError, match=reason):
            golden_links.add("explorer", link)
    assert file.read_text() == before
    golden_links.add("explorer", "v=1&preset=ring&seed=4")
    assert [g.spec["seed"] for g in golden_links.golden_links()] == [0, 4]
