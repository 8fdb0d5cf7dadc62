//! Graph of steps → other orchestrators: a Step Functions state machine, its ECS task definition, and a Mermaid drawing.
//! Everything is derived from `graph`.
//!
//! In the cloud, steps exchange rows through stores. Each `read-*` step becomes a load into one store; the loads run in
//! parallel. The later steps share an output folder on a network file system. Only one process may write there, so these
//! steps run one after another. If a task starts while another still writes (after a time limit, for example), `lease`
//! refuses it, and the state machine starts it again.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::graph::{STEPS, Step, TIMEOUT_SECONDS};
use crate::schema::contract::DOCUMENTS;

/// Name of the task family, of its container and of its log stream.
const NAME: &str = "pfe";
/// Mount point of the network file system in the container.
const VOLUME: &str = "/data";
/// Output folder shared by the steps after the loads.
const OUT: &str = "/data/out";
/// Attempts per task, the first included. Only the exported machine retries a failed step, because a container may fail to
/// start. Within a run, the stores retry.
const ATTEMPTS: u32 = 3;
/// Seconds before the first retry; each further wait is twice as long. A container takes most of a minute to start. The
/// waits together outlast the lock of a task that has vanished.
const RETRY_SECONDS: u64 = 30;
/// States after the graph, each with the store that it fills. They compute nothing.
const STORES: [(&str, &str, &str); 2] = [
    ("store", "put the cleaned tables and the results into the database", "$.database"),
    ("publish", "put the cleaned tables and the results into the bucket", "$.files"),
];

/// The state machine, in the Amazon States Language.
///
/// The input of an execution names the environment: `cluster`, `taskDefinition`, `subnets` and `securityGroups` of ECS, and
/// the URLs of the stores without passwords: `files` (S3), `documents` (DynamoDB) and `database` (MySQL or PostgreSQL).
pub fn state_machine() -> Value {
    let (loads, rest): (Vec<&Step>, Vec<&Step>) = STEPS
        .iter()
        .filter(|step| step.runs_unasked())
        .filter(|step| step.table().is_some() || step.has_outputs() && step.id != "generate")
        .partition(|step| step.table().is_some());
    let load = |step: &&Step| {
        let (table, id) = step.table().map_or(("", None), |table| (table.name, Some(table.id)));
        let target = if id.is_some_and(|id| DOCUMENTS.contains(&id)) { "$.documents" } else { "$.database" };
        let command = ["load", "--from", "$.files", "--to", target, "--table", table];
        json!({ "StartAt": step.id, "States": { step.id: task(step.about, &command, None) } })
    };
    let run = |id: &'static str, about: &'static str, option: [&'static str; 2]| {
        let command: Vec<&str> = ["run"].into_iter().chain(option).chain(DATA).collect();
        (id, about, command)
    };
    let steps = rest.iter().map(|step| run(step.id, step.about, ["--only", step.id]));
    let stores = STORES.iter().map(|(id, about, url)| run(id, about, ["--store", url]));
    let chain: Vec<_> = steps.chain(stores).collect();
    let mut states = serde_json::Map::new();
    states.insert(
        "load".into(),
        json!({
            "Type": "Parallel",
            "Comment": "the ten tables, from the bucket into their stores",
            "Branches": loads.iter().map(load).collect::<Vec<_>>(),
            "ResultPath": null,
            "Next": chain[0].0,
        }),
    );
    for (i, (id, about, command)) in chain.iter().enumerate() {
        states.insert(id.to_string(), task(about, command, chain.get(i + 1).map(|next| next.0)));
    }
    json!({
        "Comment": "pfe: from a marketplace's orders to three decisions",
        "StartAt": "load",
        "States": states,
    })
}

/// Arguments of the steps after the loads: the stores of the raw tables, and the shared output folder.
const DATA: [&str; 6] = ["--data", "$.documents", "--data", "$.database", "--out", OUT];

