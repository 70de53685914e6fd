"""Works on many endpoints at once. A failure at one endpoint does not stop the others."""

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
    """Do the work for all items at once and return the results in the order of the items.

    If the work for an item raises, the item gets the result of `failed` with the reason. An exception that is a
    defect of llmconf is passed to `defect` first. `done` is called with each result as soon as it is there.
    """

    async def run() -> list[Result]:
        async with network() as opened:
            return await asyncio.gather(*(one(item, opened) for item in items))

    async def one(item: Item, opened: HttpClient) -> Result:
        try:
            result = await work(item, opened)
        except Exception as error:  # a defect at one endpoint must not hide the results of the others
            result = failed(item, reason(error, defect))
        done(result)
        return result

    return asyncio.run(run())


def reason(error: Exception, defect: Callable[[Exception], None]) -> str:
    """Return why an item failed. A defect of llmconf is reported, and does not hide the results of other items."""
    if isinstance(error, LlmconfError):
        return f"{error.message} ({error.hint})" if error.hint else error.message
    defect(error)
    return f"internal error ({type(error).__name__}); --debug shows more"


def named(
    env: Resolved, resources: Mapping[str, Resource[Spec]], wanted: Collection[str]
) -> list[Resource[Spec]]:
    """Return the live resources that `wanted` names by identity or provider identity, or all if it is empty.

    Raises KeyError with the first name that is neither, and RefusedError for a name that is disabled.
    """
    live = {name: resource for name, resource in resources.items() if env.is_live(resource)}
    owners = {f"provider/{resource.provider}" for resource in live.values()}
    for name in wanted:
        if name not in resources and name not in env.providers:
            raise KeyError(name)
        if name not in live and name not in owners:
            raise RefusedError(f"{name} is disabled here, or all that it has is disabled", "leave it out, or enable it")
    return [
        resource
        for name, resource in live.items()
        if not wanted or name in wanted or f"provider/{resource.provider}" in wanted
    ]
