"""Work on many endpoints at once, in which a failure of one ends no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from llmconf.core.errors import LlmconfError, RefusedError
from llmconf.live.http import HttpClient
from llmconf.project.environment import Resolved, Resource, Spec

Item = TypeVar("Item")
Result = TypeVar("Result")


def gather(
    items: Sequence[Item],
    work: Callable[[Item, HttpClient], Awaitable[Result]],
    failed: Callable[[Item, str], Result],
    *,
    network: Callable[[], HttpClient],
    done: Callable[[Result], None] = lambda _: None,
    defect: Callable[[Exception], None] = lambda _: None,
) -> list[Result]:
    """Do the work for all items at once and return the results in their order.

    An item whose work raises gets the result of `failed` with the reason; an exception that is a defect of
    llmconf is handed to `defect` first. `done` is told of each result as it comes.
    """

    async def run() -> list[Result]:
        async with network() as opened:
            return await asyncio.gather(*(one(item, opened) for item in items))

    async def one(item: Item, opened: HttpClient) -> Result:
        try:
            result = await work(item, opened)
        except Exception as error:  # a defect that one endpoint meets must not hide what is known of the others
            result = failed(item, reason(error, defect))
        done(result)
        return result

    return asyncio.run(run())


def reason(error: Exception, defect: Callable[[Exception], None]) -> str:
    """Return why an item failed. A defect of llmconf is told of, and hides nothing of what is known of the others."""
    if isinstance(error, LlmconfError):
        return f"{error.message} ({error.hint})" if error.hint else error.message
    defect(error)
    return f"internal error ({type(error).__name__}); --debug shows more"


def named(
    env: Resolved, resources: Mapping[str, Resource[Spec]], wanted: Collection[str]
) -> list[Resource[Spec]]:
    """Return the live resources that `wanted` names, by their identity or that of their provider; else all live ones.

    Raises KeyError with the first name that is neither, RefusedError for one that is disabled.
    """
    live = {name: resource for name, resource in resources.items() if env.is_live(resource)}
    owners = {f"provider/{resource.provider}" for resource in live.values()}
    for name in wanted:
        if name not in resources and name not in env.providers:
            raise KeyError(name)
        if name not in live and name not in owners:
            raise RefusedError(f"{name} is disabled here, or has nothing that is enabled", "leave it out, or enable it")
    return [
        resource
        for name, resource in live.items()
        if not wanted or name in wanted or f"provider/{resource.provider}" in wanted
    ]
