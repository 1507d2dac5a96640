//! What the rows of orders 1.X are in 2.X, worked out in Rust from the text forms of blue's rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Row;

/// Blue's tables from which the reshaped ones are made.
pub(crate) struct Blue {
    pub(crate) orders: Vec<Row>,
    /// By `id`.
    pub(crate) customers: BTreeMap<String, Row>,
    /// By `code`.
    pub(crate) countries: BTreeMap<String, Row>,
}

/// Every order of 2.X. Lists are JSON in both columns: see [`lists_as_json`].
pub(crate) fn orders(blue: &Blue) -> Vec<Row> {
    blue.orders
        .iter()
        .map(|order| one_order(blue, order))
        .collect()
}

fn one_order(blue: &Blue, old: &Row) -> Row {
    let customer = &blue.customers[text(old, "customer_id")];
    let country = blue.countries.get(text(old, "country"));
    let (net, tax) = (scaled(text(old, "net"), 2), scaled(text(old, "tax"), 2));
    let status = match (get(old, "returned_at"), text(old, "status")) {
        (Some(_), _) => "returned",
        (None, "new") => "pending",
        (None, other) => other,
    };
    let weight = Some(text(old, "weight")).filter(|weight| !weight.is_empty());
    let placed = text(old, "placed_at");
    let mut new = Row::new();
    let mut set = |column: &str, value: Option<String>| {
        new.insert(column.to_owned(), value);
    };
    for column in [
        "id",
        "number",
        "customer_id",
        "country",
        "exchange_rate",
        "external_ref",
        "note",
        "placed_at",
        "replaces",
    ] {
        set(column, old[column].clone());
    }
    set("contact_email", customer["email"].clone());
    set("region", Some("eu".to_owned()));
    set("status", Some(status.to_owned()));
    let currency = country.map_or("EUR", |country| text(country, "currency"));
    set("currency", Some(currency.to_owned()));
    set("net_cents", Some(net.to_string()));
    set("tax_cents", Some(tax.to_string()));
    set("gross_cents", Some((net + tax).to_string()));
    set(
        "weight_grams",
        weight.map(|weight| scaled(weight, 3).to_string()),
    );
    set("tags", Some(list(text(old, "tags"), ',')));
    set(
        "discount_codes",
        Some(list(text(old, "discount_codes"), '|')),
    );
    set("placed_on", Some(day(placed)));
    set(
        "changed_at",
        Some(get(old, "updated_at").unwrap_or(placed).to_owned()),
    );
    set("shipped_at", get(old, "shipped_at").map(in_utc));
    set("revision", Some("1".to_owned()));
    new
}

/// Every address of 2.X.
pub(crate) fn addresses(blue: &Blue) -> Vec<Row> {
    let mut made = Vec::new();
    for old in &blue.orders {
        let customer = &blue.customers[text(old, "customer_id")];
        made.push(address(old, "shipping", "ship", text(customer, "name")));
        if get(old, "bill_street").is_some() {
            made.push(address(old, "billing", "bill", "(not given)"));
        }
    }
    made
}

fn address(old: &Row, kind: &str, prefix: &str, otherwise: &str) -> Row {
    let part = |name: &str| get(old, &format!("{prefix}_{name}")).filter(|part| !part.is_empty());
    [
        ("order_id", get(old, "id")),
        ("kind", Some(kind)),
        ("recipient", Some(part("name").unwrap_or(otherwise))),
        ("street", get(old, &format!("{prefix}_street"))),
        ("city", Some(part("city").unwrap_or_default())),
        ("postcode", part("postcode")),
        ("country", get(old, "country")),
    ]
    .into_iter()
    .map(|(column, value)| (column.to_owned(), value.map(str::to_owned)))
    .collect()
}

/// A customer of 2.X: the region, and what follows the first `@` of the address, up to the next.
pub(crate) fn customer(old: &Row) -> Row {
    let mut new = old.clone();
    let domain = text(old, "email")
        .split('@')
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    new.insert("email_domain".to_owned(), Some(domain));
    new
}

/// Green's orders with their lists in one spelling. `tags` has to be read as JSON.
pub(crate) fn lists_as_json(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        for column in ["tags", "discount_codes"] {
            let spelled = get(row, column)
                .and_then(|text| serde_json::from_str::<Value>(text).ok())
                .map(|list| list.to_string());
            row.insert(column.to_owned(), spelled);
        }
    }
    rows
}

fn list(text: &str, separator: char) -> String {
    let elements: Vec<&str> = text
        .split(separator)
        .filter(|element| !element.is_empty())
        .collect();
    Value::from(elements).to_string()
}

/// A decimal number times ten to a power, rounded half away from zero.
fn scaled(text: &str, power: usize) -> i128 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = format!("{fraction:0<width$}", width = power + 1);
    let (kept, rest) = fraction.split_at(power);
    let kept: i128 = format!("{whole}{kept}").parse().expect("a number");
    let rounded = kept + i128::from(rest.as_bytes()[0] >= b'5');
    if negative { -rounded } else { rounded }
}

/// `2024-02-29 12:00:00` without a time zone as a time in UTC; an era stands at the end.
fn in_utc(timestamp: &str) -> String {
    match timestamp.strip_suffix(" BC") {
        Some(rest) => format!("{rest}+00 BC"),
        None if timestamp.ends_with("infinity") => timestamp.to_owned(),
        None => format!("{timestamp}+00"),
    }
}

/// The day of a time in UTC.
fn day(timestamp: &str) -> String {
    let day = timestamp.split(' ').next().unwrap_or_default();
    if timestamp.ends_with(" BC") {
        format!("{day} BC")
    } else {
        day.to_owned()
    }
}

fn get<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_deref()
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    get(row, column).unwrap_or_else(|| panic!("{column} is NULL"))
}

#[test]
fn money_is_rounded_half_away_from_zero() {
    for (text, power, cents) in [
        ("1.1250", 2, 113),
        ("0.0049", 2, 0),
        ("0.005", 2, 1),
        ("-0.005", 2, -1),
        ("9999999999.9999", 2, 1_000_000_000_000),
        ("0.0005", 3, 1),
        ("007.50", 3, 7500),
        ("12", 3, 12_000),
    ] {
        assert_eq!(scaled(text, power), cents, "{text}");
    }
}
