"""Random expressions, models, payloads and logs from the grammar, mostly sound: what a seed makes, it makes again."""

import json
from random import Random
from typing import Any

INPUTS = ("in", "other")
NUMBERS, TEXTS, FLAGS = ("n", "d"), ("s",), ("b",)
VARIABLES = {"n": 7, "d": "2.50", "s": "off", "b": True}
_ODD_NUMBERS = ["0", "9223372036854775807", "9223372036854775808", "0.1", "1234567890123456789012345678901234", "00.50"]
_ODD_TEXTS = ["''", '"a\\nb"', "'ü'", "'${1}'", "'a${'b'}c'", "'it\\'s'"]


class Grammar:
    """Writes expressions of a wanted type; `wild` is the share of places where another type, or nonsense, is put."""

    def __init__(self, random: Random, wild: float = 0.08) -> None:
        self.random = random
        self.wild = wild

    def expression(self, kind: str, depth: int = 4) -> str:
        """An expression of kind number, text or flag."""
        if self.random.random() < self.wild:
            return self.random.choice([self.nonsense, lambda: self.expression(self.kind(), depth - 1)])()
        leaf = depth <= 0 or self.random.random() < 0.2
        writers = {
            ("number", True): self.number_leaf,
            ("text", True): self.text_leaf,
            ("flag", True): self.flag_leaf,
            ("number", False): self.number,
            ("text", False): self.text,
            ("flag", False): self.flag,
        }
        return writers[kind, leaf](depth - 1)

    def kind(self) -> str:
        """Any kind."""
        return self.random.choice(["number", "text", "flag"])

    def nonsense(self) -> str:
        """What is mostly no expression."""
        pieces = [
            "(",
            ")",
            "'",
            '"',
            "${",
            "}",
            "&&",
            "!",
            "$input",
            ".a",
            "[0]",
            "1e5",
            "timeout(",
            ",",
            "\\",
            "`",
            " ",
        ]
        return "".join(self.random.choices(pieces, k=self.random.randint(1, 4)))

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self.random.choice(choices)

    def number_leaf(self, _depth: int) -> str:
        """A literal or reference."""
        name = self.pick(*NUMBERS)
        literal = self.pick(
            str(self.random.randint(0, 99)), f"{self.random.randint(0, 99)}.{self.random.randint(0, 99)}"
        )
        return self.pick(
            literal, literal, f"$variable.{name}", f"$input.in.{name}", "$input.in.list[1]", self.pick(*_ODD_NUMBERS)
        )

    def text_leaf(self, _depth: int) -> str:
        """A literal or reference."""
        return self.pick("'abc'", '"x y"', "$variable.s", "$input.in.s", "$input.in.deep.`a b`", self.pick(*_ODD_TEXTS))

    def flag_leaf(self, _depth: int) -> str:
        """A literal, a reference or a question about the cycle."""
        questions = ("currentInput('in')", 'triggerType("Timer")', "timeout('t')", "isNull($input.in.null)")
        return self.pick("true", "false", "$variable.b", "$input.in.b", self.pick(*questions))

    def number(self, depth: int) -> str:
        """Arithmetic."""
        one, other = self.expression("number", depth), self.expression("number", depth)
        whole, bits = self.pick("7", "$variable.n", "13"), self.pick("&", "|", "^")
        function = self.pick("bitand", "bitor", "bitxor")
        sums = (f"{one} {self.pick('+', '-', '*')} {other}", f"({one}) / {self.random.randint(1, 9)}", f"-({one})")
        return self.pick(*sums, f"({whole} {bits} 5)", f"{function}({whole}, 12)", f"~{whole}", f"({one})")

    def text(self, depth: int) -> str:
        """Joining, converting, templates."""
        one, other = self.expression("text", depth), self.expression(self.kind(), depth)
        return self.pick(
            f"{one} + {self.text_leaf(0)}", f"convert(String, {other})", f"'a ${{{other}}} b ${{{one}}}'", f"({one})"
        )

    def flag(self, depth: int) -> str:
        """Comparing and combining."""
        kind = self.pick("number", "text")
        left, right = self.expression(kind, depth), self.expression(kind, depth)
        order = f"{left} {self.pick('<', '<=', '>', '>=', '==', '!=')} {right}"
        one, other = self.expression("flag", depth), self.expression("flag", depth)
        logic = f"({one} {self.pick('&&', '||')} {other})"
        search = f"{self.pick('startsWith', 'endsWith', 'contains')}({self.expression('text', depth)}, 'a')"
        return self.pick(order, order, logic, f"!({one})", search, f"isUndefined({self.expression(kind, depth)})")


