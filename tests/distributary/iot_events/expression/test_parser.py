import contextlib

import pytest

from distributary.iot_events.expression.errors import ExpressionError
from distributary.iot_events.expression.parser import MOST_EXPRESSION_NESTING, parse_expression
from distributary.iot_events.expression.tree import Chain, ChainLink, Literal, walk

DEEP = {
    "parentheses": lambda depth: "(" * depth + "1" + ")" * depth,
    "signs": lambda depth: "!" * depth + "true",
    "calls": lambda depth: "isNull(" * depth + "1" + ")" * depth,
    "templates": lambda depth: "'${" * depth + "1" + "}'" * depth,
    "right operands": lambda depth: "1 * (" * depth + "1" + ")" * depth,
}


@pytest.mark.parametrize("shape", DEEP)
def test_nesting_ends_at_its_limit(shape):
    """What nests as deep as the limit is parsed; one level more, or thousands, is an error with its column."""
    parse_expression(DEEP[shape](MOST_EXPRESSION_NESTING - 1))
    for depth in (MOST_EXPRESSION_NESTING, 85, 400):
        with pytest.raises(ExpressionError, match="nested more than 32 deep"):
            parse_expression(DEEP[shape](depth))


@pytest.mark.parametrize("text", ["(" * 4_000, "'${" * 1_300, "1+" * 2_000, "!" * 4_000, "$input.A" + ".a" * 2_000])
def test_a_hostile_text_is_refused_or_taken_quickly(text, quickly):
    """Parsing takes time in proportion to the text."""

    def attempt():
        parse_expression.cache_clear()
        with contextlib.suppress(ExpressionError):
            parse_expression(text)

    quickly(attempt)


def test_a_longer_text_is_not_looked_at():
    """Over 4 Ki characters nothing is parsed."""
    with pytest.raises(ExpressionError, match="longer than"):
        parse_expression("1" + " " * 4 * 1024)


def test_operators_of_one_precedence_are_one_chain():
    """A sum of three is one flat node, from left to right."""
    assert parse_expression("1 + 2 - 3") == Chain(
        Literal(1, 1), (ChainLink("+", Literal(2, 5), 3), ChainLink("-", Literal(3, 9), 7)), 1
    )


def test_walk_visits_every_node_in_order():
    """Walking gives each node before what is below it."""
    literals = [
        node.value for node in walk(parse_expression("'${1}' + isNull(2) + (3 * 4)")) if isinstance(node, Literal)
    ]
    assert literals == [1, 2, 3, 4]


def test_an_error_shows_the_expression_and_the_column():
    """The text of an error names the expression, shortened, and the column."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression("1 +" + " " * 200)
    assert str(caught.value).startswith("a value is missing, at column 204 of '1 +")
    assert len(str(caught.value)) < 150
