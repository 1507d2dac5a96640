//! The JSON Schema of plan files, for editors: `plans/plan.schema.json`.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::spec::Spec;

/// The JSON Schema of plan files as pretty text.
///
/// Draft 7 is what the TOML plugins of editors know.
#[must_use]
pub fn json_schema() -> String {
    let schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<Spec>();
    let mut value = schema.to_value();
    tidy(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// Leaves out what TOML cannot say (`null`), and joins the lines of descriptions, which editors show as they are.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let says_nothing =
                |value: &Value| value.is_null() || *value == Value::Object(Map::new());
            object.retain(|key, inner| key != "default" || !says_nothing(inner));
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
                forms.retain(|form| form.get("type") != Some(&Value::from("null")));
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                let parts = text.split("\n\n").map(|part| part.replace('\n', " "));
                *text = parts.collect::<Vec<_>>().join("\n\n");
            }
            for inner in object.values_mut() {
                tidy(inner);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_that_of_the_spec() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/plan.schema.json");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, json_schema()).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found,
            json_schema(),
            "run `UPDATE=1 cargo test the_file_is_that_of_the_spec`"
        );
    }

    #[test]
    fn every_key_is_described() {
        fn look(value: &Value, at: &str, bare: &mut Vec<String>) {
            let properties = value.get("properties").and_then(Value::as_object);
            let undescribed = properties
                .into_iter()
                .flatten()
                .filter(|(_name, property)| property.get("description").is_none());
            bare.extend(undescribed.map(|(name, _property)| format!("{at}.{name}")));
            if let Some(object) = value.as_object() {
                for (name, inner) in object {
                    look(inner, &format!("{at}.{name}"), bare);
                }
            }
        }
        let mut bare = Vec::new();
        look(
            &serde_json::from_str(&json_schema()).unwrap(),
            "",
            &mut bare,
        );
        assert_eq!(bare, Vec::<String>::new());
    }
}
