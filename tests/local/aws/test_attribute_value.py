import pytest

from local.aws.attribute_value import NotANumber, item_size, number, settle

NUMBERS = {
    "0": "0",
    "-0.0": "0",
    "0E-999999999999999999": "0",
    "20.0": "20",
    "+7": "7",
    ".5": "0.5",
    "5.": "5",
    "1e3": "1000",
    "1E-130": f"0.{'0' * 129}1",
    "-1E125": f"-1{'0' * 125}",
    "1" + "0" * 60: "1" + "0" * 60,
}
NO_NUMBERS = {
    "": "cannot be converted",
    "NaN": "cannot be converted",
    "Infinity": "cannot be converted",
    "1_000": "cannot be converted",
    " 1": "cannot be converted",
    "٣": "cannot be converted",
    "1" * 39: "38 significant digits",
    "0." + "9" * 20_000: "38 significant digits",
    "1E126": "overflow",
    "1E99999999999999999999": "overflow",
    "1E-131": "underflow",
    "1E-99999999999999999999": "underflow",
}


@pytest.mark.parametrize(("text", "kept"), NUMBERS.items())
def test_a_number_is_kept_without_what_says_nothing(text, kept):
    """Zeros, signs and exponents are form."""
    assert number(text) == kept


@pytest.mark.parametrize(("text", "words"), NO_NUMBERS.items(), ids=[text[:9] for text in NO_NUMBERS])
def test_what_is_no_number_is_refused(text, words):
    """With DynamoDB's words."""
    with pytest.raises(NotANumber, match=words):
        number(text)


def test_names_and_texts_are_no_numbers():
    """Only attribute values of the types N and NS are settled: not an attribute called N, nor a text."""
    item = {"N": {"S": "1.0"}, "s": {"S": "1.0"}, "m": {"M": {"N": {"N": "1.0"}}}}
    settle(item)

    assert item == {"N": {"S": "1.0"}, "s": {"S": "1.0"}, "m": {"M": {"N": {"N": "1"}}}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "ä"}, 2),
        ({"B": b"123"}, 3),
        ({"N": "12345"}, 4),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {"k": {"S": "abc"}}}, 8),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(value, size):
    """A number takes half a byte a digit, a list or map three more and one for each element."""
    assert item_size({"name": value}) == len("name") + size
