def test_an_api_is_reached_at_the_local_gateway(aws):
    """Its endpoint is the gateway's URL."""
    client = aws.client("apigatewayv2")
    api = client.create_api(Name="any", ProtocolType="HTTP")

    assert api["ApiEndpoint"] == "http://localhost:9999"
    assert client.get_api(ApiId=api["ApiId"])["ApiEndpoint"] == "http://localhost:9999"
    client.delete_api(ApiId=api["ApiId"])