def payload(random: Random) -> str:
    """A payload's text: mostly what the expressions read, sometimes odd, sometimes no JSON at all."""
    value: dict[str, Any] = {
        "id": random.choice(["a", "b", 7]),
        "n": random.choice([random.randint(-9, 99), 2**63, None]),
        "d": random.choice([1.5, 20.0, "1.5"]),
        "s": random.choice(["off", "ü", "", 5]),
        "b": random.choice([True, False, "true"]),
        "list": random.choice([[1, 2.5], [], {}]),
        "deep": {"a b": "x"},
        "null": None,
    }
    for name in random.sample(list(value), random.randint(0, 3)):
        del value[name]
    text = json.dumps(value)
    odd = [
        '{"n":1e999999}',
        '{"n":' + "9" * 5000 + "}",
        '{"n":' + "[" * 500 + "]" * 500 + "}",
        '{"n":',
        "[]",
        '{"s":"\\ud800"}',
    ]
    return random.choice(odd) if random.random() < 0.1 else text


def model(random: Random) -> dict[str, Any]:
    """A model in the short form of `detector_cases`: up to three states that set, time, send and move."""
    grammar = Grammar(random, wild=0.002)
    names = ["A", "B", "C"][: random.randint(1, 3)]
    first = [
        [None, *(["set", name, grammar.expression(kind, 0)] for name, kind in _KINDS.items()), ["timer", "t", "60"]]
    ]
    states = {name: _state(grammar, names) for name in names}
    states["A"]["enter"] = first
    return {"key": random.choice(["id", "deep.`a b`"]), "method": grammar.pick("BATCH", "SERIAL"), "states": states}


_KINDS = {"n": "number", "d": "number", "s": "text", "b": "flag"}


def _state(grammar: Grammar, names: list[str]) -> dict[str, Any]:
    random = grammar.random
    return {
        "enter": [_event(grammar) for _ in range(random.randint(0, 2))],
        "input": [["currentInput('in')"], *([_event(grammar) for _ in range(random.randint(0, 3))])],
        "go": [
            [grammar.expression("flag", 2), random.choice(names), *_actions(grammar)]
            for _ in range(random.randint(0, 2))
        ],
        "exit": [_event(grammar) for _ in range(random.randint(0, 1))],
    }


def _event(grammar: Grammar) -> list[Any]:
    condition = None if grammar.random.random() < 0.2 else grammar.expression("flag", 2)
    return [condition, *_actions(grammar)]


def _actions(grammar: Grammar) -> list[Any]:
    return [_action(grammar) for _ in range(grammar.random.randint(0, 2))]


def _action(grammar: Grammar) -> list[Any]:
    name = grammar.pick(*_KINDS)
    choices = [
        ["set", name, grammar.expression(_KINDS[name], 2)],
        ["timer", grammar.pick("t", "u"), grammar.pick("60", "90.5", "$variable.n * 60", "'120'")],
        [grammar.pick("reset", "clear"), "t"],
        ["send", grammar.pick("a/b", "'a/' + $variable.s")],
        ["send", "t", grammar.pick("STRING", "JSON"), grammar.expression("text", 1)],
    ]
    return grammar.random.choice(choices)
