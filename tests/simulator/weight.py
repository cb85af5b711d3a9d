"""How much an object holds: the items of every container that can be reached from it, whatever they are called."""

from collections import deque
from types import FunctionType, MethodType, ModuleType

CONTAINERS = (dict, list, set, frozenset, tuple, deque)


def weight(root: object, *, without: tuple[object, ...] = ()) -> int:
    """Items of containers, and bytes of long runs of bytes in parts of 32, reachable from `root`.

    What is in `without` is not entered; nor are classes, modules and the cells of functions of modules.
    """
    seen = {id(one) for one in without}
    left, total = [root], 0
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen.add(id(one))
        parts = _parts(one)
        total += len(parts) if isinstance(one, CONTAINERS) else 0
        total += len(one) // 32 if isinstance(one, bytes | bytearray) else 0
        left += parts
    return total


def _parts(one: object) -> list[object]:
    if isinstance(one, dict):
        return [part for pair in one.items() for part in pair]
    if isinstance(one, CONTAINERS):
        return list(one)
    if isinstance(one, MethodType):
        return [one.__self__]
    if isinstance(one, FunctionType):
        return [cell.cell_contents for cell in one.__closure__ or ()]
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    named = [getattr(one, name) for name in slots if hasattr(one, name)]
    return named + list(getattr(one, "__dict__", {}).values())
