import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def stream(aws, unique):
    """The name of a stream of four shards, the first of which was split in two."""
    kinesis, name = aws.client("kinesis"), unique("stream")
    kinesis.create_stream(StreamName=name, ShardCount=4)
    kinesis.split_shard(StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey="1000")
    return name


def ids(answer) -> list[int]:
    """The numbers of the shards of an answer."""
    return [int(shard["ShardId"].removeprefix("shardId-")) for shard in answer["Shards"]]


def test_a_token_leads_through_the_pages_without_the_streams_name(aws, stream) -> None:
    """Until there is no further one; both together are refused, as AWS does."""
    kinesis = aws.client("kinesis")
    first = kinesis.list_shards(StreamName=stream, MaxResults=4)
    rest = kinesis.list_shards(NextToken=first["NextToken"], MaxResults=4)

    assert (ids(first), ids(rest)) == ([0, 1, 2, 3], [4, 5])
    assert "NextToken" not in rest
    with pytest.raises(ClientError, match="cannot be provided together"):
        kinesis.list_shards(StreamName=stream, NextToken=first["NextToken"])


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"ShardFilter": {"Type": "AT_LATEST"}}, [1, 2, 3, 4, 5]),
        ({"ShardFilter": {"Type": "AFTER_SHARD_ID", "ShardId": "shardId-000000000003"}}, [4, 5]),
        ({"ExclusiveStartShardId": "shardId-000000000001"}, [2, 3, 4, 5]),
    ],
)
def test_a_filter_leaves_out_what_it_says(aws, stream, asked, numbers) -> None:
    """A shard that was split is not among the latest."""
    assert ids(aws.client("kinesis").list_shards(StreamName=stream, **asked)) == numbers


def test_a_filter_holds_on_the_next_page(aws, stream) -> None:
    """The token carries it."""
    kinesis = aws.client("kinesis")
    first = kinesis.list_shards(StreamName=stream, MaxResults=2, ShardFilter={"Type": "AT_LATEST"})

    assert ids(kinesis.list_shards(NextToken=first["NextToken"])) == [3, 4, 5]


@pytest.mark.parametrize("token", ["old", "e30=", "bnVsbA=="])
def test_another_token_is_expired(aws, token) -> None:
    """As AWS calls one that it does not know."""
    with pytest.raises(ClientError, match="ExpiredNextTokenException"):
        aws.client("kinesis").list_shards(NextToken=token)
