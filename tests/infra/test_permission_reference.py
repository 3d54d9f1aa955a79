from pathlib import Path

from distributary_cdk import permission_reference

ROOT = Path(__file__).parents[2]


def test_the_page_is_current(synthesised):
    """What is committed is what the template grants now: `make reference` writes it."""
    page = permission_reference.page(synthesised("prod"))

    assert page == (ROOT / permission_reference.PAGE).read_text(), f"{permission_reference.PAGE} is old: make reference"


def test_a_role_has_each_of_its_statements():
    """Those of its own policies and of a policy beside it, with conditions; the deployment's own values have names."""
    own = {
        "Action": "s3:GetObject",
        "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket0123ABCD", "Arn"]}, "/a/*"]]},
    }
    other = {
        "Action": ["a:One", "a:Two"],
        "Resource": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":a"]]},
        "Condition": {"StringEquals": {"a:Key": ["x", {"Ref": "Table0123ABCD"}]}},
    }
    template = {
        "Resources": {
            "IngestRole0123ABCD": {
                "Type": "AWS::IAM::Role",
                "Properties": {"Policies": [{"PolicyDocument": {"Statement": [own]}}]},
            },
            "Policy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"Roles": [{"Ref": "IngestRole0123ABCD"}], "PolicyDocument": {"Statement": [other]}},
            },
        }
    }

    section = permission_reference.page(template).partition("## ")[2].splitlines()

    assert section == [
        "Ingest",
        "",
        "| may | on | if |",
        "|---|---|---|",
        "| `s3:GetObject` | `Bucket/a/*` |  |",
        "| `a:One`, `a:Two` | `arn:<Partition>:a` | `a:Key` StringEquals `x`, `Table` |",
    ]
