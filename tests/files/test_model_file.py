"""Model files: the model comes back from one, its walkers are right, and junk is refused."""

import json

import numpy as np
import pytest
import safetensors.numpy
import torch

from ebm_engine.files import model_file
from ebm_engine.files.model_file import ModelFileError, ModelSpec, read_model
from ebm_engine.jobs import model_start
from ebm_engine.jobs.tasks import TASKS
from ebm_engine.run import checkpoint_file
from ebm_engine.run.run import Run
from ebm_engine.run.snapshot import MARK
from ebm_engine.spec.run_spec import SpecError
from tests.run.image_runs import played
from tests.run.image_runs import spec as image_spec
from tests.server.hub_tools import small_spec

NETWORK = {
    "target": {"kind": "ring", "samples": 300},
    "energy": {"kind": "mlp", "width": 16, "last_layer": "random"},
    "walkers": {"count": 2000},
    "sampler": {"step_size": 0.02},
    "optimizer": {"kind": "adam", "lr": 0.01},
}


def picture(run):
    return run.snapshot(playing=False, updates_per_second=0.0)


def restarted(run):
    """The run that starts at the model of another one, by way of its file."""
    return Run.load(model_start.started(read_model(model_file.model_of(run.save()))))


@pytest.fixture(scope="module")
def trained():
    """Two modes in the plane after 60 updates."""
    return played(small_spec(), 60)


@pytest.fixture(scope="module")
def content(trained):
    """Its model file."""
    return model_file.model_of(trained.save())


def rewritten(content, tensors=None, **metadata):
    """The file with some tensors and texts of its header replaced; None leaves a text out."""
    header = model_file.header_of(content) | metadata
    kept = {name: text for name, text in header.items() if text is not None}
    return safetensors.numpy.save(safetensors.numpy.load(content) | (tensors or {}), kept)


def test_the_file_holds_the_parameters_to_the_bit_with_spec_and_update(trained, content):
    """Names are those of the energy, without the prefixes of a checkpoint."""
    model = read_model(content)
    assert (model.spec, model.step) == (trained.spec, 60)
    own = trained.parts.trainer.energy.parameters
    assert set(model.parameters) == set(own)
    for name, values in model.parameters.items():
        np.testing.assert_array_equal(values, own[name].detach().numpy())


def test_of_an_averaging_run_the_file_holds_the_average():
    """The model that is shown is the average, not the parameters themselves."""
    run = played(small_spec(optimizer={"average": 0.9}), 30)
    found = read_model(model_file.model_of(run.save())).parameters["means"]
    np.testing.assert_array_equal(found, run.parts.trainer.average.parameters["means"].numpy())
    assert not np.array_equal(found, run.parts.trainer.energy.parameters["means"].detach().numpy())
    assert picture(restarted(run)).history["kl_exact"][0] == picture(run).history["kl_exact"][-1]


def test_a_mixture_starts_again_at_its_kl_with_exact_walkers_of_equal_weight(trained):
    """Update 0, the same KL to the last bit, log Ẑ = log Z: not the walkers of the spec's start."""
    fresh = restarted(trained)
    shown, before = picture(fresh), picture(trained)
    assert (shown.step, len(shown.history["step"])) == (0, 1)
    assert shown.history["kl_exact"][0] == before.history["kl_exact"][-1]
    assert shown.log_z_estimate == pytest.approx(before.log_z_exact, abs=1e-5)
    np.testing.assert_array_equal(shown.log_w, 0)
    np.testing.assert_array_equal(shown.means, before.means)
    assert shown.marks == ((0, MARK),)
    fresh.advance()
    assert fresh.step == 1


def test_a_network_starts_with_tempered_walkers_whose_log_z_is_right():
    """log Ẑ within 5 s.e. of the quadrature's log Z; weights of 1 at the Gaussian base would give
    the base's log Z.
    """
    run = played(small_spec(**NETWORK), 80)
    shown = picture(restarted(run))
    error = max(shown.history["kl_estimate_se"][0], 1e-3)
    assert abs(shown.log_z_estimate - shown.log_z_exact) < 5 * error
    assert shown.history["kl_exact"][0] == pytest.approx(
        picture(run).history["kl_exact"][-1], abs=1e-6
    )
    base = run.parts.trainer.energy.origin().log_z()
    assert abs(base - shown.log_z_exact) > 10 * error


