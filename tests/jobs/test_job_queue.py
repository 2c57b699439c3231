"""The job queue: order, progress, cancelling, the death of the helper, and what is refused."""

import math
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from inspect import signature

import numpy as np
import pytest

from ebm_engine.core.stationary import stationary_variance
from ebm_engine.jobs.job_queue import CANCELLED, DIED, JobQueue, QueueFull, QueueLimits, UnknownJob
from ebm_engine.jobs.tasks import TASKS, parse_task
from ebm_engine.run.run import Run
from ebm_engine.server.hub.hub import UnknownRun
from ebm_engine.spec.edit import parse_spec
from ebm_engine.studies.fixed_energy import landscape_of
from ebm_engine.studies.result import TaskError
from ebm_engine.studies.specs.chains import ChainsSpec
from tests.server.hub_tools import alive, small_spec, wait_for

LONG = {"landscape": "moons", "kernel": "hmc", "step_size": 0.02, "leapfrog": 100, "steps": 20_000}
SHORT = {"chains": 50, "steps": 100, "short": 10}


@pytest.fixture(scope="module")
def jobs():
    made = JobQueue(QueueLimits(waiting=3, lease_seconds=3600.0))
    yield made
    made.stop()


def done(jobs, token, seconds=60.0):
    return wait_for(lambda: (v := jobs.view(token)).done and v, seconds)


def test_a_job_ends_with_its_numbers(jobs):
    view = done(jobs, jobs.submit("step-size-bias", {"chains": 2000, "variance": 0.5}))
    assert (view.progress, view.error, view.position) == (1.0, "", 0)
    result = view.result
    for place in (0, 1):
        off = result[f"measured_{place}"] - result[f"expected_{place}"]
        assert (np.abs(off) < 5 * result[f"se_{place}"]).all()
    h = float(result["step_size"][0])
    assert result["expected_0"][0] == stationary_variance(0.5, h, (2 * h) ** 0.5)


def test_a_long_job_shows_what_it_has_and_can_be_cancelled(jobs):
    token = jobs.submit("langevin", LONG)
    behind = jobs.submit("langevin", SHORT)
    assert jobs.view(behind).position == 1
    seen = wait_for(lambda: (v := jobs.view(token)).result and v)
    assert 0 < seen.progress < 1
    assert seen.result["trace"].shape[0] == 12
    later = wait_for(lambda: (v := jobs.view(token)).progress > seen.progress and v)
    assert later.result["step"] > seen.result["step"]
    jobs.cancel(token)
    view = jobs.view(token)
    assert (view.done, view.error) == (True, CANCELLED)
    assert view.result is not None
    assert done(jobs, behind).error == ""


def test_a_waiting_job_leaves_the_queue_when_cancelled_and_a_full_queue_says_so(jobs):
    first = jobs.submit("langevin", LONG)
    waiting = [jobs.submit("langevin", SHORT) for _ in range(3)]
    with pytest.raises(QueueFull, match="3 studies wait already"):
        jobs.submit("langevin", SHORT)
    jobs.cancel(waiting[0])
    assert [jobs.view(t).position for t in waiting] == [0, 1, 2]
    assert jobs.view(waiting[0]).error == CANCELLED
    for token in (first, *waiting[1:]):
        jobs.cancel(token)


def test_a_killed_helper_costs_its_job_only(jobs):
    token = jobs.submit("langevin", LONG)
    next_one = jobs.submit("langevin", SHORT)
    wait_for(lambda: jobs.view(token).result)
    pid = jobs.pid
    os.kill(pid, signal.SIGKILL)
    assert done(jobs, token).error == DIED
    assert done(jobs, next_one).error == ""
    assert jobs.pid != pid


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("nonsense", {}, "task 'nonsense' is unknown, allowed are langevin, .*"),
        ("langevin", {"steps": 5}, "steps = 5: input should be greater than or equal to 10"),
        ("langevin", {"nonsense": 1}, "nonsense is not a field of the spec"),
        ("langevin", {"kernel": "gibbs"}, "kernel = 'gibbs': .*"),
        ("langevin", {"short": 500, "steps": 100}, "the short run has 500 steps, the long one 100"),
        ("langevin", {"chains": 5000, "steps": 20_000}, ".* the limit is 4000000"),
    ],
)
def test_bad_names_and_arguments_are_refused_in_one_sentence(jobs, name, arguments, sentence):
    with pytest.raises(TaskError, match=sentence) as error:
        jobs.submit(name, arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("langevin", {"step_size": 3.0}, "the chains flew apart within .* too large"),
        ("langevin", {"landscape": "model"}, "there is no trained model yet"),
        ("langevin", {"landscape": "model", "checkpoint": b"x" * 99}, "this is not a checkpoint"),
        ("jala-em", {"step_size": 0.9}, "step size is 0.9; it must lie between 0 and 0.5"),
    ],
)
def test_a_job_that_cannot_be_done_says_why(jobs, name, arguments, sentence):
    view = done(jobs, jobs.submit(name, arguments))
    assert view.done
    assert sentence.split(" .*")[0] in view.error