/// A state that runs `pfe` in a container until it ends. Arguments that start with `$` come from the execution's input.
fn task(about: &str, command: &[&str], next: Option<&str>) -> Value {
    let words: Vec<String> =
        command.iter().map(|word| if word.starts_with('$') { word.to_string() } else { format!("'{word}'") }).collect();
    let mut state = json!({
        "Type": "Task",
        "Comment": about,
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {
            "LaunchType": "FARGATE",
            "Cluster.$": "$.cluster",
            "TaskDefinition.$": "$.taskDefinition",
            "NetworkConfiguration": {
                "AwsvpcConfiguration": { "Subnets.$": "$.subnets", "SecurityGroups.$": "$.securityGroups" },
            },
            "Overrides": {
                "ContainerOverrides": [
                    { "Name": NAME, "Command.$": format!("States.Array({})", words.join(", ")) },
                ],
            },
        },
        "ResultPath": null,
        "TimeoutSeconds": TIMEOUT_SECONDS,
        "Retry": [{
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": RETRY_SECONDS,
            "MaxAttempts": ATTEMPTS - 1,
            "BackoffRate": 2.0,
        }],
    });
    match next {
        Some(next) => state["Next"] = next.into(),
        None => state["End"] = true.into(),
    }
    state
}

/// The task definition that the state machine runs, for `aws ecs register-task-definition --cli-input-json`. The account
/// fills in the `${…}` placeholders. The database password comes from a secret, never from a command line.
pub fn task_definition(image: &str) -> Value {
    json!({
        "family": NAME,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "1024",
        "memory": "4096",
        "executionRoleArn": "${EXECUTION_ROLE_ARN}",
        "taskRoleArn": "${TASK_ROLE_ARN}",
        "volumes": [{
            "name": "data",
            "efsVolumeConfiguration": {
                "fileSystemId": "${EFS_ID}",
                "transitEncryption": "ENABLED",
                // Root owns the root of the file system; an access point makes the container's user the owner.
                "authorizationConfig": { "accessPointId": "${EFS_ACCESS_POINT_ID}", "iam": "ENABLED" },
            },
        }],
        "containerDefinitions": [{
            "name": NAME,
            "image": image,
            "essential": true,
            "cpu": 1024,
            "memory": 4096,
            "readonlyRootFilesystem": true,
            "linuxParameters": { "initProcessEnabled": true },
            "environment": [{ "name": "AWS_REGION", "value": "${AWS_REGION}" }],
            "secrets": [{ "name": "PFE_STORE_PASSWORD", "valueFrom": "${PASSWORD_SECRET_ARN}" }],
            "mountPoints": [{ "sourceVolume": "data", "containerPath": VOLUME }],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": NAME,
                    "awslogs-region": "${AWS_REGION}",
                    "awslogs-stream-prefix": NAME,
                },
            },
        }],
    })
}

/// The graph as a Mermaid flowchart, with an arrow from each step to the steps that need it.
pub fn mermaid() -> String {
    let mut text = String::from("flowchart LR\n");
    for step in &STEPS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {}[\"{}\"]", node(step.id), step.id);
    }
    for step in &STEPS {
        for need in step.needs {
            let _ = writeln!(text, "    {} --> {}", node(need), node(step.id));
        }
    }
    text
}

/// Step id → Mermaid identifier.
fn node(id: &str) -> String {
    id.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_and_sellers_go_to_documents_and_the_others_to_the_database() {
        let machine = state_machine();
        let branches = machine["States"]["load"]["Branches"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(branches.len(), 10);
        let into = |target: &str| {
            let text = branches.iter().map(Value::to_string);
            text.filter(|branch| branch.contains(&format!("'--to', {target}"))).count()
        };
        assert_eq!((into("$.documents"), into("$.database")), (2, 8));
    }

    #[test]
    fn every_step_that_keeps_files_is_a_state_and_leads_to_the_end() {
        let machine = state_machine();
        let mut at = "load".to_string();
        let mut path = vec![at.clone()];
        while let Some(next) = machine["States"][&at]["Next"].as_str() {
            at = next.into();
            path.push(at.clone());
        }
        assert_eq!(
            (path.first().map(String::as_str), path.last().map(String::as_str)),
            (Some("load"), Some("publish"))
        );
        for step in STEPS.iter().filter(|step| step.runs_unasked() && step.has_outputs() && step.id != "generate") {
            let place = |id: &str| path.iter().position(|state| state == id);
            assert!(place(step.id).is_some(), "{}", step.id);
            for need in step.needs.iter().filter(|need| place(need).is_some()) {
                assert!(place(need) < place(step.id), "{need} before {}", step.id);
            }
        }
    }

    #[test]
    fn the_drawing_has_every_step_and_arrow() {
        let drawing = mermaid();
        let arrows: usize = STEPS.iter().map(|step| step.needs.len()).sum();
        assert_eq!(drawing.matches(" --> ").count(), arrows);
        assert_eq!(drawing.matches("[\"").count(), STEPS.len());
    }
}
