from fake_clock import FakeClock

from distributary_testing.memory import Fifo


def test_each_message_has_a_greater_number_than_the_last() -> None:
    """By which a detector knows what it has handled."""
    fifo = Fifo(FakeClock().clock)
    for number in range(3):
        fifo.send_message(MessageBody="b", MessageGroupId="g", MessageDeduplicationId=str(number))

    numbers = [int(one["attributes"]["SequenceNumber"]) for one in fifo.waiting]
    assert numbers == sorted(set(numbers))
