//! `docs/plan.md`: the keys of the plan file, from its JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::page;

#[test]
fn the_keys_of_the_plan_are_those_of_its_schema() {
    let schema: Value = serde_json::from_str(&greenlight::plan::json_schema()).expect("JSON");
    let book = Book {
        definitions: schema["definitions"].as_object().expect("definitions"),
    };
    page::settle_exactly(
        &page::root().join("docs/plan.md"),
        "keys",
        &book.root(&schema),
    );
}

struct Book<'a> {
    definitions: &'a Map<String, Value>,
}

impl Book<'_> {
    /// The keys that stand alone, then one section a table.
    fn root(&self, schema: &Value) -> String {
        let mut alone = Map::new();
        let mut sections = String::new();
        for (name, key) in properties(schema) {
            let heading = if key["type"] == "array" {
                format!("`[[{name}]]`")
            } else if self.is_map_of_tables(key) {
                format!("`[{name}.NAME]`")
            } else if self.is_table(key) {
                format!("`[{name}]`")
            } else {
                alone.insert(name.clone(), key.clone());
                continue;
            };
            write!(sections, "\n## {heading}\n\n{}\n", words(key)).expect("text");
            self.section(key, "", &mut sections);
        }
        let mut text = String::from("\n## Top level\n");
        let required = required(schema);
        self.table(&alone, &required, &mut text);
        text.push_str(&sections);
        text.push_str("\n## Forms of values\n\n");
        for name in ["Duration", "Size"] {
            let form = &self.definitions[name];
            let examples = form["examples"].as_array().into_iter().flatten();
            let examples: Vec<String> = examples.map(|one| format!("`{one}`")).collect();
            writeln!(
                text,
                "- {}: {} For example {}.",
                name.to_lowercase(),
                words(form),
                examples.join(", ")
            )
            .expect("text");
        }
        text
    }

    fn section(&self, key: &Value, above: &str, out: &mut String) {
        let inner = if key["type"] == "array" {
            self.resolve(&key["items"])
        } else if let Some(values) = key.get("additionalProperties").filter(|v| v.is_object()) {
            self.resolve(values)
        } else {
            self.resolve(key)
        };
        if inner.get("properties").is_none() {
            // A table of names that the operator chooses.
            write!(
                out,
                "\nKeys are names; each value is {}.\n",
                self.form(inner)
            )
            .expect("text");
            let forms = inner.get("anyOf").and_then(Value::as_array);
            for form in forms.into_iter().flatten() {
                write!(
                    out,
                    "\n- {}: {}",
                    self.form(self.resolve(form)),
                    words(form)
                )
                .expect("text");
            }
            if forms.is_some() {
                out.push('\n');
            }
            return;
        }
        let keys: Map<String, Value> = properties(inner)
            .map(|(name, key)| (name.clone(), key.clone()))
            .collect();
        self.table(&keys, &required(inner), out);
        self.nested(&keys, above, out);
    }

    /// The tables among these keys, each form once, with the keys that take it.
    fn nested(&self, keys: &Map<String, Value>, above: &str, out: &mut String) {
        let mut forms: Vec<(&Value, Vec<&str>, &Value)> = Vec::new();
        for (name, key) in keys {
            let values = key.get("additionalProperties");
            let form = match (key["type"].as_str(), values.filter(|v| v.is_object())) {
                (Some("array"), _) => self.resolve(&key["items"]),
                (_, Some(values)) => self.resolve(values),
                _ => self.resolve(key),
            };
            if form.get("properties").is_none() {
                continue;
            }
            match forms
                .iter_mut()
                .find(|(known, ..)| std::ptr::eq(*known, form))
            {
                Some((_, names, _)) => names.push(name),
                None => forms.push((form, vec![name], key)),
            }
        }
        for (form, names, key) in forms {
            let names: Vec<String> = names
                .iter()
                .map(|name| match self.is_map_of_tables(&keys[*name]) {
                    true => format!("`{above}{name}.NAME`"),
                    false => format!("`{above}{name}`"),
                })
                .collect();
            write!(out, "\n### {}\n\n{}\n", names.join(", "), words(form)).expect("text");
            let inside = format!("{}.", names[0].trim_matches('`'));
            self.section(key, &inside, out);
        }
    }

    fn table(&self, keys: &Map<String, Value>, required: &[&str], out: &mut String) {
        out.push_str("\n| key | value | meaning |\n|---|---|---|\n");
        for (name, key) in keys {
            let must = if required.contains(&name.as_str()) {
                " (required)"
            } else {
                ""
            };
            let mut meaning = words(key);
            for option in self.options(key) {
                write!(meaning, "<br>{option}").expect("text");
            }
            writeln!(
                out,
                "| `{name}`{must} | {} | {} |",
                cell(&self.form(key)),
                cell(&meaning)
            )
            .expect("text");
        }
    }

    /// The choices of an enumeration with their meaning.
    fn options(&self, key: &Value) -> Vec<String> {
        let choices = self.resolve(key).get("oneOf").and_then(Value::as_array);
        choices
            .into_iter()
            .flatten()
            .map(|choice| format!("`{}`: {}", choice["const"], words(choice)))
            .collect()
    }

    /// What may stand there, in a few words.
    fn form(&self, key: &Value) -> String {
        let name = reference(key);
        let value = self.resolve(key);
        if let Some(name @ ("Duration" | "Retention" | "Size" | "Names" | "Expression")) = name {
            return match name {
                "Duration" | "Retention" => "duration",
                "Size" => "size",
                "Names" => "a name or a list of names",
                _ => "an SQL expression or `{ file = \"…\" }`",
            }
            .to_owned();
        }
        if let Some(choices) = value.get("oneOf").and_then(Value::as_array) {
            let choices: Vec<String> = choices
                .iter()
                .map(|choice| format!("`{}`", choice["const"]))
                .collect();
            return choices.join(" or ");
        }
        if let Some(forms) = value.get("anyOf").and_then(Value::as_array) {
            let forms: Vec<String> = forms.iter().map(|form| self.form(form)).collect();
            return forms.join(" or ");
        }
        match value["type"].as_str() {
            Some("string") => "a string".to_owned(),
            Some("integer") => "a number".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("array") => match self.resolve(&value["items"]).get("properties") {
                Some(_) => format!("a list, each {}", self.form(&value["items"])),
                None => "a list of strings".to_owned(),
            },
            Some("object") => match value.get("additionalProperties") {
                Some(values) if values.is_object() => {
                    format!("a table; each value {}", self.form(values))
                }
                _ => {
                    let keys: Vec<String> = properties(value)
                        .map(|(name, _)| format!("`{name}`"))
                        .collect();
                    format!("a table with {}", keys.join(", "))
                }
            },
            _ => panic!("no words for {value}"),
        }
    }

    fn is_table(&self, key: &Value) -> bool {
        self.resolve(key)["type"] == "object"
    }

    fn is_map_of_tables(&self, key: &Value) -> bool {
        key.get("additionalProperties")
            .is_some_and(|values| self.resolve(values).get("properties").is_some())
    }

    /// Follows references.
    fn resolve<'v>(&'v self, key: &'v Value) -> &'v Value {
        match reference(key) {
            Some(name) => self.resolve(&self.definitions[name]),
            None => key,
        }
    }
}

/// The definition that a key refers to.
fn reference(key: &Value) -> Option<&str> {
    let direct = key.get("$ref").and_then(Value::as_str);
    let wrapped = ["allOf", "anyOf"].iter().find_map(|form| {
        let list = key.get(*form)?.as_array()?;
        match list.as_slice() {
            [one] => one.get("$ref")?.as_str(),
            _ => None,
        }
    });
    direct
        .or(wrapped)
        .and_then(|path| path.strip_prefix("#/definitions/"))
}

fn properties(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn required(value: &Value) -> Vec<&str> {
    let names = value.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn words(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().to_owned()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
