"""The local stand-in for AWS: DynamoDB and Cognito behind one loopback port, set up from the template AWS gets."""

from __future__ import annotations

import hashlib
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
import botocore.config
import botocore.exceptions

from deploy.local import processes
from deploy.local.problem import Problem
from deploy.local.processes import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON = REPOSITORY / ".venv-aws" / "bin" / "python"
TEMPLATE = REPOSITORY / "deploy" / "cloudformation.yaml"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}  # the stand-in accepts any pair
START_SECONDS = 30.0
DEPLOY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the application must know of one deployed stack."""

    prefix: str
    pool_id: str
    client_id: str
    client_secret: str


@dataclass
class Aws:
    """One stand-in with its state in one folder; it saves on a stop in order only, never while it runs."""

    folder: Path
    log: Path
    port: int = 0
    template: Path = TEMPLATE
    was_killed: bool = field(default=False, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _clients: dict[str, Any] = field(default_factory=dict, init=False)

    def __enter__(self) -> Self:
        """Start it; returns when it answers."""
        self.port = self.port or processes.free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # passwords lie in clear in here
        self.was_killed = self._mark.exists()
        self._mark.touch()
        self.process = processes.start([PYTHON, "-m", "ministack"], log=self.log, env=self._environment(), cwd="/")
        deadline = time.monotonic() + START_SECONDS
        while not processes.answers(f"{self.address}/_ministack/ready"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Problem(f"The local AWS did not start; {self.log} ends:\n{processes.last_lines(self.log)}")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Save the state and stop."""
        if self.process is not None and processes.stop(self.process) and self.process.returncode == 0:
            self._mark.unlink(missing_ok=True)

    @property
    def address(self) -> str:
        """The one endpoint of all services."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
        """The boto3 client of one service of this stand-in, made at its first use."""
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:  # noqa: ANN401  the same
        return boto3.client(
            service,  # type: ignore[call-overload]  # its overloads want the literal name
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(
                connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2}, proxies={}
            ),
        )

    def deploy(self, prefix: str = "anteroom-") -> Deployed:
        """Bring the stack of a prefix to the template's state, create it if it is gone, and say what it made."""
        formation: CloudFormationClient = self.client("cloudformation")
        name = f"{prefix}stack"
        digest = hashlib.sha256(self.template.read_bytes()).hexdigest()
        note = self.folder / f"{name}.sha256"
        outputs = _outputs(formation, name)
        if outputs is None or not note.exists() or note.read_text("utf-8") != digest:
            self._apply(formation, name, prefix, exists=outputs is not None)
            note.write_text(digest, "utf-8")
            outputs = _outputs(formation, name) or {}
        self._switch_expiry_on(prefix)
        if self.was_killed:
            self._forget_sessions(prefix)
        cognito: CognitoIdentityProviderClient = self.client("cognito-idp")
        client = cognito.describe_user_pool_client(UserPoolId=outputs["UserPoolId"], ClientId=outputs["ClientId"])
        secret = client["UserPoolClient"]["ClientSecret"]
        return Deployed(prefix, outputs["UserPoolId"], outputs["ClientId"], secret)

    def _apply(self, formation: CloudFormationClient, name: str, prefix: str, *, exists: bool) -> None:
        request: dict[str, Any] = {
            "StackName": name,
            "TemplateBody": self.template.read_text("utf-8"),
            "Parameters": [{"ParameterKey": "Prefix", "ParameterValue": prefix}],
            "Capabilities": ["CAPABILITY_IAM"],
        }
        try:
            if exists:
                formation.update_stack(**request)
            else:
                formation.create_stack(**request)
        except botocore.exceptions.ClientError as error:
            if "No updates" in str(error):
                return
            raise Problem(f"The local AWS refused {self.template.name}: {error}") from error
        deadline = time.monotonic() + DEPLOY_SECONDS
        while (status := _status(formation, name)).endswith("_IN_PROGRESS") and time.monotonic() < deadline:
            time.sleep(0.05)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise Problem(f"The local AWS did not deploy {self.template.name} ({status}): `make reset` starts afresh.")

    def _switch_expiry_on(self, prefix: str) -> None:
        """Its stacks leave TimeToLive off, so the template's wish is carried out here."""
        dynamo: DynamoDBClient = self.client("dynamodb")
        for table in ("sessions", "availability", "notifications", "counters"):
            dynamo.update_time_to_live(
                TableName=prefix + table,
                TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            )

    def _forget_sessions(self, prefix: str) -> None:
        """After a kill the saved state is old: a session that was signed out since then must not come back."""
        dynamo: DynamoDBClient = self.client("dynamodb")
        for page in dynamo.get_paginator("scan").paginate(TableName=f"{prefix}sessions", ConsistentRead=True):
            for item in page["Items"]:
                dynamo.delete_item(TableName=f"{prefix}sessions", Key={key: item[key] for key in ("account", "sk")})

    def _environment(self) -> dict[str, str]:
        return {
            **CREDENTIALS,
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # it has no business with the containers of this machine
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.folder),
            "TMPDIR": str(self.folder),
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @property
    def _mark(self) -> Path:
        return self.folder / "running"


def _status(formation: CloudFormationClient, name: str) -> str:
    return formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def _outputs(formation: CloudFormationClient, name: str) -> dict[str, str] | None:
    try:
        stack = formation.describe_stacks(StackName=name)["Stacks"][0]
    except botocore.exceptions.ClientError:
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
