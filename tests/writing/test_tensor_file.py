"""The frame of safetensors files: limits before any parsing, and a checksum over every bit."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy

from ebm_engine.files.model_file import ModelFileError, header_of, model_of, read_model
from ebm_engine.run import checkpoint_file
from ebm_engine.run.checkpoint_file import CheckpointError
from ebm_engine.spec.run_spec import SpecError
from ebm_engine.writing.tensor_file import MOST_HEADER
from tests.run.image_runs import played
from tests.server.hub_tools import small_spec

REFUSED = (CheckpointError, ModelFileError, SpecError)


@pytest.fixture(scope="module")
def run_file():
    return played(small_spec(), 5).save()


def framed(header: bytes, rest: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + rest


def readers():
    return (("run", checkpoint_file.admit), ("model", read_model), ("header", header_of))


def test_no_flipped_bit_is_admitted(run_file):
    """600 single flips of each kind of file, half of them in the header; without a checksum almost
    half were taken for good files.
    """
    rng = np.random.default_rng(12)
    for content, read in ((run_file, checkpoint_file.admit), (model_of(run_file), read_model)):
        read(content)
        header = 8 + int.from_bytes(content[:8], "little")
        for k in range(600):
            changed = bytearray(content)
            changed[rng.integers(header if k % 2 else len(content))] ^= 1 << rng.integers(8)
            with pytest.raises(REFUSED) as refused:
                read(bytes(changed))
            assert "\n" not in str(refused.value)


def test_a_file_without_a_checksum_still_opens(run_file):
    """As earlier releases wrote it; another text in its place is a damaged name of the checksum."""
    size = int.from_bytes(run_file[:8], "little")
    texts = json.loads(run_file[8 : 8 + size])["__metadata__"]
    del texts["checksum"]
    tensors = safetensors.numpy.load(run_file)
    assert checkpoint_file.admit(safetensors.numpy.save(tensors, texts)) == small_spec()
    renamed = safetensors.numpy.save(tensors, texts | {"cheksum": "00000000"})
    with pytest.raises(CheckpointError, match="holds 'cheksum', which is not known"):
        checkpoint_file.admit(renamed)


@pytest.mark.parametrize(("name", "read"), readers(), ids=[name for name, _ in readers()])
def test_a_long_header_costs_no_memory(name, read):
    """50 MB of “[],[],…” took 1.3 GB and 7 s of every visitor: refused unread by its length."""
    content = framed(b"[" + b"[]," * 16_000_000 + b"[]]")
    tracemalloc.start()
    with pytest.raises(REFUSED, match=rf"header of {len(content) - 8} bytes, .*{MOST_HEADER}$"):
        read(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000, name


@pytest.mark.parametrize(("name", "read"), readers(), ids=[name for name, _ in readers()])
def test_odd_headers_are_refused(name, read):
    """Too many tensors, lists in lists, another kind of JSON, and half a header."""
    place = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    many = json.dumps({f"t{k}": place for k in range(1001)}).encode()
    for content, said in (
        (framed(many), "1001 tensors, allowed are 1000"),
        (framed(b"[" * 100_000), "not JSON"),
        (framed(b"[]"), "not a JSON object"),
        (framed(b"{}")[:-1], "not complete"),
    ):
        with pytest.raises(REFUSED, match=said):
            read(content)
