"""The one reader of links: a page is a table of fields, and no text of a link ever raises."""

import pytest

from pages.common.tab import link
from pages.common.tab.link import Field, choice
from tests.pages.test_links_fuzz import WILD, is_sentence

PAGE = (
    choice("view", ("Live", "Figures")),
    Field("steps", link.whole_number),
    Field("names", parts=True),
)


def test_a_table_of_fields_reads_what_it_writes_and_leaves_out_what_is_empty():
    """Texts stand as they are, lists have commas."""
    values = {"view": "Figures", "steps": 3, "names": ("a", "b"), "foreign": 1}
    texts = {"view": "Figures", "steps": "3", "names": "a,b"}
    assert link.query(PAGE, values) == texts
    problems = []
    assert link.read(PAGE, texts | {"foreign": "1"}, problems) == {
        "view": "Figures",
        "steps": 3,
        "names": ("a", "b"),
    }
    assert link.query(PAGE, {"view": "", "names": ()}) == {}
    assert problems == []


def test_each_bad_value_costs_one_sentence_and_the_others_are_read():
    """An empty value counts as none."""
    problems = []
    texts = {"view": "Nothing", "steps": "-1", "names": "", "else": "x"}
    assert link.read(PAGE, texts, problems) == {}
    assert problems == [
        "view = Nothing is unknown, it must be one of Live, Figures; Live is used.",
        "steps = -1 is not a whole number above 0; its default is used.",
    ]


@pytest.mark.parametrize("wild", WILD, ids=range(len(WILD)))
def test_wild_texts_cost_sentences_and_never_raise(wild):
    """Numbers, brackets, half characters: all as texts, names and lists."""
    problems = []
    link.read(PAGE, dict.fromkeys(("view", "steps", "names"), wild), problems)
    assert [text for text in problems if not is_sentence(text)] == []


def test_values_that_fit_together_are_kept_together():
    """Each alone would break the rule that low is below high; the last pair does in any order."""

    def make(values):
        values = {"low": 0, "high": 1} | values
        if values["low"] >= values["high"]:
            raise ValueError(f"low = {values['low']} is not below {values['high']}")
        return values

    problems = []
    assert link.fitted({"low": 5, "high": 9}, make, problems) == {"low": 5, "high": 9}
    assert problems == []
    assert link.fitted({"low": 5, "high": 4}, make, problems) == {"low": 0, "high": 4}
    assert problems == ["low = 5 is not below 1; its default is used."]
