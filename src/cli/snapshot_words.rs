//! How two snapshots differ, field by field: `cpu0.cr3 0 -> 1000`.

use serde_json::Value;

/// Fields of a section that are told one by one; more are counted.
const MOST_FIELDS: usize = 40;

/// The differences of two values as lines; the last may count what is left out.
pub(crate) fn differences(section: &str, left: &Value, right: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = 0;
    walk(section, left, right, &mut |line| match lines.len() < MOST_FIELDS {
        true => lines.push(line),
        false => rest += 1,
    });
    if rest > 0 {
        lines.push(format!("{section}: and {rest} more fields"));
    }
    lines
}

fn walk(path: &str, left: &Value, right: &Value, tell: &mut dyn FnMut(String)) {
    if left == right {
        return;
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            for (key, value) in left {
                walk(&format!("{path}.{key}"), value, &right[key], tell);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (number, (left, right)) in left.iter().zip(right).enumerate() {
                walk(&format!("{path}[{number}]"), left, right, tell);
            }
        }
        _ => tell(format!("{path} {} -> {}", short(left), short(right))),
    }
}

/// Numbers in hexadecimal; what is long is only measured.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), |number| format!("{number:x}")),
        Value::Array(values) => format!("{} values", values.len()),
        Value::Object(fields) if fields.len() == 1 => fields.keys().next().cloned().unwrap_or_default(),
        Value::Object(fields) => format!("{} fields", fields.len()),
        Value::String(text) => text.chars().take(40).collect(),
        Value::Null => "none".to_owned(),
        Value::Bool(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_by_their_way() {
        let left = json!({ "cr3": 0, "gpr": [1, 2], "fetch": null, "kind": "Real", "same": { "a": 1 } });
        let right =
            json!({ "cr3": 4096, "gpr": [1, 255], "fetch": { "page": 1 }, "kind": "Sticky", "same": { "a": 1 } });
        assert_eq!(
            differences("cpu0", &left, &right),
            ["cpu0.cr3 0 -> 1000", "cpu0.fetch none -> page", "cpu0.gpr[1] 2 -> ff", "cpu0.kind Real -> Sticky"]
        );
        let many = |value: u64| json!({ "all": vec![value; 100] });
        let lines = differences("x", &many(1), &many(2));
        assert_eq!((lines.len(), lines[40].as_str()), (41, "x: and 60 more fields"));
    }
}
