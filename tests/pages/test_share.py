"""The share link: every spec survives it, and no link breaks the page."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebm_engine.files import uploads
from ebm_engine.spec.edit import flatten, flatten_content, with_value
from ebm_engine.spec.kinds import ENERGIES, OPTIMIZERS, TARGETS
from ebm_engine.spec.knobs import knobs
from ebm_engine.spec.methods import METHODS
from ebm_engine.spec.presets import presets
from ebm_engine.spec.recommended import on_target, suited
from ebm_engine.spec.repair import with_kinds
from ebm_engine.spec.run_spec import RunSpec, SpecError
from pages.common.tab.run_link import MAX_VALUE, REFUSED, from_query, to_query

DEFAULT = next(iter(presets()))


@st.composite
def legal_specs(draw):
    """A preset and a spec that differs from it in its kinds and any of its knobs."""
    name = draw(st.sampled_from(list(presets())))
    spec = presets()[name].spec
    target = draw(st.sampled_from(["", *(t for t in TARGETS if t != "points")]))
    if target:
        spec = on_target(spec, {"kind": target}, draw(st.sampled_from(["", *ENERGIES])))
    spec = suited(spec, "method", draw(st.sampled_from(list(METHODS))))
    spec = with_value(spec, "optimizer.kind", draw(st.sampled_from(list(OPTIMIZERS))))
    for knob in draw(st.lists(st.sampled_from(knobs(spec)), max_size=6)):
        value = draw(_values(knob))
        with suppress(SpecError):  # fields that do not fit together
            spec = with_value(spec, knob.path, value)
    return name, spec


def _values(knob):
    if knob.kind == "bool":
        return st.booleans()
    if knob.kind == "choice":
        return st.sampled_from(knob.choices)
    if knob.kind == "many":
        return st.lists(st.sampled_from(knob.choices), unique=True)
    if knob.kind == "int":
        return st.integers(int(knob.low), min(int(knob.high), 10_000))
    low = 1e-6 if knob.open_low else knob.low  # torch flushes denormals in this process
    high = min(knob.high, 0.999) if knob.path.endswith("average") else knob.high
    return st.floats(low, high, allow_subnormal=False)


@given(legal_specs())
@settings(max_examples=200, deadline=None)
def test_every_spec_survives_the_link_without_a_complaint(pair):
    assert from_query(to_query(*pair)) == (*pair, [])


@given(legal_specs())
@settings(max_examples=50, deadline=None)
def test_a_link_holds_only_what_differs_from_the_preset(pair):
    name, spec = pair
    start = presets()[name].spec
    heads = ("target", "energy", "method", "optimizer")
    kinds = {head: getattr(spec, head).kind for head in heads}
    plain = flatten_content(with_kinds(start, kinds))
    for path in set(to_query(name, spec)) - {"v", "preset", *heads}:
        assert flatten(spec)[path] != plain[path]
    assert to_query(name, start) == {"v": "1", "preset": name}


_HEADS = ["target", "energy", "method", "optimizer"]
_PATHS = [*flatten(RunSpec()), "v", "preset", *_HEADS, "method.k", "target.path", "nonsense"]
_TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "NaN",
            "1e999",
            "-1",
            "[]",
            "{}",
            "null",
            "[[",
            '{"kind":"cd"}',
            "pcd",
            "mlp",
            "ring",
            "points",
        ]
    ),
    st.integers().map(str),
    st.recursive(st.integers() | st.text(), st.lists, max_leaves=8).map(json.dumps),
)


@given(st.dictionaries(st.sampled_from(_PATHS) | st.text(max_size=20), _TEXTS, max_size=50))
@settings(max_examples=300, deadline=None)
def test_no_link_raises_and_what_is_read_can_be_shared_again(params):
    name, spec, problems = from_query(params)
    assert from_query(to_query(name, spec)) == (name, spec, [])
    assert all(p.endswith(".") and len(p) < 800 and "\n" not in p for p in problems)


def test_a_bad_value_is_named_with_its_limits_and_the_rest_is_kept():
    link = {"v": "1", "preset": "ring", "sampler.step_size": "-1", "walkers.count": "300"}
    name, spec, problems = from_query(link)
    assert (name, spec.walkers.count) == ("ring", 300)
    assert spec.sampler.step_size == presets()["ring"].spec.sampler.step_size
    assert problems == [
        "sampler.step_size = -1 is not allowed, it must be a number above 0 and at most 100; "
        "0.1 is used."
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("method.resampling", "fair", "one of multinomial, residual, stratified, systematic"),
        ("method.correction", "maybe", "true or false"),
        ("walkers.count", "1e9", "a whole number from 2 to 100000"),
        ("sampler.step_size", "NaN", "a number above 0 and at most 100"),
        ("sampler.step_size", "fast", "a number above 0 and at most 100"),
    ],
)
def test_each_kind_of_field_says_what_it_accepts(path, text, expected):
    _, spec, problems = from_query({path: text})
    assert spec == presets()[DEFAULT].spec
    assert len(problems) == 1
    assert expected in problems[0]
    assert path in problems[0]


def test_means_and_masses_of_another_number_of_modes_are_read_together():
    link = {"target.means": "[[0,0],[3,0],[0,3]]", "target.masses": "[0.2,0.3,0.5]"}
    _, spec, problems = from_query(link)
    assert problems == []
    assert spec.target.means == ((0, 0), (3, 0), (0, 3))


def test_values_that_do_not_fit_together_cost_only_themselves():
    link = {"target.means": "[[0,0],[3,0],[0,3]]", "seed": "5", "walkers.count": "99"}
    _, spec, problems = from_query(link)
    assert (spec.seed, spec.walkers.count) == (5, 99)
    assert spec.target == presets()[DEFAULT].spec.target
    assert problems == [
        "target.masses has 2 entries for 3 modes; the default of target.means is used."
    ]


def test_unknown_names_are_named_and_those_of_streamlit_are_left_alone():
    link = {"method": "cd", "method.ess_threshold": "0.3", "embed": "true", "transport": "tick"}
    _, spec, problems = from_query(link)
    assert spec.method.kind == "cd"
    assert problems == [
        "method.ess_threshold is unknown with target mixture, energy mixture, method cd and "
        "optimizer sgd, and left out."
    ]


def test_a_link_of_a_newer_version_says_so_once_and_is_read_as_far_as_possible():
    _, spec, problems = from_query({"v": "7", "seed": "3"})
    assert spec.seed == 3
    assert problems == [
        "This link is of version 7 and this app reads up to 1; what it does not know was left out."
    ]


@pytest.mark.parametrize("bad", ["0", "one", "true", "1.5", "[1]"])
def test_a_version_that_is_none_costs_one_sentence(bad):
    assert len(from_query({"v": bad})[2]) == 1


def test_absurd_lengths_and_numbers_of_parameters_are_refused():
    _, spec, problems = from_query({"target.means": "[" * (MAX_VALUE + 1), "seed": "4"})
    assert spec.seed == 4
    assert f"the limit is {MAX_VALUE}" in problems[0]
    _, _, problems = from_query({f"x{i}": "1" for i in range(500)})
    assert "500 parameters" in problems[0]
    assert "and 55 more" in problems[1]


def test_deeply_nested_lists_are_refused_like_any_other_value():
    _, spec, problems = from_query({"target.means": "[" * 5000 + "]" * 2900})
    assert spec == presets()[DEFAULT].spec
    assert len(problems) == 1


@pytest.mark.parametrize(
    "link",
    [
        {"target": "points", "target.path": "/etc/passwd"},
        {"target.path": "/etc/passwd"},
        {"target": "points"},
        {"target": "points", "target.samples": "50"},
        {"target": "checkerboard", "target.kind": "points", "target.path": "/etc/passwd"},
    ],
)
def test_a_link_never_names_a_file_of_the_server(link):
    """Read as given, the second would put any readable file on the screen of a stranger."""
    _, spec, problems = from_query(link | {"seed": "5"})
    assert spec.target.kind != "points"
    assert "passwd" not in json.dumps(flatten(spec))
    assert spec.seed == 5
    assert REFUSED in problems


def test_own_points_stay_out_of_the_link_and_the_link_says_so():
    path = uploads.keep("x,y\n" + "".join(f"{i},{i % 3}\n" for i in range(20)))
    spec = on_target(presets()[DEFAULT].spec, {"kind": "points", "path": path}, "mlp")
    query = to_query(DEFAULT, spec)
    assert path not in "".join(query.values())
    name, opened, problems = from_query(query)
    assert problems == [REFUSED]
    assert opened.energy == spec.energy
    assert opened.target == presets()[name].spec.target


def test_kinds_that_do_not_fit_together_fall_back_and_say_so():
    """Improved CD differentiates the ULA step; a network needs two dimensions."""
    _, spec, problems = from_query({"method": "improved-cd", "sampler.kernel": "mala"})
    assert spec.method.kind == "improved-cd"
    assert spec.sampler.kernel == "ula"
    assert len(problems) == 1
    _, spec, problems = from_query({"preset": "gmm50", "energy": "mlp", "seed": "4"})
    assert (spec.energy.kind, spec.seed) == ("mixture", 4)
    assert len(problems) == 1
    assert "2 dimensions" in problems[0]