def test_unweighted_walkers_start_from_the_model_of_the_file():
    """Means at ±(7, 7) put all walkers there, and not at the means that the spec starts from."""
    run = Run(small_spec(method={"kind": "unweighted"}))
    with torch.no_grad():
        run.parts.trainer.energy.parameters["means"].copy_(torch.tensor([[7.0, 7], [-7, -7]]))
    at = np.abs(picture(restarted(run)).positions)
    assert np.abs(at.mean(0) - 7).max() < 5 / np.sqrt(len(at))


def test_the_task_gives_a_checkpoint_that_the_hub_admits(content, trained):
    """What the helper process sends back is a run file of update 0."""
    *_, (share, result) = TASKS["model-start"].run(ModelSpec(content=content))
    checkpoint = result["checkpoint"].tobytes()
    assert share == 1.0
    assert checkpoint_file.admit(checkpoint) == trained.spec
    assert Run.load(checkpoint).step == 0


def test_image_models_start_again_as_well():
    """The same parameters in the latent space of the same digits."""
    run = played(image_spec(), 6)
    fresh = restarted(run)
    for name, values in run.parts.trainer.energy.parameters.items():
        torch.testing.assert_close(fresh.parts.trainer.energy.parameters[name], values)
    assert len(picture(fresh).tiles) == 64


def test_a_file_that_is_no_model_of_this_lab_is_refused_with_the_reason(content):
    """One sentence for each: version, foreign, spec, update, numbers."""
    nan = {"means": np.full((2, 2), np.nan, np.float32)}
    whole = {"means": np.ones((2, 2), np.int64)}
    spec = json.loads(model_file.header_of(content)["spec"])
    refused = json.dumps(spec | {"seed": -1})
    for wrong, error, reason in (
        (rewritten(content, version="2"), ModelFileError, "version '2', this is '1'"),
        (rewritten(content, format="other"), ModelFileError, "not a model of EBM Lab"),
        (rewritten(content, format=None), ModelFileError, "not a model of EBM Lab"),
        (rewritten(content, spec="{"), ModelFileError, "damaged"),
        (rewritten(content, spec=None), ModelFileError, "damaged"),
        (rewritten(content, update="soon"), ModelFileError, "damaged"),
        (rewritten(content, spec=refused), SpecError, "seed = -1"),
        (rewritten(content, nan), ModelFileError, "'means' of the file is not all finite"),
        (rewritten(content, whole), ModelFileError, "'means' of the file is not all finite"),
        (bytes(model_file.MOST_BYTES + 1), ModelFileError, r"64\.0 MiB, allowed are 64 MiB"),
        (b"", ModelFileError, "ends after 0 bytes"),
        (b"PK\x03\x04" + bytes(400), ModelFileError, "not|no"),
    ):
        with pytest.raises(error, match=reason) as caught:
            read_model(wrong)
        assert len(str(caught.value).splitlines()) == 1


def test_a_file_cut_anywhere_is_refused(content):
    """No cut leaves a model, and none ends in another error."""
    for length in range(0, len(content), 7):
        with pytest.raises(ModelFileError):
            read_model(content[:length])


def test_tensors_that_do_not_fit_their_spec_are_refused(content):
    """A missing name, a name too many, another shape: each is named."""
    zeros = np.zeros((3, 2), np.float32)
    alone = safetensors.numpy.save({"means": zeros[:2]}, model_file.header_of(content))
    for wrong, reason in (
        (alone, "has the parameters means, and its spec needs log_masses, means"),
        (rewritten(content, {"more": zeros}), "log_masses, means, more"),
        (rewritten(content, {"means": zeros}), r"shape \(3, 2\), and its spec needs \(2, 2\)"),
    ):
        with pytest.raises(ModelFileError, match=reason):
            model_start.started(read_model(wrong))


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_model_that_was_trained_on_a_gpu_opens_without_one(trained):
    """Its parameters belong to no device; the run that starts from it is on the CPU."""
    tensors, facts = model_file.tensors_of(trained.save())
    facts["spec"]["device"] = "cuda"
    moved = safetensors.numpy.save(
        tensors, {"version": str(checkpoint_file.VERSION), "run": json.dumps(facts)}
    )
    model = read_model(model_file.model_of(moved))
    assert model.spec.device == "auto"
    assert Run.load(model_start.started(model)).parts.device == "cpu"