@pytest.mark.parametrize("t", [1.0, 4.0])
def test_exact_masses_and_moments_are_those_of_the_density_at_its_temperature(t):
    """¼Φ(2) + ¾Φ(−2) left of the border at T = 1; a hot Gaussian has E|x|² = T(s₁² + s₂²)."""
    two = landscape_of(ChainsSpec(separation=2.0))
    points, shares = two.quadrature(1.0)
    phi = 0.5 * (1 + math.erf(2 / math.sqrt(2)))
    mass = float(two.regions.masses(points, shares)[0])
    assert mass == pytest.approx(0.25 * phi + 0.75 * (1 - phi), abs=1e-3)
    points, shares = landscape_of(ChainsSpec(landscape="gaussian", temperature=t)).quadrature(t)
    assert float(shares @ points.square().sum(1)) == pytest.approx(5 * t, rel=1e-4)


def test_chains_walk_on_a_trained_model(jobs):
    """An MLP that nothing has trained is its base: exp(−U) is the Gaussian, E|x|² = 2 std²."""
    spec = parse_spec({"target": {"kind": "ring"}, "energy": {"kind": "mlp", "base_std": 2.0}})
    content = Run(spec).save()
    arguments = {"landscape": "model", "checkpoint": content, "kernel": "mala", **SHORT}
    result = done(jobs, jobs.submit("langevin", arguments | {"start": "data"})).result
    assert result["exact_moment"] == pytest.approx(8.0, rel=0.05)
    assert len(result["exact_mass"]) == 8


def test_the_hub_hands_out_the_checkpoint_of_a_run(hub):
    token = hub.open(small_spec(), play=False)
    content = wait_for(lambda: hub.checkpoint(token))
    assert Run.load(content).spec == small_spec()
    hub.close(token)
    with pytest.raises(UnknownRun):
        hub.checkpoint(token)


def test_an_unwatched_job_is_cancelled_and_a_finished_one_forgotten():
    short = JobQueue(QueueLimits(lease_seconds=0.4, keep_seconds=1.0))
    try:
        token = short.submit("langevin", LONG)
        time.sleep(1.0)
        assert short.view(token).error == CANCELLED
        wait_for(lambda: short._current is None)
        time.sleep(1.6)
        with pytest.raises(UnknownJob):
            short.view(token)
        with pytest.raises(UnknownJob):
            short.cancel("nobody's")
    finally:
        short.stop()


def test_the_helper_ends_with_its_queue_and_with_the_server():
    """stop() ends it; so does the death of the process that owns the queue."""
    code = (
        "import time\n"
        "from ebm_engine.jobs.job_queue import job_queue\n"
        "job_queue().submit('langevin', {})\n"
        "print(job_queue().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    assert alive(pid)
    server.kill()
    server.wait()
    server.stdout.close()
    wait_for(lambda: not alive(pid))


def test_arguments_are_checked_without_torch():
    """The server process never loads it."""
    code = "import sys, ebm_engine.jobs.job_queue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert parse_task("langevin", {}).steps == 2000


@pytest.mark.parametrize("name", TASKS)
def test_every_task_names_a_function_of_its_arguments(name):
    """A task names its function in a string, which no import checks."""
    module, function = TASKS[name].steps.split(":")
    parameters = signature(getattr(import_module(module), function), eval_str=True).parameters
    assert next(iter(parameters.values())).annotation is TASKS[name].arguments
