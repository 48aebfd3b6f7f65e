"""Makes the AWS calls that come as lines of JSON on standard input, by boto3, and answers each with a line.

The service `http` makes a plain request, signed by botocore where it has a `sign`: the status API's, and forms.
"""

import base64
import json
import os
import sys
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

clients = {}


def client(service, credentials):
    key = (service, json.dumps(credentials, sort_keys=True))
    if key not in clients:
        clients[key] = boto3.client(service, **credentials)
    return clients[key]


def plain(value):
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


pool = urllib3.PoolManager(ca_certs=os.environ["AWS_CA_BUNDLE"])
session = boto3.Session()


def http(method, url, body=None, sign=None, form=None, file=None):
    """A host that only AWS's DNS knows is asked for at the endpoint."""
    headers = {} if form else {"content-type": "application/json"}
    if sign:
        request = AWSRequest(method, url, headers, body)
        SigV4Auth(session.get_credentials(), sign, session.region_name).add_auth(request)
        headers = dict(request.headers)
    parts = urlsplit(url)
    if parts.hostname.endswith(".on.aws"):
        headers["host"] = parts.netloc
        url = os.environ["AWS_ENDPOINT_URL"] + (parts.path or "/") + ("?" + parts.query if parts.query else "")
    if form:
        fields = [*form.items(), ("file", ("file", file))]
        response = pool.request_encode_body(method, url, fields, headers, encode_multipart=True)
    else:
        response = pool.request(method, url, body=body, headers=headers, redirect=False)
    body = base64.b64encode(response.data).decode()
    return {"status": response.status, "headers": dict(response.headers), "body": body}


for line in sys.stdin:
    call = json.loads(line)
    try:
        if call["service"] == "http":
            answer = {"result": http(**call["params"])}
        else:
            operation = getattr(client(call["service"], call["credentials"]), call["operation"])
            answer = {"result": operation(**call["params"])}
    except ClientError as error:
        answer = {"error": error.response["Error"]}
    except Exception as error:
        answer = {"error": {"Code": type(error).__name__, "Message": str(error)}}
    print(json.dumps({"id": call["id"], **answer}, default=plain), flush=True)
