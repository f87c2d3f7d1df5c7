"""Stops machines. One that its backend could not stop costs on: it is tried again, at once a few times, then by a
process of the node in the background, until it is gone or the node stops, which is told in the log."""

from __future__ import annotations

import asyncio
import logging

import beamlike as bl
from nodes.backend import Backend, Machine
from nodes.records import Recorded

logger = logging.getLogger("nodes")

STOP_PAUSES = (0.1, 0.5, 2.0)
"""Between the first tries, for which who asked waits."""
FIRST_PAUSE, LONGEST_PAUSE = 4.0, 60.0
"""Between those in the background."""


async def stop(backend: Backend, machine: Machine, recorded: Recorded | None) -> None:
    """Returns when the machine is gone. What its backend raised the last time is raised if it could not be stopped;
    then that is tried further in the background."""
    for pause in STOP_PAUSES:
        try:
            return await _stop(backend, machine, recorded)
        except Exception as error:
            logger.info("%s could not be stopped, which is tried again in %g s: %r", machine.where, pause, error)
            await asyncio.sleep(pause)
    try:
        await _stop(backend, machine, recorded)
    except Exception as error:
        _go_on(backend, machine, recorded, error)
        raise


async def _stop(backend: Backend, machine: Machine, recorded: Recorded | None) -> None:
    await backend.stop(machine)
    if recorded is not None:  # else it stays on record, so that a sweeper finds it
        recorded.remove()


def _go_on(backend: Backend, machine: Machine, recorded: Recorded | None, error: Exception) -> None:
    try:
        bl.spawn(_keep_stopping, backend, machine, recorded, error, FIRST_PAUSE)
    except (RuntimeError, bl.BeamlikeError):  # the node has stopped meanwhile
        _tell_left(machine, error)


async def _keep_stopping(
    backend: Backend, machine: Machine, recorded: Recorded | None, error: Exception, pause: float
) -> None:
    logger.warning("%s could not be stopped, which is tried again in the background: %r", machine.where, error)
    try:
        while True:
            await asyncio.sleep(pause)
            try:
                await _stop(backend, machine, recorded)
            except Exception as again:
                error, pause = again, min(2 * pause, LONGEST_PAUSE)
            else:
                logger.info("%s is stopped at last", machine.where)
                return
    except asyncio.CancelledError:
        _tell_left(machine, error)
        raise


def _tell_left(machine: Machine, error: Exception) -> None:
    logger.error(
        "%s could not be stopped and may still run and cost: look for it on its platform. %r", machine.where, error
    )
