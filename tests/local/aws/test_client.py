from local.aws.client import client


def test_no_setting_of_the_user_leads_elsewhere(monkeypatch, tmp_path):
    """Neither a profile, known or not, nor an endpoint, nor a region."""
    (tmp_path / "config").write_text("[profile known]\nregion = eu-west-3\nendpoint_url = http://localhost:1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:2")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for profile in ("known", "unknown"):
        monkeypatch.setenv("AWS_PROFILE", profile)
        found = client("sqs", "http://localhost:4566")

        assert (found.meta.endpoint_url, found.meta.region_name) == ("http://localhost:4566", "us-east-1")
