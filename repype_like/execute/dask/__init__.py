"""Running units on a Dask cluster.

    executor    in the process of the run: ships the tasks, hands units out in batches, takes in what is said
    cluster     its connection: who is there, what is sent, whether it is lost
    dispatch    hands out batches of units, and sees to it that each is done once, whatever becomes of its worker
    flight      one batch that was handed out
    tokens      GPUs, licences, and what else there is a limited number of
    job         what workers need to know of a run, as a file beside the results
    room        in the worker of Dask: what batches hold of its cores, its memory and its GPUs
    host        in the worker of Dask: keeps agents, hands units on to them, and passes on what they say
    protocol    what these say to each other
    local       a cluster on this machine
    library     the import of Dask

The agent is `repype_like.batch.agent`: a process of ours beside the worker of Dask, which ends with the run.
Stages never run in the worker of Dask itself. It is a process with many threads that lives on from run to run: it would
have old code, one working directory for all its threads, and would die with a stage that crashes.
"""

from __future__ import annotations
