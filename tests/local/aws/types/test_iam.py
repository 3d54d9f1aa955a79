import json

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
OUTPUTS = {"Name": {"Ref": "Role"}, "Arn": {"Fn::GetAtt": ["Role", "Arn"]}}


def allowing(action):
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def role(trust=TRUST, **more):
    """A role."""
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, **more}}


def policy(action, *roles):
    """A policy beside its roles."""
    properties = {"PolicyName": "beside", "PolicyDocument": allowing(action), "Roles": [{"Ref": one} for one in roles]}
    return {"Type": "AWS::IAM::Policy", "Properties": properties}


def actions(aws, name):
    """The action that each inline policy of a role allows, by the policy's name."""
    iam = aws.client("iam")
    documents = {
        one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
        for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    return {name: one["Statement"][0]["Action"] for name, one in documents.items()}


def test_a_role_changes_in_place(aws, stack):
    """Its trust, its description and its policies; what the template no longer has is gone, and so is the role."""
    other = json.loads(json.dumps(TRUST).replace("lambda", "firehose"))
    own = [{"PolicyName": "own", "PolicyDocument": allowing("s3:GetObject")}]
    first = stack.deploy({"Role": role(Policies=own, Description="one")}, OUTPUTS)
    before = actions(aws, first["Name"])
    changed = [{"PolicyName": "another", "PolicyDocument": allowing("s3:PutObject")}]
    second = stack.deploy({"Role": role(other, Policies=changed, Description="two")}, OUTPUTS)
    found = aws.client("iam").get_role(RoleName=first["Name"])["Role"]

    assert (stack.status, second, found["Arn"]) == ("UPDATE_COMPLETE", first, first["Arn"])
    assert (before, actions(aws, first["Name"])) == ({"own": "s3:GetObject"}, {"another": "s3:PutObject"})
    assert (found["AssumeRolePolicyDocument"], found["Description"]) == (other, "two")
    assert stack.delete() == "DELETE_COMPLETE"
    assert first["Name"] not in [one["RoleName"] for one in aws.client("iam").list_roles()["Roles"]]


def test_a_policy_follows_the_template_from_role_to_role(aws, stack):
    """It stands in the roles that it names, beside their own policies, with its new content."""
    own = [{"PolicyName": "own", "PolicyDocument": allowing("s3:GetObject")}]
    roles = {"Role": role(Policies=own), "Other": role()}
    outputs = {**OUTPUTS, "Other": {"Ref": "Other"}}
    made = stack.deploy({**roles, "Policy": policy("sqs:SendMessage", "Role")}, outputs)
    before = [actions(aws, made[name]) for name in ("Name", "Other")]
    stack.deploy({**roles, "Policy": policy("sqs:ReceiveMessage", "Other")}, outputs)
    after = [actions(aws, made[name]) for name in ("Name", "Other")]
    stack.deploy(roles, outputs)

    assert before == [{"own": "s3:GetObject", "beside": "sqs:SendMessage"}, {}]
    assert after == [{"own": "s3:GetObject"}, {"beside": "sqs:ReceiveMessage"}]
    assert actions(aws, made["Other"]) == {}


def test_managed_policies_are_attached_and_detached(aws, stack):
    """Those of the account; AWS's own are none of moto's."""
    arn = aws.client("iam").create_policy(PolicyName="managed", PolicyDocument=json.dumps(allowing("sqs:*")))["Policy"][
        "Arn"
    ]
    of_aws, found = "arn:aws:iam::aws:policy/AdministratorAccess", []
    for arns in ([arn, of_aws], [of_aws]):
        name = stack.deploy({"Role": role(ManagedPolicyArns=arns)}, OUTPUTS)["Name"]
        attached = aws.client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        found.append([one["PolicyArn"] for one in attached])

    assert found == [[arn], []]


def test_a_policy_of_a_user_is_refused(stack):
    """Nothing on this machine would apply it."""
    properties = {"PolicyName": "p", "PolicyDocument": allowing("sqs:*"), "Users": ["somebody"]}
    stack.deploy({"Policy": {"Type": "AWS::IAM::Policy", "Properties": properties}})

    assert stack.reasons() == {"Policy": "only roles have policies on this machine, not Users"}
