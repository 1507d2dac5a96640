//! What the server would do for a batch of each transform, and a few of the rows that it would make, masked.

use serde_json::Value;

use super::super::preflight::{Survey, constants};
use crate::converge::{batch_condition, planner_hints};
use crate::error::Result;
use crate::model::ident::quote_ident;
use crate::model::migration::Transform;
use crate::ui::plan_view::{Explain, Sample};

/// Pages of the batch that is explained.
const PAGES: i64 = 500;
/// The longest masked value.
const LONGEST: usize = 32;

pub(super) async fn explains(survey: &Survey) -> Vec<Explain> {
    let mut found = Vec::new();
    for transform in &survey.migration.transforms {
        if let Ok(explain) = explain(survey, transform).await {
            found.push(explain);
        }
    }
    found
}

fn select(survey: &Survey, transform: &Transform, condition: &str) -> String {
    transform
        .sql
        .render(condition, &constants(&survey.migration))
}

async fn explain(survey: &Survey, transform: &Transform) -> Result<Explain> {
    let session = survey.source();
    let doing = "explain a transform";
    let select = select(
        survey,
        transform,
        &batch_condition(&transform.alias, None, 0, PAGES),
    );
    session
        .run(&format!("BEGIN READ ONLY; {}", planner_hints()), doing)
        .await?;
    let explained = async {
        let text = session
            .rows(&format!("EXPLAIN (COSTS off) {select}"), &[], doing)
            .await?;
        let json = session
            .one(&format!("EXPLAIN (FORMAT json) {select}"), &[], doing)
            .await?;
        Ok::<_, crate::error::Error>((text, json.get::<_, Value>(0)))
    }
    .await;
    session.rollback(doing).await?;
    let (text, json) = explained?;
    let plan_text: Vec<String> = text.iter().map(|row| row.get(0)).collect();
    let work_mem = survey.migration.limits.work_mem_kb * 1024;
    let plan = &json[0]["Plan"];
    Ok(Explain {
        transform: transform.name.clone(),
        nested_loops: !plan_text
            .iter()
            .any(|line| line.contains("Hash Join") || line.contains("Merge Join")),
        plan_text: plan_text.join("\n"),
        temp_bytes: Some(spilled(plan, work_mem)),
    })
}

/// Bytes of the nodes that sort or hash more than `work_mem`: what PostgreSQL would put into temporary files.
fn spilled(node: &Value, work_mem: u64) -> u64 {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let bytes = node["Plan Rows"]
        .as_u64()
        .unwrap_or_default()
        .saturating_mul(node["Plan Width"].as_u64().unwrap_or_default());
    let own = match kind {
        "Sort" | "Hash" | "Materialize" | "Aggregate" if bytes > work_mem => bytes,
        _ => 0,
    };
    let below = node["Plans"].as_array().map_or(0, |plans| {
        plans.iter().map(|plan| spilled(plan, work_mem)).sum()
    });
    own + below
}

/// Sample rows, or why a transform could not be sampled.
pub(super) async fn samples(survey: &Survey, number: usize) -> Vec<Result<Sample, String>> {
    let mut found = Vec::new();
    for transform in survey.migration.transforms.iter().filter(|_| number > 0) {
        found.push(sample(survey, transform, number).await.map_err(|error| {
            format!(
                "transform `{}` could not be sampled: {}",
                transform.name,
                error.condition()
            )
        }));
    }
    found
}

async fn sample(survey: &Survey, transform: &Transform, number: usize) -> Result<Sample> {
    let columns: Vec<String> = transform
        .columns
        .iter()
        .map(|column| format!("q.{}::text", quote_ident(column)))
        .collect();
    let sql = format!(
        "SELECT {} FROM (\n{}\n) q LIMIT {number}",
        columns.join(", "),
        select(survey, transform, "true")
    );
    let rows = survey
        .source()
        .rows(&sql, &[], "sample a transform")
        .await?;
    let known = constants(&survey.migration);
    let mask = |row: &tokio_postgres::Row| -> Vec<String> {
        (0..row.len())
            .map(|place| masked(row.get::<_, Option<String>>(place).as_deref()))
            .collect()
    };
    Ok(Sample {
        transform: transform.name.clone(),
        columns: transform.columns.clone(),
        rows: rows.iter().map(mask).collect(),
        unknown: (transform.sql.variables().into_iter())
            .filter(|name| !known.contains_key(*name))
            .map(str::to_owned)
            .collect(),
    })
}

/// Letters become `x`, digits `9`: the form can be judged and the value cannot be read.
fn masked(value: Option<&str>) -> String {
    let Some(value) = value else {
        return "NULL".to_owned();
    };
    if matches!(value, "true" | "false" | "" | "{}" | "[]") {
        return value.to_owned();
    }
    let mask = |character: char| match character {
        c if c.is_alphabetic() => 'x',
        c if c.is_numeric() => '9',
        c if c.is_ascii_punctuation() || c == ' ' => c,
        _ => '·',
    };
    let mut shown: String = value.chars().take(LONGEST).map(mask).collect();
    if value.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_value_keeps_its_form_only() {
        assert_eq!(masked(Some("{\"a\": [\"b1\"]}")), "{\"x\": [\"x9\"]}");
        assert_eq!(masked(None), "NULL");
        assert_eq!(masked(Some("true")), "true");
        assert_eq!(masked(Some(&"a".repeat(50))).chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_what_does_not_fit_is_spilled() {
        let plan = serde_json::json!({"Node Type": "Nested Loop", "Plans": [
            {"Node Type": "Sort", "Plan Rows": 10, "Plan Width": 100},
            {"Node Type": "Hash", "Plan Rows": 10_000, "Plan Width": 100}]});
        assert_eq!(spilled(&plan, 2_000), 1_000_000);
    }
}
