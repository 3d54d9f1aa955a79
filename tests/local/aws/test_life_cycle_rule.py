from local.aws.life_cycle_rule import from_template


def test_a_templates_rules_are_the_apis():
    """Each property that CloudFormation documents, under the name that the API has for it."""
    life_cycle = {
        "Rules": [
            {
                "Id": "one",
                "Status": "Enabled",
                "Prefix": "p/",
                "ExpirationInDays": 30,
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 7}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
                "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 8}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
            {
                "Status": "Disabled",
                "TagFilters": [{"Key": "a", "Value": "b"}],
                "ObjectSizeGreaterThan": "5",
                "ExpirationDate": "2030-01-01T00:00:00Z",
                "Transition": {"StorageClass": "GLACIER", "TransitionDate": "2029-01-01T00:00:00Z"},
                "NoncurrentVersionExpirationInDays": 5,
            },
            {"Status": "Enabled", "ExpiredObjectDeleteMarker": True},
        ]
    }

    assert from_template(life_cycle) == [
        {
            "ID": "one",
            "Status": "Enabled",
            "Filter": {"Prefix": "p/"},
            "Expiration": {"Days": 30},
            "Transitions": [{"StorageClass": "GLACIER", "Days": 7}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 8}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
        {
            "Status": "Disabled",
            "Filter": {"And": {"ObjectSizeGreaterThan": "5", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Expiration": {"Date": "2030-01-01T00:00:00Z"},
            "Transitions": [{"StorageClass": "GLACIER", "Date": "2029-01-01T00:00:00Z"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
        },
        {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    ]
