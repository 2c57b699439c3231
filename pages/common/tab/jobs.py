"""Background jobs of a browser tab: one per slot, started when its arguments change.

A job that the server no longer knows, or gave up because nobody looked, is started again; one that
was cancelled by hand is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from ebm_engine.jobs.job_queue import CANCELLED, JobQueue, JobView, QueueFull, UnknownJob, job_queue
from ebm_engine.jobs.tasks import TASKS
from ebm_engine.studies.result import TaskError
from pages.common.tab.plain_text import plain

LOOK_SECONDS = 0.5
Draw = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Ticket:
    """The job of a slot; about: what it was started for; stopped: cancelled by hand."""

    name: str
    arguments: dict[str, Any]
    token: str
    about: Any = None
    stopped: bool = False


def start(slot: str, name: str, arguments: dict[str, Any], about: Any) -> None:
    """Start a job that `follow` draws, in place of the slot's last one."""
    drop(slot)
    try:
        _ensure(slot, name, arguments, about)
    except (QueueFull, TaskError) as error:
        st.warning(plain(f"{error}."))


def follow(slot: str, draw: Draw) -> None:
    """Draw the job that was started in this slot, nothing before the first."""
    ticket = _tickets().get(slot)
    if ticket is not None:
        show(slot, ticket.name, ticket.arguments, draw, ticket.about)


def about(slot: str) -> Any:
    """What the slot's job was started for, None without a job."""
    ticket = _tickets().get(slot)
    return ticket.about if ticket is not None else None


def found(slot: str) -> Mapping[str, Any] | None:
    """The result of a slot's job when it is complete."""
    view = _view(slot)
    return view.result if view is not None and view.done and not view.error else None


def drop(slot: str) -> None:
    """Cancel and forget a slot's job."""
    ticket = _tickets().pop(slot, None)
    if ticket is not None:
        _cancel(ticket)


def show(slot: str, name: str, arguments: dict[str, Any], draw: Draw, about: Any = None) -> None:
    """Draw what a task has found so far, twice a second until it is done."""
    try:
        view = _ensure(slot, name, arguments, about)
    except (QueueFull, TaskError) as error:
        st.warning(plain(f"{error}."))
        st.button("Try again", key=f"again-{slot}")
        return
    running = not view.done

    def body() -> None:
        now = _view(slot)
        if now is None or (running and now.done):
            st.rerun()
        _status(slot, now)
        if now.result is not None:
            draw(now.result)

    st.fragment(body, run_every=LOOK_SECONDS if running else None)()


def _ensure(slot: str, name: str, arguments: dict[str, Any], about: Any) -> JobView:
    """The job of a slot as it is now, started if it is new or gone. Raises QueueFull."""
    ticket = _tickets().get(slot)
    if ticket is not None and (ticket.name, ticket.arguments) == (name, arguments):
        view = _view(slot)
        if view is not None and (view.error != CANCELLED or ticket.stopped):
            return view
    elif ticket is not None:
        _cancel(ticket)
    token = job_queue(TASKS[name].lane).submit(name, arguments)
    _tickets()[slot] = Ticket(name, arguments, token, about)
    return _view(slot) or JobView()


def _view(slot: str) -> JobView | None:
    ticket = _tickets().get(slot)
    with suppress(UnknownJob):
        return _queue_of(ticket).view(ticket.token) if ticket else None
    return None


def _status(slot: str, view: JobView) -> None:
    if view.error == CANCELLED:
        st.info("Cancelled. The results so far stay below.")
    elif view.error:
        st.warning(plain(f"{view.error[0].upper()}{view.error[1:]}."))
    if view.done and view.error:
        st.button("Run again", key=f"again-{slot}", on_click=drop, args=(slot,))
    if not view.done:
        with st.container(horizontal=True, vertical_alignment="center"):
            text = f"Waiting, place {view.position} in the queue" if view.position else "Computing"
            st.progress(view.progress, text=text)
            st.button("Cancel", key=f"cancel-{slot}", on_click=_stop, args=(slot,))


def _stop(slot: str) -> None:
    ticket = _tickets().get(slot)
    if ticket is not None:
        _tickets()[slot] = replace(ticket, stopped=True)
        _cancel(ticket)


def _cancel(ticket: Ticket) -> None:
    with suppress(UnknownJob):
        _queue_of(ticket).cancel(ticket.token)


def _queue_of(ticket: Ticket) -> JobQueue:
    return job_queue(TASKS[ticket.name].lane)


def _release(tickets: dict[str, Ticket]) -> None:
    for ticket in tickets.values():
        _cancel(ticket)


@st.cache_resource(scope="session", on_release=_release, show_spinner=False)
def _tickets() -> dict[str, Ticket]:
    """The jobs of this tab by slot; cancelled as soon as the tab is closed or lost."""
    return {}
