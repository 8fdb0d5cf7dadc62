"""The exported state machine: valid, executed in moto in the right order, and its commands then run by the real program.

Usage: stepfunctions.py PFE WORK DATA, where DATA is a folder of raw files and WORK an empty folder.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")

import boto3
import botocore.session
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.moto_api import state_manager
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)

PFE, WORK, DATA = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
# What stands in for the bucket: results are put beside the raw files.
FILES = WORK / "files"


def connect_ecs() -> None:
    """Step Functions writes `Cluster` where the API of ECS writes `cluster`. moto has both translations and calls neither
    (5.2.5: the two hooks below are empty), so that every ECS task fails with `KeyError: 'Cluster'`: call them."""
    operations = botocore.session.get_session().get_service_model("ecs")

    def model(action):
        return operations.operation_model("".join(word[:1].upper() + word[1:] for word in action.split("_")))

    def request(self, parameters, boto_service_name=None, service_action_name=None):
        self._to_boto_request(parameters, model(self.resource.api_action).input_shape)

    def response(self, response, boto_service_name=None, service_action_name=None):
        self._from_boto_response(response, model(service_action_name or self.resource.api_action).output_shape)

    StateTaskServiceEcs._normalise_parameters = request
    StateTaskServiceEcs._normalise_response = response


def one_request_at_a_time() -> None:
    """moto's services share dictionaries without a lock: ECS and EC2 walk theirs while a branch beside adds a task
    ("dictionary changed size during iteration"). The state machine takes that for a failed task and starts another."""
    lock, process = threading.RLock(), BotocoreStubber.process_request

    def locked(self, request):
        with lock:
            return process(self, request)

    BotocoreStubber.process_request = locked


def export(kind: str) -> str:
    command = [PFE, "pipeline", "export", "--format", kind]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def execute(machine: str, definition: dict, places: dict) -> tuple[list[dict], list[list[str]]]:
    """Events of an execution, and the commands of its ECS tasks in the order in which they were started."""
    ecs, ec2, sfn = (boto3.client(name) for name in ["ecs", "ec2", "stepfunctions"])
    ecs.create_cluster(clusterName="shop")
    task = ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="pfe", Description="pfe", VpcId=vpc)["GroupId"]
    role = "arn:aws:iam::123456789012:role/states"
    arn = sfn.create_state_machine(name="pfe", definition=machine, roleArn=role)["stateMachineArn"]
    given = {"cluster": "shop", "taskDefinition": task, "subnets": [subnet], "securityGroups": [group], **places}
    run = sfn.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
    for _ in range(1200):
        status = sfn.describe_execution(executionArn=run)
        if status["status"] != "RUNNING":
            break
        time.sleep(0.1)
    assert status["status"] == "SUCCEEDED", status
    assert json.loads(status["output"]) == given, "each state hands its input on"
    events = [e for page in sfn.get_paginator("get_execution_history").paginate(executionArn=run) for e in page["events"]]
    events.sort(key=lambda event: event["id"])
    arns = [t for page in ecs.get_paginator("list_tasks").paginate(cluster="shop") for t in page["taskArns"]]
    tasks = ecs.describe_tasks(cluster="shop", tasks=arns)["tasks"]
    ran = [override(task["overrides"]["containerOverrides"], "name", "command") for task in tasks]
    assert all(task["lastStatus"] == "STOPPED" and task["startedBy"] == "AWS Step Functions" for task in tasks), tasks
    scheduled = [e["taskScheduledEventDetails"]["parameters"] for e in events if e["type"] == "TaskScheduled"]
    asked = [override(json.loads(p)["Overrides"]["ContainerOverrides"], "Name", "Command") for p in scheduled]
    assert sorted(ran) == sorted(asked), "ECS ran what the machine asked for"
    return events, asked


def override(containers: list[dict], name: str, command: str) -> list[str]:
    (container,) = containers
    assert container[name] == "pfe", container
    return container[command]


def check_order(states: dict, events: list[dict]) -> None:
    at = {}
    for place, event in enumerate(events):
        for kind in ["stateEnteredEventDetails", "stateExitedEventDetails"]:
            if kind in event:
                at[event[kind]["name"], kind[5:-12]] = place
    branches = [branch["StartAt"] for branch in states["load"]["Branches"]]
    assert len(branches) == 10, branches
    last_in = max(at[branch, "Entered"] for branch in branches)
    first_out = min(at[branch, "Exited"] for branch in branches)
    assert last_in < first_out, "the loads run side by side"
    before, name = "load", states["load"]["Next"]
    assert all(at[branch, "Exited"] < at[name, "Entered"] for branch in branches)
    while name:
        assert at[before, "Exited"] < at[name, "Entered"], f"{name} before the end of {before}"
        before, name = name, states[name].get("Next")
    assert before == "publish"
    order = [name for (name, kind), _ in sorted(at.items(), key=lambda item: item[1]) if kind == "Entered"]
    print("states entered:", ", ".join(order))


def run_commands(commands: list[list[str]]) -> None:
    """What the containers would do, done here, with the output folder moved."""
    for command in commands:
        words = [word.replace("/data/out", str(WORK / "out")) for word in command]
        done = subprocess.run([PFE, *words], capture_output=True, text=True)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"


def same_results() -> None:
    subprocess.run([PFE, "run", "--data", DATA, "--out", WORK / "local", "--quiet"], check=True)
    for folder in ["clean", "mart", "tables"]:
        names = sorted(path.name for path in (WORK / "local" / folder).iterdir())
        assert names == sorted(path.name for path in (WORK / "out" / folder).iterdir()), folder
        for name in names:
            here, there = (WORK / run / folder / name for run in ["local", "out"])
            assert here.read_bytes() == there.read_bytes(), f"{folder}/{name} differs from the local run"


def main() -> None:
    machine, definition = export("asl"), json.loads(export("ecs"))
    tools = Path(os.environ["NODE_PATH"]) / ".bin"
    (WORK / "machine.json").write_text(machine)
    subprocess.run([tools / "asl-validator", "--json-path", WORK / "machine.json"], check=True)
    (WORK / "invalid.json").write_text(machine.replace('"Next": "mart"', '"Next": "nowhere"'))
    invalid = subprocess.run([tools / "asl-validator", "--json-path", WORK / "invalid.json"], capture_output=True)
    assert invalid.returncode != 0, "the validator finds what is wrong"

    shutil.copytree(DATA, FILES)
    connect_ecs()
    one_request_at_a_time()
    places = {"files": str(FILES), "documents": f"lake:{WORK / 'documents'}", "database": f"sqlite:{WORK / 'shop.db'}"}
    # A task is seen running once before it has stopped, as in a real cluster.
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 1})
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        events, commands = execute(machine, definition, places)
    states = json.loads(machine)["States"]
    check_order(states, events)
    assert len(commands) == len(states) - 1 + 10, "one task per state"
    run_commands(commands)
    same_results()
    print(f"{len(commands)} tasks; their commands give the local run's bytes")


main()
