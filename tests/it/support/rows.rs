//! Rows as they are in a database, read without the program's own reading.

use std::collections::BTreeMap;

use tokio_postgres::SimpleQueryMessage;

use super::cluster::Cluster;

/// One row: column name to PostgreSQL's text form, `None` for NULL. Times are UTC.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// The rows of a query.
pub(crate) fn rows(cluster: &Cluster, database: &str, sql: &str) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let answers = runtime.block_on(async {
        let session = cluster.session(database).await;
        // Before own the reshaped tables wait in a schema of their own, which is not there at other times.
        session
            .run("SET search_path = greenlight_next, public", "test")
            .await
            .expect("a path");
        session
            .simple_query(sql)
            .await
            .unwrap_or_else(|cause| panic!("{cause:?}\n{sql}"))
    });
    answers
        .into_iter()
        .filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(
                row.columns()
                    .iter()
                    .enumerate()
                    .map(|(place, column)| {
                        (column.name().to_owned(), row.get(place).map(str::to_owned))
                    })
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

/// Every table of a schema with its number of rows and a hash of them that does not depend on their order or on that of
/// the columns; every sequence with where it stands.
pub(crate) fn contents(
    cluster: &Cluster,
    database: &str,
    schema: &str,
) -> BTreeMap<String, String> {
    let listed = cluster.psql(
        database,
        &format!(
            "SELECT format('SELECT %L, count(*) || '' rows '' || coalesce(sum(hashtextextended(ROW(%s)::text, 0)::numeric), 0) FROM %I.%I', \
                 c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname), n.nspname, c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
             GROUP BY c.relname, n.nspname ORDER BY c.relname"
        ),
    );
    let tables: Vec<&str> = listed.lines().collect();
    let mut found = BTreeMap::new();
    if !tables.is_empty() {
        let hashed = cluster.psql(database, &tables.join(" UNION ALL "));
        found.extend(hashed.lines().filter_map(pair));
    }
    let sequences = cluster.psql(
        database,
        &format!("SELECT sequencename, 'at ' || coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = '{schema}'"),
    );
    found.extend(sequences.lines().filter_map(pair));
    found
}

fn pair(line: &str) -> Option<(String, String)> {
    let (name, value) = line.rsplit_once('|')?;
    Some((name.to_owned(), value.to_owned()))
}
