"""JSON that is expensive for its size: what is repeated, and in what it stands."""

import json
from collections.abc import Callable, Iterator
from itertools import product

ATOMS = {
    "digits": "1",
    "integers": "999",
    "floats": "1e1",
    "integers of 4,300 digits": "1" * 4300,
    "integers of 4,301 digits": "1" * 4301,
    "exponents": "1e6143",
    "numbers of 34 digits": "0." + "1" * 33,
    "empty strings": '""',
    "strings": '"ab"',
    "strings with commas": '",,"',
    "characters of three bytes": '"中文"',
    "characters of four bytes": '"😀"',
    "escapes": r'"\n\n"',
    "escaped pairs": r'"\ud83d\ude00"',
    "arrays": "[]",
    "objects": "{}",
    "objects with a member": '{"a":1}',
    "objects with a float": '{"a":1e1}',
    "arrays of 60 levels": "[" * 60 + "]" * 60,
    "objects of 60 levels": '{"a":' * 60 + "1" + "}" * 60,
}
"""One value each, to be repeated."""

SUSPICIOUS = r'"e":"\ud83d\ude00","y":[' + ",".join(["[]"] * 65) + "],"
"""Members that make every cheap test of the readers fail, so that they look closely."""


PADDING = {"letters": "x", "characters of four bytes": "😀"}
"""What fills a text up to its size: beside a character of four bytes, every other one takes four bytes in memory."""


def values(text: str) -> int:
    """The values of a JSON text, names included."""
    value = json.loads(text) if len(text) < 1000 else 0
    return _count(value)


def _count(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _count(one) for one in value.values())
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


def _times(atom: str, size: int, most: int, *, more_bytes: int, more_values: int) -> int:
    return max(1, min(size // (len(atom.encode()) + more_bytes), (most - 100) // (values(atom) + more_values)))


def one_array(atom: str, size: int, most: int) -> str:
    """A long array."""
    return f'"x":[{",".join([atom] * _times(atom, size, most, more_bytes=1, more_values=0))}]'


def one_object(atom: str, size: int, most: int) -> str:
    """Members with names of their own."""
    times = _times(atom, size, most, more_bytes=11, more_values=1)
    return ",".join([f'"{number:07d}":{atom}' for number in range(times)])


def suspicious(atom: str, size: int, most: int) -> str:
    """A long array beside what has to be looked at closely."""
    return SUSPICIOUS + one_array(atom, size - len(SUSPICIOUS), most - 100)


HOLDERS: dict[str, Callable[[str, int, int], str]] = {
    "in an array": one_array,
    "as members": one_object,
    "with all that has to be looked at": suspicious,
}


def document(atom: str, holder: str, padding: str, size: int, most: int) -> str:
    """An object of so many bytes, and at most so many values: the atom as often as it fits, then the padding."""
    text = f'{{"deviceId":"d",{HOLDERS[holder](ATOMS[atom], size - 40, most)}'
    character = PADDING[padding]
    rest = (size - len(text.encode()) - 12) // len(character.encode())
    return f'{text},"pad":"{character * max(0, rest)}"}}'


def documents(size: int, most: int) -> Iterator[tuple[str, str]]:
    """Every atom in every holder with every padding: a name, and an object's text of about so many bytes."""
    for holder, atom, padding in product(HOLDERS, ATOMS, PADDING):
        yield f"{atom} {holder}, {padding}", document(atom, holder, padding, size, most)
