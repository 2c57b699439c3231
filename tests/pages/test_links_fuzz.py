"""Links with every field fuzzed: always a legal spec and sentences, never a traceback."""

import random
from functools import partial

import pytest

from ebm_engine.spec.edit import flatten, flatten_content, parse_spec
from ebm_engine.spec.kinds import KINDS
from ebm_engine.spec.repair import with_kinds
from ebm_engine.spec.run_spec import RunSpec
from pages.common.tab import offers
from pages.common.tab.offers import EXPLORER, IMAGES, offer
from pages.common.tab.run_link import MAX_VALUE, SHOWN, from_query, to_query

CASES = 200
ON_SCREEN = 20  # of them, opened in each page
PAGES = {EXPLORER: "gaussian_mixtures.py", IMAGES: "mnist.py"}
WILD = [
    *("", " ", "null", "true", "[]", "{}", "[1]", '"7"', "fast", "-1", "0", "-1e-9", "1e9"),
    *("1e308", "1e999", "9" * 400, "9" * 5000, "-0.0", "1e-320", "0x10", "1_000", "1,5"),
    *("NaN", "-Infinity", "[NaN, 1]", "١٢٣", "𝟙", "\u202e3", "💥", "e\u0301" * 30, "\x00", "a\nb"),
    *('{"kind":"mlp"}', '{"a":{"b":[1,{"c":null}]}}', "[[[[1]]]]", "[[0,0],[1]]", '["means",3]'),
    *("[" * 4000, "[" * 900 + "]" * 900, '{"a":' * 900, "[" + "1," * 3900 + "1]"),
    *("<script>alert(1)</script>", "**a** `b` $c$ [d](http://e)", "../../etc/passwd", "%00%ff"),
    "x" * (MAX_VALUE + 1),
]
NOT_FROM_A_BROWSER = "\ud800"  # half a character: no address can hold it


@pytest.fixture(autouse=True, scope="module")
def without_mnist():
    """No MNIST, wherever the tests run."""
    with pytest.MonkeyPatch.context() as patch:
        for place in ("tab.offers", "images.fetch_mnist"):
            patch.setattr(f"pages.common.{place}.why_no_mnist", lambda: "MNIST is not here")
        yield


def fuzzed(slot: str, number: int) -> dict[str, str]:
    """Case `number` of a page: legal kinds or not, and a wild value for about half its fields."""
    rng, here = random.Random(f"{slot}{number}"), offer(slot)
    start = rng.choice(list(here.presets.values()))
    kinds = {head: rng.choice(list(here.kinds[head])) for head in KINDS if rng.random() < 0.7}
    paths = [p for p in flatten_content(with_kinds(start.spec, kinds)) if not p.endswith(".kind")]
    link = {path: rng.choice(WILD) for path in paths if rng.random() < 0.5}
    wild_kinds = {head: rng.choice(WILD) for head in KINDS if rng.random() < 0.1}
    wild = [*sorted(SHOWN), "v", "preset", "target.path", "target.kind", "__class__", "ключ"]
    others = {name: rng.choice(WILD) for name in wild if rng.random() < 0.2}
    return {"v": "1", "preset": start.name} | kinds | link | wild_kinds | others


def is_sentence(text: str) -> bool:
    """One line of moderate length that ends, without the traces of an exception."""
    calm = not any(word in text for word in ("Traceback", "Error(", "pydantic"))
    return calm and text.endswith(".") and text.isprintable() and len(text) < 800


@pytest.mark.parametrize("slot", PAGES)
def test_a_link_with_every_field_fuzzed_is_a_legal_spec_and_sentences(slot):
    """200 links: what is read is legal, says what it left out, and can be shared again."""
    here = offer(slot)
    for number in range(CASES):
        name, spec, problems = from_query(fuzzed(slot, number), here)
        assert parse_spec(spec.model_dump(mode="json")) == spec
        assert spec.target.kind in here.kinds["target"]
        assert spec.energy.kind in here.kinds["energy"]
        assert problems
        assert [text for text in problems if not is_sentence(text)] == []
        assert from_query(to_query(name, spec), here) == (name, spec, [])


def test_the_cases_fuzz_every_field_of_every_kind():
    """Else one could be forgotten: those of every block, and those that stand alone."""
    cases = [fuzzed(slot, number) for slot in PAGES for number in range(CASES)]
    seen = set().union(*cases)
    wanted = {path for path in flatten(RunSpec()) if not path.endswith(".kind")}
    for slot in PAGES:
        for head, known in offer(slot).kinds.items():
            wanted |= {f"{head}.{name}" for block in known.values() for name in block.model_fields}
    assert wanted - seen <= {f"{head}.kind" for head in KINDS}
    assert seen >= SHOWN


@pytest.mark.parametrize("slot", PAGES)
@pytest.mark.parametrize("path", ["seed", "target.noise", "target.means", "method", "preset", "ü"])
def test_half_a_character_costs_one_sentence_at_most(slot, path):
    """A lone surrogate cannot be written as UTF-8: it must not reach a sentence."""
    _, spec, problems = from_query({path: NOT_FROM_A_BROWSER}, offer(slot))
    assert parse_spec(spec.model_dump(mode="json")) == spec
    assert all(text.encode() for text in problems)
    assert len(problems) == 1


@pytest.fixture
def visit(app):
    """A function slot → function (link) → AppTest that has just opened the link on that page."""

    def at(slot):
        test = app()
        test.switch_page(PAGES[slot])
        return partial(open_link, test)

    return at


def open_link(test, link):
    test.query_params.clear()
    test.query_params.update(link)
    return test.run()


@pytest.mark.parametrize("slot", PAGES)
def test_a_fuzzed_link_opens_the_page_with_a_warning_and_no_traceback(slot, visit):
    """20 links one after the other in one tab: the run of each is the one that was read."""
    opened = visit(slot)
    for number in range(ON_SCREEN):
        link = {k: v for k, v in fuzzed(slot, number).items() if "\x00" not in v}
        test = opened(link)
        assert [element.value for element in test.exception] == []
        assert test.warning
        name, spec, _ = from_query(link, offers.offer(slot))
        held = test.session_state["held"][slot]
        assert (held.preset, held.spec) == (name, spec)
