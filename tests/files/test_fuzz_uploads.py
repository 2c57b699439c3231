"""Every format of upload with flipped bits, cut, or with odd facts: read, or one sentence."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ebm_engine.data.images import parse_images, split
from ebm_engine.files import model_file, uploads
from ebm_engine.files.model_file import ModelFileError, ModelSpec, header_of
from ebm_engine.jobs.model_start import start_of
from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint import pack, unpack
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.run.run import Run
from ebm_engine.spec.run_spec import SpecError
from tests.data.own_images import PICTURES, arrays, png, zipped
from tests.run.image_runs import played
from tests.server.hub_tools import small_spec

TYPED = (CheckpointError, ModelFileError, SpecError)
FLIPS, FACTS = 500, 300
ODD: list[Any] = [None, 0, -1, 1, 2**31, 2**63, 2**70, 1e308, -1e308, 0.5, "", "x", [], {}, [[]]]
ODD += [[1, 2], True, "nan", 10**30, 1e-320, {"a": 1}, [None], "\ud800", float("inf"), float("nan")]
ROWS = "x,y\n" + "".join(f"{0.37 * k - 5},{(k * k) % 7 + 0.25}\n" for k in range(40))


@pytest.fixture(scope="module")
def run_file():
    return played(small_spec(), 20).save()


def open_run(content: bytes) -> None:
    """All that the server does with a run file: admit it, load it, go on, and show it."""
    checkpoint_file.admit(content)
    run = Run.load(content)
    run.advance()
    run.snapshot(playing=False, updates_per_second=0.0)


def open_model(content: bytes) -> None:
    if header_of(content).get("format") != model_file.FORMAT:
        raise ModelFileError("another format")
    list(start_of(ModelSpec(content=content)))


def open_images(content: bytes) -> None:
    split(parse_images(content))


def typed(read: Callable[[bytes], object], content: bytes, allowed: tuple[type, ...]) -> bool:
    """Whether a file is refused, in one sentence; any other error goes on."""
    try:
        read(content)
    except allowed as error:
        said = str(error)
    else:
        return False
    assert len(said.splitlines()) == 1
    return True


def damaged(content: bytes, rng: random.Random) -> Iterator[bytes]:
    """Every cut by a twentieth, and FLIPS copies with one to four bits or bytes changed."""
    yield from (content[: len(content) * k // 20] for k in range(20))
    for _ in range(FLIPS):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 1, 2, 4])):
            place = rng.randrange(len(changed))
            if rng.random() < 0.7:
                changed[place] ^= 1 << rng.randrange(8)
            else:
                changed[place] = rng.choice(b'\0\xff\x7f\x80\t\n",-09[{')
        yield bytes(changed)


def image_files() -> dict[str, bytes]:
    pictures = {f"{'ab'[k % 2]}/{k}.png": png(values) for k, values in enumerate(PICTURES)}
    labels = np.arange(12) % 2
    packed = io.BytesIO()
    np.savez_compressed(packed, images=PICTURES, labels=np.array(["a", "bb"] * 6))
    return {
        "zip": zipped(pictures),
        "npz": arrays(images=PICTURES, labels=labels),
        "npz, packed": packed.getvalue(),
        "npz, other names": arrays(x_train=PICTURES.astype(np.uint16) * 16, y_train=labels),
    }


@pytest.mark.parametrize("kind", image_files())
def test_damaged_images_are_read_or_refused(kind):
    """ValueError is all that may come."""
    content = image_files()[kind]
    assert not typed(open_images, content, (ValueError,))
    found = [
        typed(open_images, bad, (ValueError,)) for bad in damaged(content, random.Random(kind))
    ]
    assert sum(found[:20]) == 20
    assert sum(found) > 100


def test_damaged_points_are_read_or_refused():
    """ValueError is all that may come; text has no end that a cut would miss."""
    assert not typed(uploads.keep_bytes, ROWS.encode(), (ValueError,))
    bad = damaged(ROWS.encode(), random.Random(3))
    assert sum(typed(uploads.keep_bytes, content, (ValueError,)) for content in bad) > 100


@pytest.mark.parametrize("kind", ["run", "model"])
def test_damaged_run_and_model_files_are_refused(run_file, kind):
    """Every one of them, thanks to the checksum."""
    content, read = {
        "run": (run_file, open_run),
        "model": (model_file.model_of(run_file), open_model),
    }[kind]
    assert not typed(read, content, TYPED)
    for bad in damaged(content, random.Random(4)):
        assert bad == content or typed(read, bad, TYPED)


def paths_in(facts: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within, at most three of each list."""
    if path:
        yield path
    inner = facts.items() if isinstance(facts, dict) else ()
    inner = list(enumerate(facts))[:3] if isinstance(facts, list) else inner
    for key, value in inner:
        yield from paths_in(value, (*path, key))


def test_odd_facts_of_a_sound_file_are_refused_or_harmless(run_file):
    """One fact of a run file is gone or another value, and the checksum is right."""
    tensors, facts = unpack(run_file)
    rng, text = random.Random(5), json.dumps(facts)
    for _ in range(FACTS):
        odd = json.loads(text)
        *way, last = rng.choice(list(paths_in(odd)))
        holder = odd
        for key in way:
            holder = holder[key]
        if rng.random() < 0.2:
            del holder[last]
        else:
            holder[last] = rng.choice(ODD)
        typed(open_run, pack(tensors, odd), TYPED)
