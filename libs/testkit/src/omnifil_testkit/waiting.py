"""Waiting for a condition instead of for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, overload

_T = TypeVar("_T")
_PAUSE_S = 0.03


class Eventually(Protocol):
    """The type of the `eventually` fixture."""

    @overload
    async def __call__(self, condition: Callable[[], Awaitable[_T]], timeout_s: float = 30) -> _T: ...

    @overload
    async def __call__(self, condition: Callable[[], _T], timeout_s: float = 30) -> _T: ...


async def eventually_(condition: Callable[[], Any], timeout_s: float = 30) -> Any:
    """Call `condition`, sync or async, until it neither raises `AssertionError` nor returns False; return its value.

    After `timeout_s` its last `AssertionError` goes to the test; one that still waits by then is cancelled.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        try:
            value = condition()
            if inspect.isawaitable(value):
                async with asyncio.timeout_at(deadline + timeout_s):
                    value = await value
            if value is not False:
                return value
            failure = AssertionError(f"{condition} was still False after {timeout_s} s")
        except AssertionError as not_yet:
            failure = not_yet
        if asyncio.get_running_loop().time() >= deadline:
            raise failure
        await asyncio.sleep(_PAUSE_S)
